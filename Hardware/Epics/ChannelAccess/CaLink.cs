using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Epics.ChannelAccess;

/// <summary>A channel as the protocol sees it. Guarded by its client's lock.</summary>
internal class CaLink(uint cid, string name)
{
    public uint Cid => cid;

    public string Name => name;

    public PvState State { get; set; } = PvState.Searching;

    public uint Sid { get; set; }

    public ushort Type { get; set; }

    public uint Count { get; set; }

    public uint Rights { get; set; }

    public bool CanRead => (Rights & 1) != 0;

    public bool CanWrite => (Rights & 2) != 0;

    public List<CaSubscription> Subscriptions { get; } = [];
}

/// <summary>A request that waits for its answer.</summary>
internal abstract class CaRequest(CaLink link, string what, long withinNs)
{
    public CaLink Link => link;

    public string What => what;

    public long WithinNs => withinNs;

    public uint Ioid { get; set; }

    public long DeadlineNs { get; set; }

    /// <summary>Tells whoever waits; called once, without any lock.</summary>
    public abstract void Complete(Outcome<DbrData> outcome, long receivedNs);
}

/// <summary>What a subscription asks for and what came: at most so many readings, the newest.</summary>
internal class CaSubscription(CaLink link, PvMonitorOptions options)
{
    private readonly Queue<PvReading> _waiting = new();

    public CaLink Link => link;

    public uint Id { get; set; }

    /// <summary>The type under which it is subscribed on the present circuit.</summary>
    public ushort Type { get; set; }

    public ushort Mask => options.Archive ? (ushort)6 : (ushort)5;

    public PvAs Form => options.Form;

    public long Dropped { get; private set; }

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
internal readonly record struct CaOutput(
    CaOutputKind Kind, CaLink? Link = null, CaRequest? Request = null, Outcome<DbrData>? Outcome = null,
    CaSubscription? Subscription = null, string? Text = null, CaMessage.SearchReply? Found = null);

internal enum CaOutputKind
{
    /// <summary>The channel exists: its link says type, count, rights.</summary>
    Up,

    /// <summary>Access rights have changed.</summary>
    Rights,

    /// <summary>The server has it no longer, or never had it.</summary>
    Gone,

    /// <summary>A request has ended.</summary>
    Answered,

    /// <summary>A reading waits where none did.</summary>
    Ready,

    /// <summary>A write that nobody waits for was refused.</summary>
    WriteRefused,

    /// <summary>A name server knows who has it.</summary>
    Found,

    /// <summary>The circuit cannot be used any more.</summary>
    Fault,
}
