using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Epics.PvAccess;

/// <summary>A channel of pvAccess: a structure, or a service.</summary>
internal sealed class PvaChannel(PvClient client, uint cid, string name) : PvChannel(client, cid, name)
{
    private static readonly Func<PvaValue.Structure?, long, PvReading> AsItIs = static (answer, receivedNs) =>
        PvaNormative.Reading(answer!, PvAs.Native, receivedNs);

    private static readonly Func<PvaValue.Structure?, long, PvReading> AsText = static (answer, receivedNs) =>
        PvaNormative.Reading(answer!, PvAs.Text, receivedNs);

    /// <summary>What a read gives; null where the server does not say.</summary>
    public PvaType.Structure? Type { get; set; }

    /// <summary>Operations that can read at once.</summary>
    public Stack<PvaOperation> IdleGets { get; } = new();

    /// <summary>Operations that read, idle ones included.</summary>
    public int Gets { get; set; }

    /// <summary>Reads that wait for an operation.</summary>
    public Queue<PvaRequest> WaitingGets { get; } = new();

    /// <summary>Writes that are not sent yet, in order.</summary>
    public LinkedList<PvaWrite> WaitingPuts { get; } = new();

    /// <summary>The operation of writes that nobody waits for: one after the other, in order.</summary>
    public PvaOperation? PlainPut { get; set; }

    /// <summary>Operations that can write and wait for completion.</summary>
    public Stack<PvaOperation> IdlePuts { get; } = new();

    /// <remarks>The protocol does not say who may read and write: a write that is refused is told when it is made.</remarks>
    public override PvChannelInfo InfoOf(string server) => new(server, PvaNormative.NameOf(Type), 1, true, true);

    public override void Reset()
    {
        IdleGets.Clear();
        IdlePuts.Clear();
        WaitingGets.Clear();
        WaitingPuts.Clear();
        foreach (var monitor in Monitors)
            ((PvaMonitor)monitor).Operation = null;
        (Gets, PlainPut, Sid, Type) = (0, null, 0, null);
    }

    public override Task<Outcome<PvReading>> GetAsync(long withinNs, CancellationToken cancel, PvAs form = PvAs.Native) =>
        AskAsync(new PvaRead<PvReading>(this, withinNs, form == PvAs.Native ? AsItIs : AsText), cancel);

    public override Task<Outcome<PvMetadata>> GetMetadataAsync(long withinNs, CancellationToken cancel) =>
        AskAsync(new PvaRead<PvMetadata>(this, withinNs, static (answer, _) => PvaNormative.MetadataOf(answer!)), cancel);

    /// <summary>Reads the structure as it is.</summary>
    public Task<Outcome<PvaValue.Structure>> GetStructureAsync(long withinNs, CancellationToken cancel) =>
        AskAsync(new PvaRead<PvaValue.Structure>(this, withinNs, static (answer, _) => answer!), cancel);

    /// <summary>Calls a channel that is a service; null for a result without a value.</summary>
    public Task<Outcome<PvaValue.Structure?>> CallAsync(PvaValue.Structure argument, long withinNs, CancellationToken cancel) =>
        AskAsync(new PvaRead<PvaValue.Structure?>(this, withinNs, static (answer, _) => answer, argument), cancel);

    public override Outcome<Nothing> Put(PvValue value) => Client.Put(new PvaWrite(this, long.MaxValue, value, waits: false));

    public override Task<Outcome<Nothing>> PutAndWaitAsync(PvValue value, long withinNs, CancellationToken cancel)
    {
        var request = new PvaWrite(this, withinNs, value, waits: true);
        return Client.BeginAsync(request, request.Task, cancel);
    }

    public override IPvMonitor Monitor(PvMonitorOptions options, Action<IPvMonitor> ready) =>
        Client.Begin(new PvaMonitor(this, options, ready));

    private Task<Outcome<T>> AskAsync<T>(PvaRead<T> request, CancellationToken cancel) =>
        Client.BeginAsync(request, request.Task, cancel);
}

/// <summary>A subscription of pvAccess.</summary>
internal sealed class PvaMonitor(PvaChannel channel, PvMonitorOptions options, Action<IPvMonitor> ready)
    : PvMonitor(channel, options, ready)
{
    private const int LeastWindow = 4;
    private const int LargestWindow = 64;

    public new PvaChannel Channel => channel;

    public PvaOperation? Operation { get; set; }

    /// <summary>Events that may be under way; 0 where only the newest counts and the server need not wait for us.</summary>
    public int Window => Options.Capacity > 1 ? Math.Clamp(Options.Capacity, LeastWindow, LargestWindow) : 0;

    /// <summary>Events taken since the server was last told.</summary>
    public int Untold { get; set; }
}

/// <summary>An operation that a server keeps for a client under a number.</summary>
internal sealed class PvaOperation(uint ioid, byte command, PvaChannel channel)
{
    public uint Ioid => ioid;

    public byte Command => command;

    public PvaChannel Channel => channel;

    /// <summary>The server has said that it is there.</summary>
    public bool IsReady { get; set; }

    /// <summary>What it last said; null until it is ready, and for operations without.</summary>
    public PvaValue.Structure? Value { get; set; }

    /// <summary>What it is used for now.</summary>
    public PvaRequest? Request { get; set; }

    public PvaMonitor? Monitor { get; init; }

    /// <summary>A put: it reads the choices before it writes.</summary>
    public bool IsReading { get; set; }

    /// <summary>A put: its value is what the server says now.</summary>
    public bool HasRead { get; set; }

    /// <summary>Ended; what still comes for it is read, as it may number types, and thrown away.</summary>
    public bool IsRetired { get; set; }
}
