using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Epics.ChannelAccess;

/// <summary>How a circuit is kept.</summary>
/// <remarks><b>Units</b> EchoAfterNs: silence before an echo is asked for; EchoWithinNs: how long it may take.</remarks>
internal sealed record CaCircuitSettings(
    string User, string Host, ushort Priority, long EchoAfterNs, long EchoWithinNs, int LargestMessage);

/// <summary>The client's side of one virtual circuit: channels, requests, subscriptions, echo, flow control. Without I/O.</summary>
internal sealed partial class CaCircuit
{
    private const int FullSegment = 256 * 1024;
    private const int FullSegmentsBeforeOff = 8;
    private const long EventsOffNs = 50_000_000;

    private readonly CaCircuitSettings _settings;
    private readonly CaStream _stream;
    private readonly Dictionary<uint, CaLink> _links = [];
    private readonly Dictionary<uint, CaRequest> _requests = [];
    private readonly Dictionary<uint, CaSubscription> _subscriptions = [];
    private readonly Queue<CaOutput> _outputs = new();
    private uint _nextIoid = 1;
    private uint _nextSubscription = 1;
    private long _earliestNs = long.MaxValue;
    private long _heardNs;
    private long? _echoSentNs;
    private int _fullSegments;
    private long? _eventsOffNs;

    public CaCircuit(CaCircuitSettings settings, long nowNs)
    {
        (_settings, _heardNs) = (settings, nowNs);
        _stream = new CaStream(settings.LargestMessage);
        new CaMessage.Version(settings.Priority, CaMessage.Minor, 0).WriteTo(Outgoing);
        new CaMessage.ClientName(settings.User).WriteTo(Outgoing);
        new CaMessage.HostName(settings.Host).WriteTo(Outgoing);
    }

    /// <summary>What is to be sent; whoever sends it clears it.</summary>
    public CaBuffer Outgoing { get; } = new();

    public IReadOnlyCollection<CaLink> Links => _links.Values;

    /// <summary>Requests that wait for an answer.</summary>
    public int Pending => _requests.Count;

    public bool IsFaulted { get; private set; }

    /// <summary>What the server said it speaks.</summary>
    public ushort ServerMinor { get; private set; } = CaMessage.Minor;

    /// <summary>The count that asks for all there is: 0 for the present length, where the server knows that.</summary>
    public uint CountFor(CaLink link) => link.Count == 1 || ServerMinor < CaMessage.Minor ? link.Count : 0;

    /// <summary>When <see cref="Tick"/> has something to do.</summary>
    public long NextDeadline
    {
        get
        {
            var echo = _echoSentNs is { } sent ? sent + _settings.EchoWithinNs : _heardNs + _settings.EchoAfterNs;
            var next = Math.Min(echo, _earliestNs);
            return _eventsOffNs is { } off ? Math.Min(next, off + EventsOffNs) : next;
        }
    }

    public bool TryTake(out CaOutput output) => _outputs.TryDequeue(out output);

    /// <summary>Asks the server for a channel.</summary>
    public void Create(CaLink link)
    {
        _links[link.Cid] = link;
        new CaMessage.CreateChannel(link.Cid, CaMessage.Minor, link.Name).WriteTo(Outgoing);
    }

    /// <summary>Gives a channel back.</summary>
    public void Clear(CaLink link)
    {
        if (!_links.Remove(link.Cid))
            return;
        foreach (var subscription in link.Subscriptions)
            _subscriptions.Remove(subscription.Id);
        if (link.State == PvState.Connected)
            new CaMessage.ClearChannel(link.Sid, link.Cid).WriteTo(Outgoing);
    }

    public void Read(CaRequest request, ushort type, uint count, long nowNs)
    {
        Await(request, nowNs);
        Outgoing.Message(CaCommand.ReadNotify, 0, type, count, request.Link.Sid, request.Ioid);
    }

    /// <summary>A write that nobody waits for.</summary>
    public void Write(CaLink link, ushort type, uint count, ReadOnlySpan<byte> data) =>
        data.CopyTo(Outgoing.Message(CaCommand.Write, data.Length, type, count, link.Sid, _nextIoid++));

    public void WriteNotify(CaRequest request, ushort type, uint count, ReadOnlySpan<byte> data, long nowNs)
    {
        Await(request, nowNs);
        data.CopyTo(Outgoing.Message(CaCommand.WriteNotify, data.Length, type, count, request.Link.Sid, request.Ioid));
    }

    /// <summary>Nobody waits for it any more; its answer will be ignored.</summary>
    public bool Forget(CaRequest request) => _requests.Remove(request.Ioid);

    public void Subscribe(CaSubscription subscription)
    {
        var link = subscription.Link;
        var kind = subscription.Form == PvAs.Text && link.Type != Dbr.Char ? Dbr.String : link.Type;
        subscription.Id = _nextSubscription++;
        subscription.Type = Dbr.Of(kind, DbrForm.Time);
        _subscriptions[subscription.Id] = subscription;
        new CaMessage.EventAdd(subscription.Type, CountFor(link), link.Sid, subscription.Id, subscription.Mask).WriteTo(Outgoing);
    }

    public void Unsubscribe(CaSubscription subscription)
    {
        if (!_subscriptions.Remove(subscription.Id))
            return;
        var link = subscription.Link;
        new CaMessage.EventCancel(subscription.Type, CountFor(link), link.Sid, subscription.Id).WriteTo(Outgoing);
    }

    /// <summary>Asks a name server.</summary>
    public void Search(uint cid, string name) => new CaMessage.Search(cid, CaMessage.Minor, false, name).WriteTo(Outgoing);

    /// <summary>Time passes: late requests, silence, flow control.</summary>
    public void Tick(long nowNs)
    {
        if (nowNs >= _earliestNs)
            TimeOut(nowNs);
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
            new CaMessage.Echo().WriteTo(Outgoing);
        }
    }

    /// <summary>Ends the circuit: every request fails. Links are the caller's to search for again.</summary>
    public void Break(string reason)
    {
        if (IsFaulted)
            return;
        IsFaulted = true;
        foreach (var request in _requests.Values)
            Answer(request, new Outcome<DbrData>.Failed($"{request.What}: the connection was lost: {reason}"));
        _requests.Clear();
        _subscriptions.Clear();
        _outputs.Enqueue(new CaOutput(CaOutputKind.Fault, Text: reason));
    }

    private void Await(CaRequest request, long nowNs)
    {
        request.Ioid = _nextIoid++;
        request.DeadlineNs = request.WithinNs > long.MaxValue - nowNs ? long.MaxValue : nowNs + request.WithinNs;
        _requests[request.Ioid] = request;
        _earliestNs = Math.Min(_earliestNs, request.DeadlineNs);
    }

    /// <summary>Looked through only when the earliest deadline that ever stood has come, so that answered requests cost nothing.</summary>
    private void TimeOut(long nowNs)
    {
        _earliestNs = long.MaxValue;
        List<CaRequest>? late = null;
        foreach (var request in _requests.Values)
        {
            if (request.DeadlineNs <= nowNs)
                (late ??= []).Add(request);
            else
                _earliestNs = Math.Min(_earliestNs, request.DeadlineNs);
        }
        foreach (var request in late ?? [])
        {
            _requests.Remove(request.Ioid);
            Answer(request, new Outcome<DbrData>.TimedOut(request.What, request.WithinNs));
        }
    }

    private void Answer(CaRequest request, Outcome<DbrData> outcome) =>
        _outputs.Enqueue(new CaOutput(CaOutputKind.Answered, Request: request, Outcome: outcome));

    private void LetEventsCome()
    {
        (_eventsOffNs, _fullSegments) = (null, 0);
        new CaMessage.EventsOn().WriteTo(Outgoing);
    }
}
