using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Epics.PvAccess;

/// <summary>A channel as the protocol sees it. Guarded by its client's lock.</summary>
internal class PvaLink(uint cid, string name)
{
    public uint Cid => cid;

    public string Name => name;

    public PvState State { get; set; } = PvState.Searching;

    public uint Sid { get; set; }

    /// <summary>What a read gives; null where the server does not say.</summary>
    public PvaType.Structure? Type { get; set; }

    public List<PvaSubscription> Subscriptions { get; } = [];

    /// <summary>Operations that can read at once.</summary>
    public Stack<PvaOperation> IdleGets { get; } = new();

    /// <summary>Operations that read, idle ones included.</summary>
    public int Gets { get; set; }

    /// <summary>Reads that wait for an operation.</summary>
    public Queue<PvaRequest> WaitingGets { get; } = new();

    /// <summary>Writes that are not sent yet, in order.</summary>
    public LinkedList<PvaPutRequest> WaitingPuts { get; } = new();

    /// <summary>The operation of writes that nobody waits for: one after the other, in order.</summary>
    public PvaOperation? PlainPut { get; set; }

    /// <summary>Operations that can write and wait for completion.</summary>
    public Stack<PvaOperation> IdlePuts { get; } = new();

    /// <summary>Forgets all that belonged to a circuit.</summary>
    public void Reset()
    {
        IdleGets.Clear();
        IdlePuts.Clear();
        WaitingGets.Clear();
        WaitingPuts.Clear();
        (Gets, PlainPut, Sid) = (0, null, 0);
    }
}

/// <summary>An operation that a server keeps for a client under a number.</summary>
internal sealed class PvaOperation(uint ioid, byte command, PvaLink link)
{
    public uint Ioid => ioid;

    public byte Command => command;

    public PvaLink Link => link;

    /// <summary>The server has said that it is there.</summary>
    public bool IsReady { get; set; }

    /// <summary>What it last said; null until it is ready, and for operations without.</summary>
    public PvaValue.Structure? Value { get; set; }

    /// <summary>What it is used for now.</summary>
    public PvaRequest? Request { get; set; }

    public PvaSubscription? Subscription { get; init; }

    /// <summary>A put: it reads the choices before it writes.</summary>
    public bool IsReading { get; set; }

    /// <summary>A put: its value is what the server says now.</summary>
    public bool HasRead { get; set; }

    /// <summary>Ended; what still comes for it is read, as it may number types, and thrown away.</summary>
    public bool IsRetired { get; set; }
}

/// <summary>What came of a request.</summary>
internal readonly record struct PvaAnswer(PvaValue.Structure? Value, PvaType? Type = null);

/// <summary>A request that waits for its answer.</summary>
internal abstract class PvaRequest(PvaLink link, string what, long withinNs)
{
    public PvaLink Link => link;

    public string What => what;

    public long WithinNs => withinNs;

    public long DeadlineNs { get; set; }

    /// <summary>The operation that works for it; null while it waits for one.</summary>
    public PvaOperation? Operation { get; set; }

    public bool IsDone { get; set; }

    /// <summary>Tells whoever waits; called once, without any lock.</summary>
    public abstract void Complete(Outcome<PvaAnswer> outcome, long receivedNs);
}

/// <summary>A write. Waits: until all that it sets off is complete; else it is done when the server has taken it.</summary>
internal abstract class PvaPutRequest(PvaLink link, string what, long withinNs, PvValue value, bool waits)
    : PvaRequest(link, what, withinNs)
{
    public PvValue Value => value;

    public bool Waits => waits;
}

/// <summary>What a subscription asks for and what came: at most so many readings, the newest.</summary>
internal class PvaSubscription(PvaLink link, PvMonitorOptions options)
{
    private const int LeastWindow = 4;
    private const int LargestWindow = 64;

    private readonly Queue<PvReading> _waiting = new();

    public PvaLink Link => link;

    public PvAs Form => options.Form;

    public PvaOperation? Operation { get; set; }

    /// <summary>Events that may be under way; 0 where only the newest counts and the server need not wait for us.</summary>
    public int Window => options.Capacity > 1 ? Math.Clamp(options.Capacity, LeastWindow, LargestWindow) : 0;

    /// <summary>Events taken since the server was last told.</summary>
    public int Untold { get; set; }

    public long Dropped { get; private set; }

    /// <summary>The server has joined events.</summary>
    public void Overrun() => Dropped++;

    /// <summary>Keeps a reading; true when there was none before.</summary>
    public bool Offer(PvReading reading)
    {
        var first = _waiting.Count == 0;
        if (_waiting.Count >= Math.Max(1, options.Capacity))
        {
            _waiting.Dequeue();
            Dropped++;
        }
        _waiting.Enqueue(reading);
        return first;
    }

    public bool TryDequeue(out PvReading? reading) => _waiting.TryDequeue(out reading);
}

/// <summary>What a circuit has to tell. One of the members is set beside Kind.</summary>
internal readonly record struct PvaOutput(
    PvaOutputKind Kind, PvaLink? Link = null, PvaRequest? Request = null, Outcome<PvaAnswer>? Outcome = null,
    PvaSubscription? Subscription = null, string? Text = null, PvaMessage.SearchReply? Found = null);

internal enum PvaOutputKind
{
    /// <summary>The channel exists.</summary>
    Up,

    /// <summary>The server has it no longer, or never had it.</summary>
    Gone,

    /// <summary>A request has ended.</summary>
    Answered,

    /// <summary>A reading waits where none did.</summary>
    Ready,

    /// <summary>A write that nobody waits for was refused.</summary>
    WriteRefused,

    /// <summary>A subscription cannot be had, or has ended; a server says something.</summary>
    Warning,

    /// <summary>A name server knows who has it.</summary>
    Found,

    /// <summary>The circuit cannot be used any more.</summary>
    Fault,
}
