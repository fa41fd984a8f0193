using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Epics.PvAccess;

/// <summary>The task of a request: completed on the thread that brings the answer, a hop less for every reading.</summary>
internal sealed class PvaTask<T>(PvaChannel channel, Func<PvaAnswer, long, Outcome<T>> of)
{
    private readonly TaskCompletionSource<Outcome<T>> _done = new();
    private CancellationTokenRegistration _cancelling;
    private PvaRequest? _request;

    public Task<Outcome<T>> Task => _done.Task;

    public void CancelOn(PvaRequest request, CancellationToken cancel)
    {
        _request = request;
        if (cancel.CanBeCanceled)
            _cancelling = cancel.UnsafeRegister(static (state, _) => ((PvaTask<T>)state!).Cancel(), this);
    }

    public void Complete(Outcome<PvaAnswer> outcome, long receivedNs)
    {
        _cancelling.Dispose();
        _done.TrySetResult(outcome is Outcome<PvaAnswer>.Completed { Value: var answer } ? of(answer, receivedNs) : outcome.As<T>());
    }

    private void Cancel()
    {
        channel.Client.Forget(_request!);
        _done.TrySetResult(new Outcome<T>.Cancelled());
    }
}

/// <summary>Reads, or calls.</summary>
internal sealed class PvaRead<T> : PvaRequest
{
    private readonly PvaTask<T> _task;

    public PvaRead(PvaChannel channel, string what, long withinNs, Func<PvaAnswer, long, Outcome<T>> of)
        : base(channel, what, withinNs) => _task = new PvaTask<T>(channel, of);

    public Task<Outcome<T>> Start(CancellationToken cancel)
    {
        _task.CancelOn(this, cancel);
        return _task.Task;
    }

    public override void Complete(Outcome<PvaAnswer> outcome, long receivedNs) => _task.Complete(outcome, receivedNs);
}

/// <summary>Writes, and waits for the end of processing where asked to.</summary>
internal sealed class PvaWrite : PvaPutRequest
{
    private static readonly Outcome<Nothing> Done = new Outcome<Nothing>.Completed(Nothing.Value);
    private readonly PvaTask<Nothing> _task;

    public PvaWrite(PvaChannel channel, long withinNs, PvValue value, bool waits)
        : base(channel, $"writing {channel.Name}", withinNs, value, waits) => _task = new PvaTask<Nothing>(channel, static (_, _) => Done);

    public Task<Outcome<Nothing>> Start(CancellationToken cancel)
    {
        _task.CancelOn(this, cancel);
        return _task.Task;
    }

    public override void Complete(Outcome<PvaAnswer> outcome, long receivedNs) => _task.Complete(outcome, receivedNs);
}
