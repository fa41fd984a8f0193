namespace Flyscan.Hardware.Epics.PvAccess;

/// <summary>How a circuit is kept.</summary>
/// <remarks><b>Units</b> EchoAfterNs: between echoes, which also tell a server that a silent client lives; EchoWithinNs: how long one, or
/// the greeting, may take. FirstIoid: number of the first operation.</remarks>
internal sealed record PvaCircuitSettings(string User, string Host, long EchoAfterNs, long EchoWithinNs, int LargestMessage)
{
    public uint FirstIoid { get; init; } = 1;
}

/// <summary>The client's side of one connection: greeting, channels, operations, echo. Without I/O.</summary>
internal sealed partial class PvaCircuit : PvCircuit
{
    private const uint BufferSize = 0x10000;
    private const int MostRetired = 4096;
    private const string Ca = "ca";
    private const string Anonymous = "anonymous";

    private readonly PvaCircuitSettings _settings;
    private readonly PvaStream _stream;
    private readonly PvaTypeCache _types = new();
    private readonly PvaTypeIds _ids = new();
    private readonly PvaContext _context;
    private readonly Dictionary<uint, PvaChannel> _channels = [];
    private readonly Dictionary<uint, PvaChannel> _bySid = [];
    private readonly Dictionary<uint, PvaOperation> _operations = [];
    private readonly Queue<PvaOperation> _retired = new();
    private readonly HashSet<PvaRequest> _requests = [];
    private readonly List<PvaMessage> _early = [];
    private uint _nextIoid;
    private long _echoDueNs;
    private long? _echoSentNs;
    private bool _isValidated;

    public PvaCircuit(PvaCircuitSettings settings, long nowNs)
    {
        (_settings, _nextIoid) = (settings, settings.FirstIoid);
        _stream = new PvaStream(settings.LargestMessage);
        _context = new PvaContext(_types, ioid => _operations.TryGetValue(ioid, out var known) ? known.Value : null);
        // Until it has greeted, the server owes that instead of an echo.
        _echoSentNs = nowNs;
    }

    public override PvaWriter Outgoing { get; } = new(isServer: false);

    public override IReadOnlyCollection<PvChannel> Channels => _channels.Values;

    /// <summary>Operations that are known, ended ones included.</summary>
    public int Operations => _operations.Count;

    public override long NextDeadline =>
        Math.Min(EarliestNs, _echoSentNs is { } sent ? sent + _settings.EchoWithinNs : _echoDueNs);

    protected override IReadOnlyCollection<PvRequest> Waiting => _requests;

    public override void Create(PvChannel channel)
    {
        _channels[channel.Cid] = (PvaChannel)channel;
        Say(new PvaMessage.CreateChannel([new PvName(channel.Cid, channel.Name)]));
    }

    /// <summary>Asks a name server.</summary>
    public void Search(PvaMessage.Search search) => Say(search with { Port = 0 });

    public override void Clear(PvChannel channel)
    {
        if (!_channels.Remove(channel.Cid, out var known))
            return;
        Fail(known, "the channel was closed");
        foreach (var operation in _operations.Values.Where(o => o.Channel == channel && !o.IsRetired).ToList())
            Retire(operation);
        if (channel.Sid != 0 && _bySid.Remove(channel.Sid))
            Say(new PvaMessage.DestroyChannel(channel.Sid, channel.Cid));
        channel.Reset();
    }

    protected override void TickLine(long nowNs)
    {
        if (_echoSentNs is { } sent)
        {
            if (nowNs >= sent + _settings.EchoWithinNs)
                Break($"no answer to {(_isValidated ? "an echo" : "the connection")} within {_settings.EchoWithinNs / 1e9:0.###} s");
        }
        else if (nowNs >= _echoDueNs)
        {
            (_echoSentNs, _echoDueNs) = (nowNs, nowNs + _settings.EchoAfterNs);
            Say(new PvaMessage.Echo([]));
        }
    }

    protected override void FailAll(string reason)
    {
        foreach (var channel in _channels.Values)
            RefuseWaiting(channel, reason);
        FailUnderWay(_operations.Values, _requests, reason);
        _operations.Clear();
        foreach (var channel in _channels.Values)
            channel.Reset();
    }

    public override void Receive(ReadOnlyMemory<byte> bytes, long nowNs, long receivedNs)
    {
        if (IsFaulted)
            return;
        if (_isValidated)
            _echoSentNs = null;
        while (!IsFaulted && _stream.TryTake(ref bytes, out var header, out var payload))
            Handle(PvaMessage.FromServer(header, payload.Span, _context), nowNs, receivedNs);
        if (_stream.Fault is { } fault)
            Break(fault);
    }

    private void Handle(PvaMessage message, long nowNs, long receivedNs)
    {
        switch (message)
        {
            case PvaMessage.Data m:
                Came(m, receivedNs);
                break;
            case PvaMessage.Done m:
                Ended(m);
                break;
            case PvaMessage.InitReply m:
                Begun(m);
                break;
            case PvaMessage.Result m when _operations.TryGetValue(m.Ioid, out var call):
                Answered(call, m);
                break;
            case PvaMessage.FieldReply m when _operations.TryGetValue(m.Ioid, out var asked):
                Typed(asked, m);
                break;
            case PvaMessage.ChannelCreated m when _channels.TryGetValue(m.Cid, out var channel) && channel.Sid == 0:
                Created(channel, m);
                break;
            case PvaMessage.ChannelCreated { Status.IsOk: true } m when !_channels.ContainsKey(m.Cid):
                // It was closed meanwhile.
                Say(new PvaMessage.DestroyChannel(m.Sid, m.Cid));
                break;
            case PvaMessage.DestroyChannel m:
                Drop(m.Cid, "the server has given the channel up");
                break;
            case PvaMessage.SearchReply { Found: { } found }:
                Tell(new PvOutput(PvOutputKind.Found, Found: found));
                break;
            case PvaMessage.Note { Kind: > 0 } m when _operations.TryGetValue(m.Ioid, out var spoken):
                Warn(spoken.Channel, m.Text);
                break;
            default:
                Greet(message, nowNs);
                break;
        }
    }

    private void Greet(PvaMessage message, long nowNs)
    {
        switch (message)
        {
            case PvaMessage.SetByteOrder m:
                Outgoing.IsBig = m.IsBig;
                break;
            case PvaMessage.ValidationAsked m when !_isValidated:
                Introduce(m);
                break;
            case PvaMessage.Validated { Status.IsOk: true } when !_isValidated:
                (_isValidated, _echoSentNs, _echoDueNs) = (true, null, nowNs + _settings.EchoAfterNs);
                foreach (var early in _early)
                    early.WriteTo(Outgoing, _ids);
                _early.Clear();
                break;
            case PvaMessage.Validated { Status.IsOk: false } m:
                Break($"the server does not let us in: {m.Status.Text}");
                break;
            case PvaMessage.Mangled m:
                Break($"a message (command {m.Header.Command}, {m.Header.Size} bytes) cannot be read");
                break;
        }
    }

    private void Introduce(PvaMessage.ValidationAsked asked)
    {
        var methods = asked.Methods.ToList();
        var method = methods.Contains(Ca) ? Ca : methods.Count == 0 || methods.Contains(Anonymous) ? Anonymous : null;
        if (method is null)
        {
            Break($"the server wants one of {string.Join(", ", methods)} to let us in; there are {Ca} and {Anonymous}");
            return;
        }
        var text = new PvaType.Scalar(PvaScalar.Text);
        var credentials = method == Anonymous
            ? PvaValue.Any.Nothing
            : PvaValue.Any.Of(new PvaValue.Structure(
                PvaType.Of(("user", text), ("host", text)), [new PvaValue.Text(_settings.User), new PvaValue.Text(_settings.Host)]));
        new PvaMessage.ValidationAnswer(BufferSize, PvaMessage.RegistrySize, 0, method, credentials).WriteTo(Outgoing, _ids);
    }

    private void Created(PvaChannel channel, PvaMessage.ChannelCreated m)
    {
        if (!m.Status.IsOk)
        {
            Drop(channel.Cid, m.Status.Text);
            return;
        }
        channel.Sid = m.Sid;
        _bySid[m.Sid] = channel;
        var asking = NewOperation(PvaCommand.GetField, channel);
        Say(new PvaMessage.GetField(channel.Sid, asking.Ioid, ""));
    }

    /// <summary>One channel of the circuit is gone, the others stay.</summary>
    private void Drop(uint cid, string reason)
    {
        if (!_channels.Remove(cid, out var channel))
            return;
        _bySid.Remove(channel.Sid);
        Fail(channel, reason);
        foreach (var operation in _operations.Values.Where(o => o.Channel == channel).ToList())
            _operations.Remove(operation.Ioid);
        channel.Reset();
        Tell(new PvOutput(PvOutputKind.Gone, channel, Text: reason));
    }

    /// <summary>Nothing but the answer to the greeting may be sent before the server has agreed.</summary>
    private void Say(PvaMessage message)
    {
        if (_isValidated)
            message.WriteTo(Outgoing, _ids);
        else
            _early.Add(message);
    }

    private void Warn(PvaChannel channel, string text) =>
        Tell(new PvOutput(PvOutputKind.Warning, Text: $"{channel.Name}: {text}"));
}
