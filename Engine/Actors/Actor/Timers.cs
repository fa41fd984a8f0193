using Flyscan.Engine.Time;

namespace Akka.Actor;

/// <summary>An actor that has timers; they end with the incarnation that started them.</summary>
public interface IWithTimers
{
    ITimerScheduler Timers { get; set; }
}

/// <summary>An actor's own timers, by key: starting one replaces the one with the same key.</summary>
public interface ITimerScheduler
{
    IReadOnlyCollection<object> ActiveTimers { get; }

    void StartSingleTimer(object key, object msg, TimeSpan timeout);

    void StartSingleTimer(object key, object msg, TimeSpan timeout, IActorRef? sender);

    void StartPeriodicTimer(object key, object msg, TimeSpan interval);

    void StartPeriodicTimer(object key, object msg, TimeSpan interval, IActorRef? sender);

    void StartPeriodicTimer(object key, object msg, TimeSpan initialDelay, TimeSpan interval);

    void StartPeriodicTimer(object key, object msg, TimeSpan initialDelay, TimeSpan interval, IActorRef? sender);

    bool IsTimerActive(object key);

    void Cancel(object key);

    void CancelAll();
}

/// <summary>A timer's message on its way: of no worth once its timer was cancelled or replaced.</summary>
internal sealed class TimerMessage(object key, object payload, TimerScheduler owner) : INoSerializationVerificationNeeded
{
    internal object Key { get; } = key;

    internal object Payload { get; } = payload;

    internal TimerScheduler Owner { get; } = owner;
}

internal sealed class TimerScheduler(ActorCell cell) : ITimerScheduler
{
    private readonly Dictionary<object, Timer> _timers = [];

    public IReadOnlyCollection<object> ActiveTimers => [.. _timers.Values.OrderBy(timer => timer.Order).Select(timer => timer.Message.Key)];

    public void StartSingleTimer(object key, object msg, TimeSpan timeout) => StartSingleTimer(key, msg, timeout, ActorRefs.NoSender);

    public void StartSingleTimer(object key, object msg, TimeSpan timeout, IActorRef? sender) => Start(key, msg, timeout, null, sender);

    public void StartPeriodicTimer(object key, object msg, TimeSpan interval) =>
        StartPeriodicTimer(key, msg, interval, interval, ActorRefs.NoSender);

    public void StartPeriodicTimer(object key, object msg, TimeSpan interval, IActorRef? sender) =>
        StartPeriodicTimer(key, msg, interval, interval, sender);

    public void StartPeriodicTimer(object key, object msg, TimeSpan initialDelay, TimeSpan interval) =>
        StartPeriodicTimer(key, msg, initialDelay, interval, ActorRefs.NoSender);

    public void StartPeriodicTimer(object key, object msg, TimeSpan initialDelay, TimeSpan interval, IActorRef? sender)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(interval, TimeSpan.Zero);
        Start(key, msg, initialDelay, interval, sender);
    }

    public bool IsTimerActive(object key) => _timers.ContainsKey(key);

    public void Cancel(object key)
    {
        if (_timers.Remove(key, out var timer))
            timer.End();
    }

    public void CancelAll()
    {
        foreach (var timer in _timers.Values)
            timer.End();
        _timers.Clear();
    }

    /// <summary>The payload, or null where the timer has been cancelled or replaced since.</summary>
    internal object? Intercept(TimerMessage message)
    {
        if (!_timers.TryGetValue(message.Key, out var timer) || !ReferenceEquals(timer.Message, message))
            return null;
        if (timer.Interval is null)
            _timers.Remove(message.Key);
        return message.Payload;
    }

    private void Start(object key, object payload, TimeSpan delay, TimeSpan? interval, IActorRef? sender)
    {
        Cancel(key);
        var timer = new Timer(cell, new TimerMessage(key, payload, this), interval, sender);
        _timers.Add(key, timer);
        cell.System.Clockwork.Add(timer, delay);
    }

    private sealed class Timer(ActorCell cell, TimerMessage message, TimeSpan? interval, IActorRef? sender) : ScheduledItem
    {
        private volatile bool _ended;

        internal TimerMessage Message { get; } = message;

        internal TimeSpan? Interval { get; } = interval;

        internal void End()
        {
            _ended = true;
            Cancel();
        }

        internal override void Run()
        {
            if (_ended)
                return;
            var due = Due;
            cell.Self.Tell(Message, sender);
            if (Interval is { } every && !_ended)
                cell.System.Clockwork.Add(this, due + every - cell.System.Clockwork.Elapsed);
        }
    }
}
