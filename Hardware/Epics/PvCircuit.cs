using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Epics;

/// <summary>The client's side of one connection to a server: channels, requests, subscriptions, echo. Without I/O.</summary>
internal abstract class PvCircuit
{
    private readonly Queue<PvOutput> _outputs = new();

    /// <summary>What is to be sent; whoever sends it clears it.</summary>
    public abstract OutgoingBytes Outgoing { get; }

    public abstract IReadOnlyCollection<PvChannel> Channels { get; }

    public bool IsFaulted { get; private set; }

    /// <summary>When <see cref="Tick"/> has something to do.</summary>
    public abstract long NextDeadline { get; }

    /// <summary>The earliest deadline of a request that ever stood.</summary>
    protected long EarliestNs { get; private set; } = long.MaxValue;

    /// <summary>Requests that wait for an answer.</summary>
    protected abstract IReadOnlyCollection<PvRequest> Waiting { get; }

    public bool TryTake(out PvOutput output) => _outputs.TryDequeue(out output);

    /// <summary>Asks the server for a channel.</summary>
    public abstract void Create(PvChannel channel);

    /// <summary>Gives a channel back.</summary>
    public abstract void Clear(PvChannel channel);

    public abstract void Subscribe(PvMonitor monitor);

    public abstract void Unsubscribe(PvMonitor monitor);

    /// <summary>Nobody waits for it any more; its answer will be ignored.</summary>
    public abstract void Forget(PvRequest request);

    /// <summary>Bytes came. <paramref name="receivedNs"/>: nanoseconds since 1970, for readings.</summary>
    public abstract void Receive(ReadOnlyMemory<byte> bytes, long nowNs, long receivedNs);

    /// <summary>Time passes: late requests, silence.</summary>
    public void Tick(long nowNs)
    {
        if (nowNs >= EarliestNs)
            TimeOut(nowNs);
        TickLine(nowNs);
    }

    /// <summary>Ends the circuit: every request fails. Channels are the caller's to search for again.</summary>
    public void Break(string reason)
    {
        if (IsFaulted)
            return;
        IsFaulted = true;
        FailAll($"the connection was lost: {reason}");
        Tell(new PvOutput(PvOutputKind.Fault, Text: reason));
    }

    /// <summary>Time passes on the connection: silence, flow control.</summary>
    protected abstract void TickLine(long nowNs);

    /// <summary>The connection is lost, and with it all that was under way.</summary>
    protected abstract void FailAll(string reason);

    protected void Tell(PvOutput output) => _outputs.Enqueue(output);

    /// <summary>Keeps the deadline of a request that waits from now on.</summary>
    protected void Await(PvRequest request, long nowNs)
    {
        request.DeadlineNs = request.WithinNs > long.MaxValue - nowNs ? long.MaxValue : nowNs + request.WithinNs;
        EarliestNs = Math.Min(EarliestNs, request.DeadlineNs);
    }

    protected void Answer<T>(PvRequest<T> request, Outcome<T> outcome)
    {
        request.Outcome = outcome;
        Tell(new PvOutput(PvOutputKind.Answered, Request: request));
    }

    /// <summary>Looked through only when the earliest deadline that ever stood has come, so that answered requests cost nothing.</summary>
    private void TimeOut(long nowNs)
    {
        EarliestNs = long.MaxValue;
        List<PvRequest>? late = null;
        foreach (var request in Waiting)
        {
            if (request.DeadlineNs <= nowNs)
                (late ??= []).Add(request);
            else
                EarliestNs = Math.Min(EarliestNs, request.DeadlineNs);
        }
        foreach (var request in late ?? [])
        {
            Forget(request);
            request.TimeOut();
            Tell(new PvOutput(PvOutputKind.Answered, Request: request));
        }
    }
}

/// <summary>What a circuit has to tell. One of the members is set beside Kind.</summary>
internal readonly record struct PvOutput(
    PvOutputKind Kind, PvChannel? Channel = null, PvRequest? Request = null, PvMonitor? Monitor = null, string? Text = null,
    PvFound? Found = null);

/// <summary>A server has the names that were asked for under these numbers. Address: null where it is the one that answers.</summary>
internal sealed record PvFound(EquatableArray<uint> Cids, System.Net.IPAddress? Address, ushort Port);

internal enum PvOutputKind
{
    /// <summary>The channel exists: it knows what the server says of it.</summary>
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

    /// <summary>A subscription cannot be had, or has ended; a server says something.</summary>
    Warning,

    /// <summary>A name server knows who has it.</summary>
    Found,

    /// <summary>The circuit cannot be used any more.</summary>
    Fault,
}
