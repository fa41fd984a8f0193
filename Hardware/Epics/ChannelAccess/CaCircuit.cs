using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Epics.ChannelAccess;

/// <summary>How a circuit is kept.</summary>
/// <remarks><b>Units</b> EchoAfterNs: silence before an echo is asked for; EchoWithinNs: how long it may take.</remarks>
internal sealed record CaCircuitSettings(
    string User, string Host, ushort Priority, long EchoAfterNs, long EchoWithinNs, int LargestMessage);

/// <summary>The client's side of one virtual circuit: channels, requests, subscriptions, echo, flow control. Without I/O.</summary>
internal sealed partial class CaCircuit : PvCircuit
{
    private const int FullSegment = 256 * 1024;
    private const int FullSegmentsBeforeOff = 8;
    private const long EventsOffNs = 50_000_000;

    private readonly CaCircuitSettings _settings;
    private readonly MessageStream<CaHeader> _stream;
    private readonly CaBuffer _outgoing = new();
    private readonly Dictionary<uint, CaChannel> _channels = [];
    private readonly Dictionary<uint, CaRequest> _requests = [];
    private readonly Dictionary<uint, CaMonitor> _monitors = [];
    private uint _nextIoid = 1;
    private uint _nextSubscription = 1;
    private long _heardNs;
    private long? _echoSentNs;
    private int _fullSegments;
    private long? _eventsOffNs;

    public CaCircuit(CaCircuitSettings settings, long nowNs)
    {
        (_settings, _heardNs) = (settings, nowNs);
        _stream = new MessageStream<CaHeader>(settings.LargestMessage);
        new CaMessage.Version(settings.Priority, CaMessage.Minor, 0).WriteTo(_outgoing);
        new CaMessage.ClientName(settings.User).WriteTo(_outgoing);
        new CaMessage.HostName(settings.Host).WriteTo(_outgoing);
    }

    public override OutgoingBytes Outgoing => _outgoing;

    public override IReadOnlyCollection<PvChannel> Channels => _channels.Values;

    /// <summary>What the server said it speaks.</summary>
    public ushort ServerMinor { get; private set; } = CaMessage.Minor;

    public override long NextDeadline
    {
        get
        {
            var echo = _echoSentNs is { } sent ? sent + _settings.EchoWithinNs : _heardNs + _settings.EchoAfterNs;
            var next = Math.Min(echo, EarliestNs);
            return _eventsOffNs is { } off ? Math.Min(next, off + EventsOffNs) : next;
        }
    }

    protected override IReadOnlyCollection<PvRequest> Waiting => _requests.Values;

    /// <summary>The count that asks for all there is: 0 for the present length, where the server knows that.</summary>
    public uint CountFor(CaChannel channel) => channel.Count == 1 || ServerMinor < CaMessage.Minor ? channel.Count : 0;

    public override void Create(PvChannel channel)
    {
        _channels[channel.Cid] = (CaChannel)channel;
        new CaMessage.CreateChannel(channel.Cid, CaMessage.Minor, channel.Name).WriteTo(_outgoing);
    }

    public override void Clear(PvChannel channel)
    {
        if (!_channels.Remove(channel.Cid, out var known))
            return;
        ForgetMonitors(known);
        if (channel.State == PvState.Connected)
            new CaMessage.ClearChannel(channel.Sid, channel.Cid).WriteTo(_outgoing);
    }

    public void Read(CaRequest request, ushort type, uint count, long nowNs)
    {
        AwaitNumbered(request, nowNs);
        _outgoing.Message(CaCommand.ReadNotify, 0, type, count, request.Channel.Sid, request.Ioid);
    }

    /// <summary>A write that nobody waits for.</summary>
    public void Write(CaChannel channel, ushort type, uint count, ReadOnlySpan<byte> data) =>
        data.CopyTo(_outgoing.Message(CaCommand.Write, data.Length, type, count, channel.Sid, _nextIoid++));

    public void WriteNotify(CaRequest request, ushort type, uint count, ReadOnlySpan<byte> data, long nowNs)
    {
        AwaitNumbered(request, nowNs);
        data.CopyTo(_outgoing.Message(CaCommand.WriteNotify, data.Length, type, count, request.Channel.Sid, request.Ioid));
    }

    public override void Forget(PvRequest request) => _requests.Remove(((CaRequest)request).Ioid);

    public override void Subscribe(PvMonitor monitor)
    {
        var wanted = (CaMonitor)monitor;
        var channel = wanted.Channel;
        wanted.Id = _nextSubscription++;
        wanted.Type = channel.TypeAs(monitor.Form, DbrForm.Time);
        _monitors[wanted.Id] = wanted;
        new CaMessage.EventAdd(wanted.Type, CountFor(channel), channel.Sid, wanted.Id, wanted.Mask).WriteTo(_outgoing);
    }

    public override void Unsubscribe(PvMonitor monitor)
    {
        var known = (CaMonitor)monitor;
        if (!_monitors.Remove(known.Id))
            return;
        new CaMessage.EventCancel(known.Type, CountFor(known.Channel), known.Channel.Sid, known.Id).WriteTo(_outgoing);
    }

    protected override void TickLine(long nowNs)
    {
        if (_eventsOffNs is { } off && nowNs >= off + EventsOffNs)
            LetEventsCome();
        if (_echoSentNs is { } sent)
        {
            if (nowNs >= sent + _settings.EchoWithinNs)
                Break($"no answer to an echo within {_settings.EchoWithinNs / 1e9:0.###} s");
        }
        else if (nowNs >= _heardNs + _settings.EchoAfterNs)
        {
            _echoSentNs = nowNs;
            new CaMessage.Echo().WriteTo(_outgoing);
        }
    }

    protected override void FailAll(string reason)
    {
        foreach (var request in _requests.Values)
            Fail(request, reason);
        _requests.Clear();
        _monitors.Clear();
    }

    private void AwaitNumbered(CaRequest request, long nowNs)
    {
        request.Ioid = _nextIoid++;
        _requests[request.Ioid] = request;
        Await(request, nowNs);
    }

    private void Fail(CaRequest request, string reason) =>
        Answer(request, new Outcome<DbrData>.Failed($"{request.What}: {reason}"));

    private void ForgetMonitors(CaChannel channel)
    {
        foreach (var monitor in channel.Monitors)
            _monitors.Remove(((CaMonitor)monitor).Id);
    }

    private void LetEventsCome()
    {
        (_eventsOffNs, _fullSegments) = (null, 0);
        new CaMessage.EventsOn().WriteTo(_outgoing);
    }
}
