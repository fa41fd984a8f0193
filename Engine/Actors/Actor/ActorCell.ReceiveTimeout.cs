using Flyscan.Engine.Time;

namespace Akka.Actor;

internal sealed partial class ActorCell
{
    private ReceiveTimeoutState? _timeout;

    TimeSpan? IActorContext.ReceiveTimeout => _timeout?.After;

    public void SetReceiveTimeout(TimeSpan? timeout)
    {
        CancelReceiveTimeout();
        _timeout = timeout is { } after && after > TimeSpan.Zero ? new ReceiveTimeoutState(after) : null;
    }

    private void BeforeMessage(object message)
    {
        var content = message is TimerMessage timer ? timer.Payload : message;
        if (content is not INotInfluenceReceiveTimeout)
            CancelReceiveTimeout();
    }

    private void AfterMessage()
    {
        if (_timeout is { } timeout && timeout.Scheduled is null)
            timeout.Scheduled = System.Clockwork.TellOnce(timeout.After, Self, ReceiveTimeout.Instance, Self);
    }

    private void CancelReceiveTimeout()
    {
        _timeout?.Scheduled?.Cancel();
        if (_timeout is not null)
            _timeout.Scheduled = null;
    }

    private sealed class ReceiveTimeoutState(TimeSpan after)
    {
        internal TimeSpan After { get; } = after;

        internal ScheduledItem? Scheduled { get; set; }
    }
}
