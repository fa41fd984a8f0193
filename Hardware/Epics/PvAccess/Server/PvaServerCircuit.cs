namespace Flyscan.Hardware.Epics.PvAccess.Server;

/// <summary>The server's side of one connection. Without I/O.</summary>
internal sealed class PvaServerCircuit : ServerCircuit
{
    /// <summary>Bytes; a longer payload goes in segments.</summary>
    public const int Segment = 128 * 1024;

    private const uint BufferSize = 0x10000;
    private const int LargestMessage = 64 * 1024 * 1024;
    private const int MostChannels = 1_000_000;
    private const int MostOperations = 4_000_000;

    private readonly Func<string, PvaServed?> _find;
    private readonly Func<PvaMessage.Search, PvaMessage.SearchReply?> _search;
    private readonly PvaStream _stream = new(LargestMessage);
    private readonly PvaTypeIds _ids = new();
    private readonly PvaContext _context;
    private readonly Dictionary<uint, (PvaServed Served, uint Cid)> _channels = [];
    private readonly Dictionary<uint, Operation> _operations = [];
    private uint _nextSid = 1;
    private bool _isValidated;
    private string? _fault;

    /// <param name="find">What is served under a name; null for nothing.</param>
    /// <param name="dirty">Called when there is something to send after there was nothing.</param>
    /// <param name="search">Answers a search; null for no answer.</param>
    public PvaServerCircuit(
        Func<string, PvaServed?> find, Action<ServerCircuit> dirty, Func<PvaMessage.Search, PvaMessage.SearchReply?> search) : base(dirty)
    {
        (_find, _search) = (find, search);
        _context = new PvaContext(
            new PvaTypeCache(), ioid => _operations.TryGetValue(ioid, out var known) ? known.Served.Value : null);
        Say(new PvaMessage.SetByteOrder(IsBig: false, 0));
        Say(new PvaMessage.ValidationAsked(BufferSize, PvaMessage.RegistrySize, ["anonymous", "ca"]));
    }

    public override PvaWriter Outgoing { get; } = new(isServer: true, Segment);

    public override string? Fault => _fault ?? _stream.Fault;

    public override void Receive(ReadOnlyMemory<byte> bytes)
    {
        while (_fault is null && _stream.TryTake(ref bytes, out var header, out var payload))
            Handle(PvaMessage.FromClient(header, payload.Span, _context));
    }

    public override void End()
    {
        foreach (var operation in _operations.Values)
            operation.End();
        _operations.Clear();
    }

    private void Say(PvaMessage message)
    {
        message.WriteTo(Outgoing, _ids);
        Touch();
    }

    private void Handle(PvaMessage message)
    {
        switch (message)
        {
            case PvaMessage.ValidationAnswer:
                _isValidated = true;
                Say(new PvaMessage.Validated(PvaStatus.Ok));
                break;
            case PvaMessage.Echo m:
                Say(m);
                break;
            case PvaMessage.Mangled m:
                _fault = $"a message (command {m.Header.Command}, {m.Header.Size} bytes) cannot be read";
                break;
            default:
                if (_isValidated)
                    Serve(message);
                break;
        }
    }

    private void Serve(PvaMessage message)
    {
        switch (message)
        {
            case PvaMessage.Search m when _search(m) is { } reply:
                Say(reply);
                break;
            case PvaMessage.CreateChannel m:
                foreach (var name in m.Names)
                    Create(name);
                break;
            case PvaMessage.DestroyChannel m when _channels.Remove(m.Sid):
                foreach (var operation in _operations.Values.Where(o => o.Sid == m.Sid).ToList())
                    Destroy(operation.Ioid);
                Say(m);
                break;
            case PvaMessage.DestroyRequest m:
                Destroy(m.Ioid);
                break;
            case PvaMessage.GetField m:
                Describe(m);
                break;
            case PvaMessage.Init m:
                Begin(m);
                break;
            default:
                Operate(message);
                break;
        }
    }

    private void Operate(PvaMessage message)
    {
        switch (message)
        {
            case PvaMessage.Run m when _operations.TryGetValue(m.Ioid, out var operation) && operation.Command == m.Command:
                Run(operation, m);
                break;
            case PvaMessage.PutValue { Change: { } change } m
                when _operations.TryGetValue(m.Ioid, out var put) && put.Command == PvaCommand.Put:
                put.Served.Write(change, put.Waits, status => Say(new PvaMessage.Done(PvaCommand.Put, m.Ioid, m.Sub, status)));
                EndIfLast(m.Ioid, m.Sub);
                break;
            case PvaMessage.Call m when _operations.TryGetValue(m.Ioid, out var call) && call.Served.Called is { } service:
                var (ended, result) = service(m.Argument);
                Say(new PvaMessage.Result(m.Ioid, m.Sub, ended, result));
                EndIfLast(m.Ioid, m.Sub);
                break;
        }
    }

    private void Create(PvName name)
    {
        if (_find(name.Name) is not { } served || _channels.Count >= MostChannels)
        {
            Say(new PvaMessage.ChannelCreated(name.Cid, uint.MaxValue, PvaStatus.Error($"{name.Name} is not served here")));
            return;
        }
        var sid = _nextSid++;
        _channels[sid] = (served, name.Cid);
        Say(new PvaMessage.ChannelCreated(name.Cid, sid, PvaStatus.Ok));
    }

    private void Describe(PvaMessage.GetField m)
    {
        var type = _channels.TryGetValue(m.Sid, out var channel) ? (PvaType)channel.Served.Value.Type : null;
        foreach (var part in m.Field.Split('.', StringSplitOptions.RemoveEmptyEntries))
            type = type is PvaType.Structure s && s.IndexOf(part) is var index and >= 0 ? s.Members[index].Type : null;
        Say(new PvaMessage.FieldReply(m.Ioid, type is null ? PvaStatus.Error("no such field") : PvaStatus.Ok, type));
    }

    private void Begin(PvaMessage.Init m)
    {
        var problem = !_channels.TryGetValue(m.Sid, out var channel) ? "no such channel"
            : _operations.ContainsKey(m.Ioid) || _operations.Count >= MostOperations ? "the request's number is taken"
            : m.Command is PvaCommand.PutGet or PvaCommand.Process || (m.Command == PvaCommand.Rpc && channel.Served.Called is null)
                ? "not supported"
            : null;
        if (problem is not null)
        {
            Say(new PvaMessage.InitReply(m.Command, m.Ioid, m.Sub, PvaStatus.Error(problem), null));
            return;
        }
        var operation = new Operation(m.Sid, m.Ioid, m.Command, channel.Served)
        {
            Waits = PvaRequests.OptionOf(m.Request, "block") == "true",
            Monitor = m.Command != PvaCommand.Monitor ? null : new PvaServedMonitor(
                channel.Served, change => Say(new PvaMessage.Data(PvaCommand.Monitor, m.Ioid, PvaSub.Run, change)),
                (m.Sub & PvaSub.Pipeline) != 0 ? m.Window : null),
        };
        _operations[m.Ioid] = operation;
        Say(new PvaMessage.InitReply(m.Command, m.Ioid, PvaSub.Init, PvaStatus.Ok, channel.Served.Value.Type));
        if (operation.Monitor is not null)
            channel.Served.Follow(operation.Monitor);
    }

    private void Run(Operation operation, PvaMessage.Run m)
    {
        if (operation.Monitor is { } monitor)
        {
            if ((m.Sub & PvaSub.Pipeline) != 0)
                monitor.Taken(m.Taken);
            if ((m.Sub & PvaSub.Start) == PvaSub.Start)
                monitor.Start();
            else if ((m.Sub & PvaSub.Stop) != 0)
                monitor.Stop();
        }
        else if (m.Command is PvaCommand.Get or PvaCommand.Put)
        {
            Say(new PvaMessage.Data(m.Command, m.Ioid, m.Sub, new PvaChange(PvaBits.All, operation.Served.Value)));
        }
        EndIfLast(m.Ioid, m.Sub);
    }

    private void EndIfLast(uint ioid, byte sub)
    {
        if ((sub & PvaSub.Last) != 0)
            Destroy(ioid);
    }

    private void Destroy(uint ioid)
    {
        if (_operations.Remove(ioid, out var operation))
            operation.End();
    }

    private sealed class Operation(uint sid, uint ioid, byte command, PvaServed served)
    {
        public uint Sid => sid;

        public uint Ioid => ioid;

        public byte Command => command;

        public PvaServed Served => served;

        /// <summary>A put: answered when all that it set off has ended.</summary>
        public bool Waits { get; init; }

        public PvaServedMonitor? Monitor { get; init; }

        public void End()
        {
            if (Monitor is not null)
                served.Unfollow(Monitor);
        }
    }
}
