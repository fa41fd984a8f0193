using Akka.Actor;

namespace Flyscan.Engine.Time;

/// <summary>The actor system's scheduler on its <see cref="Clockwork"/>.</summary>
internal sealed class EngineScheduler(Clockwork clockwork) : IScheduler, IAdvancedScheduler
{
    public IAdvancedScheduler Advanced => this;

    public DateTimeOffset Now => clockwork.Now;

    public TimeSpan MonotonicClock => clockwork.Elapsed;

    public TimeSpan HighResMonotonicClock => clockwork.Elapsed;

    public void ScheduleTellOnce(TimeSpan delay, ICanTell receiver, object message, IActorRef? sender) =>
        ScheduleTellOnce(delay, receiver, message, sender, null);

    public void ScheduleTellOnce(TimeSpan delay, ICanTell receiver, object message, IActorRef? sender, ICancelable? cancelable) =>
        Schedule(delay, null, () => receiver.Tell(message, sender), cancelable);

    public void ScheduleTellRepeatedly(TimeSpan initialDelay, TimeSpan interval, ICanTell receiver, object message, IActorRef? sender) =>
        ScheduleTellRepeatedly(initialDelay, interval, receiver, message, sender, null);

    public void ScheduleTellRepeatedly(
        TimeSpan initialDelay, TimeSpan interval, ICanTell receiver, object message, IActorRef? sender, ICancelable? cancelable) =>
        Schedule(initialDelay, interval, () => receiver.Tell(message, sender), cancelable);

    public void ScheduleOnce(TimeSpan delay, Action action) => Schedule(delay, null, action, null);

    public void ScheduleOnce(TimeSpan delay, Action action, ICancelable? cancelable) => Schedule(delay, null, action, cancelable);

    public void ScheduleRepeatedly(TimeSpan initialDelay, TimeSpan interval, Action action) =>
        Schedule(initialDelay, interval, action, null);

    public void ScheduleRepeatedly(TimeSpan initialDelay, TimeSpan interval, Action action, ICancelable? cancelable) =>
        Schedule(initialDelay, interval, action, cancelable);

    private void Schedule(TimeSpan delay, TimeSpan? interval, Action action, ICancelable? cancelable)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(delay, TimeSpan.Zero);
        if (interval is { } every)
            ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(every, TimeSpan.Zero);
        if (cancelable is { IsCancellationRequested: true })
            return;
        var item = new ActionItem(clockwork, interval, action, cancelable);
        clockwork.Add(item, delay);
        cancelable?.Token.UnsafeRegister(static state => ((ScheduledItem)state!).Cancel(), item);
    }

    private sealed class ActionItem(Clockwork owner, TimeSpan? interval, Action action, ICancelable? cancelable) : ScheduledItem
    {
        internal override void Run()
        {
            if (cancelable is { IsCancellationRequested: true })
                return;
            var due = Due;
            try
            {
                action();
            }
            finally
            {
                if (interval is { } every && cancelable is not { IsCancellationRequested: true })
                    owner.Add(this, due + every - owner.Elapsed);
            }
        }
    }
}
