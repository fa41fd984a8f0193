using Akka.Actor;

namespace Akka.Event;

/// <summary>Logs dead letters and unhandled messages: so many, then none for a while.</summary>
internal sealed class DeadLetterListener : UntypedActor
{
    private readonly EventStream _events = Context.System.EventStream;
    private readonly Settings _settings = Context.System.Settings;
    private readonly IScheduler _scheduler = Context.System.Scheduler;
    private TimeSpan? _pausedUntil;
    private int _count;

    protected override void PreStart()
    {
        _events.Subscribe(Self, typeof(DeadLetter));
        _events.Subscribe(Self, typeof(UnhandledMessage));
    }

    protected override void PostStop() => _events.Unsubscribe(Self);

    protected override void OnReceive(object message)
    {
        if (message is not AllDeadLetters letter || letter.Message is IDeadLetterSuppression)
            return;
        _count = _count == int.MaxValue ? 1 : _count + 1;
        if (_pausedUntil is { } until)
            AfterPause(letter, until);
        else if (_count < _settings.LogDeadLetters || _settings.LogDeadLetters == int.MaxValue)
            Log(letter, "");
        else
            Pause(letter);
    }

    private void Pause(AllDeadLetters letter)
    {
        var pause = _settings.LogDeadLettersSuspendDuration;
        if (pause == Timeout.InfiniteTimeSpan)
        {
            Log(letter, ", no more dead letters will be logged");
            Context.Stop(Self);
            return;
        }

        Log(letter, $", no more dead letters will be logged in next [{pause}]");
        _pausedUntil = _scheduler.MonotonicClock + pause;
    }

    private void AfterPause(AllDeadLetters letter, TimeSpan until)
    {
        if (_scheduler.MonotonicClock <= until)
            return;
        Log(letter, $", of which {_count - _settings.LogDeadLetters - 1} were not logged. The counter will be reset now");
        _count = 0;
        _pausedUntil = null;
    }

    private void Log(AllDeadLetters letter, string done)
    {
        var origin = letter.Sender is null or DeadLetterActorRef ? "" : $" from {letter.Sender}";
        var fate = letter is UnhandledMessage ? "unhandled" : "not delivered";
        var advice = letter is UnhandledMessage
            ? ""
            : $"If this is not an expected behavior then {letter.Recipient} may have terminated unexpectedly. ";
        var text = $"Message [{letter.Message.GetType().Name}]{origin} to {letter.Recipient} was {fate}. "
            + $"[{_count}] dead letters encountered{done}. {advice}This logging can be turned off or adjusted with configuration settings "
            + "'akka.log-dead-letters' and 'akka.log-dead-letters-during-shutdown'.";
        if (_events.LogLevel <= LogLevel.InfoLevel)
            _events.Publish(new Info(letter.Recipient.Path.ToString(), letter.Recipient.GetType(), text));
    }
}
