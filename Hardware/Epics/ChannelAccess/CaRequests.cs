using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Epics.ChannelAccess;

/// <summary>A request whose answer completes a task, on the thread that brings it: a hop less for every reading.</summary>
internal abstract class CaTaskRequest<T>(CaChannel channel, string what, long withinNs) : CaRequest(channel, what, withinNs)
{
    private readonly TaskCompletionSource<Outcome<T>> _done = new();
    private CancellationTokenRegistration _cancelling;

    public Task<Outcome<T>> Task => _done.Task;

    public void CancelOn(CancellationToken cancel)
    {
        if (cancel.CanBeCanceled)
            _cancelling = cancel.UnsafeRegister(static (state, _) => ((CaTaskRequest<T>)state!).Cancel(), this);
    }

    public override void Complete(Outcome<DbrData> outcome, long receivedNs)
    {
        _cancelling.Dispose();
        _done.TrySetResult(outcome is Outcome<DbrData>.Completed { Value: var data }
            ? new Outcome<T>.Completed(Of(data, receivedNs))
            : outcome.As<T>());
    }

    protected abstract T Of(DbrData data, long receivedNs);

    private void Cancel()
    {
        channel.Client.Forget(this);
        _done.TrySetResult(new Outcome<T>.Cancelled());
    }
}

/// <summary>Reads value, alarm and time stamp.</summary>
internal sealed class CaRead(CaChannel channel, string what, long withinNs) : CaTaskRequest<PvReading>(channel, what, withinNs)
{
    protected override PvReading Of(DbrData data, long receivedNs) => new(data.Value, data.Alarm, data.StampNs, receivedNs);
}

/// <summary>Reads units, limits and choices.</summary>
internal sealed class CaReadMetadata(CaChannel channel, string what, long withinNs) : CaTaskRequest<PvMetadata>(channel, what, withinNs)
{
    protected override PvMetadata Of(DbrData data, long receivedNs) => data.Metadata ?? new PvMetadata(data.Value, data.Alarm);
}

/// <summary>Writes and waits for the end of processing.</summary>
internal sealed class CaWrite(CaChannel channel, string what, long withinNs) : CaTaskRequest<Nothing>(channel, what, withinNs)
{
    protected override Nothing Of(DbrData data, long receivedNs) => Nothing.Value;
}
