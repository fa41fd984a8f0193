using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Epics;

/// <summary>Something asked of a server.</summary>
internal abstract class PvRequest(PvChannel channel, string what, long withinNs)
{
    public PvChannel Channel => channel;

    public string What => what;

    /// <summary>What it is called when it is refused.</summary>
    public virtual string Doing => what;

    public long WithinNs => withinNs;

    public long DeadlineNs { get; set; }

    /// <summary>Gives itself to the circuit of its channel, which is connected; else says why it cannot. Under the client's lock.</summary>
    public abstract string? Begin(PvCircuit circuit, long nowNs);

    /// <summary>It has had no answer in time.</summary>
    public abstract void TimeOut();

    /// <summary>Tells whoever waits; called once, without any lock.</summary>
    public abstract void Complete(long receivedNs);
}

/// <summary>A request whose answer is of the protocol's own kind.</summary>
internal abstract class PvRequest<TAnswer>(PvChannel channel, string what, long withinNs) : PvRequest(channel, what, withinNs)
{
    /// <summary>How it ended; null while it has not.</summary>
    public Outcome<TAnswer>? Outcome { get; set; }

    public override void TimeOut() => Outcome = new Outcome<TAnswer>.TimedOut(What, WithinNs);
}

/// <summary>The task of a request: completed on the thread that brings the answer, a hop less for every reading.</summary>
internal sealed class PvTask<T>(PvRequest request) : TaskCompletionSource<Outcome<T>>
{
    private CancellationTokenRegistration _cancelling;

    public void CancelOn(CancellationToken cancel)
    {
        if (cancel.CanBeCanceled)
            _cancelling = cancel.UnsafeRegister(static (state, _) => ((PvTask<T>)state!).Cancel(), this);
    }

    /// <summary>Ends it as the request did.</summary>
    /// <param name="outcome">Of the request.</param>
    /// <param name="of">Makes the result of the answer.</param>
    /// <param name="receivedNs">Nanoseconds since 1970.</param>
    public void Complete<TAnswer>(Outcome<TAnswer> outcome, Func<TAnswer, long, T> of, long receivedNs)
    {
        _cancelling.Dispose();
        TrySetResult(outcome is Outcome<TAnswer>.Completed { Value: var answer }
            ? new Outcome<T>.Completed(of(answer, receivedNs))
            : outcome.As<T>());
    }

    private void Cancel()
    {
        request.Channel.Client.Forget(request);
        TrySetResult(new Outcome<T>.Cancelled());
    }
}
