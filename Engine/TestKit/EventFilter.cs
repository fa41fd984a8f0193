using System.Text.RegularExpressions;
using Akka.Actor;
using Akka.Dispatch;
using Akka.Event;

namespace Akka.TestKit;

/// <summary>Waits for log entries and dead letters while a block runs.</summary>
public interface IEventFilterApplier
{
    void ExpectOne(Action action, CancellationToken cancellationToken = default);

    void ExpectOne(TimeSpan timeout, Action action, CancellationToken cancellationToken = default);

    T ExpectOne<T>(Func<T> func, CancellationToken cancellationToken = default);

    void Expect(int expectedCount, Action action, CancellationToken cancellationToken = default);

    void Expect(int expectedCount, TimeSpan timeout, Action action, CancellationToken cancellationToken = default);

    T Expect<T>(int expectedCount, Func<T> func, CancellationToken cancellationToken = default);
}

/// <summary>Says which events are meant.</summary>
public class EventFilterFactory
{
    private readonly TestKitBase _kit;
    private readonly ActorSystem _system;

    public EventFilterFactory(TestKitBase testkit)
        : this(testkit, testkit.Sys)
    {
    }

    public EventFilterFactory(TestKitBase testkit, ActorSystem system)
    {
        _kit = testkit;
        _system = system;
    }

    public IEventFilterApplier Custom(Predicate<LogEvent> predicate) => Apply(e => e is LogEvent entry && predicate(entry));

    public IEventFilterApplier Custom<TLogEvent>(Predicate<TLogEvent> predicate)
        where TLogEvent : LogEvent => Apply(e => e is TLogEvent entry && predicate(entry));

    public IEventFilterApplier Debug(string? message = null, string? start = null, string? contains = null, string? source = null) =>
        Text<Debug>(message, start, contains, source);

    public IEventFilterApplier Info(string? message = null, string? start = null, string? contains = null, string? source = null) =>
        Text<Info>(message, start, contains, source);

    public IEventFilterApplier Warning(string? message = null, string? start = null, string? contains = null, string? source = null) =>
        Text<Warning>(message, start, contains, source);

    public IEventFilterApplier Error(string? message = null, string? start = null, string? contains = null, string? source = null) =>
        Text<Error>(message, start, contains, source);

    public IEventFilterApplier Error(Regex pattern, string? source = null) =>
        Apply(e => e is Error entry && pattern.IsMatch(entry.Message.ToString()!) && From(entry, source));

    public IEventFilterApplier Exception<TException>(
        string? message = null, string? start = null, string? contains = null, string? source = null)
        where TException : Exception => Exception(typeof(TException), message, start, contains, source);

    public IEventFilterApplier Exception(
        Type exceptionType,
        string? message = null,
        string? start = null,
        string? contains = null,
        string? source = null,
        bool checkInnerExceptions = false) => Apply(e => e is Error { Cause: { } cause } entry && From(entry, source)
            && Causes(cause, checkInnerExceptions)
                .Any(c => exceptionType.IsInstanceOfType(c) && Fits(c.Message, message, start, contains)));

    public IEventFilterApplier DeadLetter() => Apply(e => e is DeadLetter);

    public IEventFilterApplier DeadLetter<TMessage>(string? source = null) =>
        Apply(e => e is DeadLetter { Message: TMessage } letter && (source is null || letter.Recipient.Path.ToString() == source));

    public IEventFilterApplier DeadLetter<TMessage>(Func<TMessage, bool> isMatch, string? source = null) => Apply(
        e => e is DeadLetter { Message: TMessage message } letter && isMatch(message)
            && (source is null || letter.Recipient.Path.ToString() == source));

    private EventFilterApplier Text<TLogEvent>(string? message, string? start, string? contains, string? source)
        where TLogEvent : LogEvent =>
        Apply(e => e is TLogEvent entry && Fits(entry.Message.ToString()!, message, start, contains) && From(entry, source));

    private EventFilterApplier Apply(Predicate<object> matches) => new(_kit, _system, matches);

    private static bool Fits(string text, string? message, string? start, string? contains) =>
        (message is null || text == message)
        && (start is null || text.StartsWith(start, StringComparison.Ordinal))
        && (contains is null || text.Contains(contains, StringComparison.Ordinal));

    private static bool From(LogEvent entry, string? source) => source is null || entry.LogSource == source;

    private static IEnumerable<Exception> Causes(Exception cause, bool inner)
    {
        for (Exception? at = cause; at is not null; at = inner ? at.InnerException : null)
            yield return at;
    }
}

internal sealed class EventFilterApplier(TestKitBase kit, ActorSystem system, Predicate<object> matches) : IEventFilterApplier
{
    public void ExpectOne(Action action, CancellationToken cancellationToken = default) => Expect(1, action, cancellationToken);

    public void ExpectOne(TimeSpan timeout, Action action, CancellationToken cancellationToken = default) =>
        Expect(1, timeout, action, cancellationToken);

    public T ExpectOne<T>(Func<T> func, CancellationToken cancellationToken = default) => Expect(1, func, cancellationToken);

    public void Expect(int expectedCount, Action action, CancellationToken cancellationToken = default) =>
        Expect(expectedCount, kit.TestKitSettings.TestEventFilterLeeway, action, cancellationToken);

    public void Expect(int expectedCount, TimeSpan timeout, Action action, CancellationToken cancellationToken = default) => Run(
        expectedCount,
        timeout,
        () =>
        {
            action();
            return true;
        },
        cancellationToken);

    public T Expect<T>(int expectedCount, Func<T> func, CancellationToken cancellationToken = default) =>
        Run(expectedCount, kit.TestKitSettings.TestEventFilterLeeway, func, cancellationToken);

    private T Run<T>(int expectedCount, TimeSpan timeout, Func<T> func, CancellationToken cancellationToken)
    {
        var counter = new Counter();
        var listener = ((ExtendedActorSystem)system).SystemActorOf(new Props(typeof(Listener), [matches, counter])
        {
            Dispatcher = CallingThreadDispatcher.Instance,
        });
        system.EventStream.Subscribe(listener, typeof(LogEvent));
        system.EventStream.Subscribe(listener, typeof(AllDeadLetters));
        try
        {
            var result = func();
            var wanted = $"{expectedCount} matching events are expected";
            kit.AwaitCondition(() => counter.Value >= expectedCount, timeout, wanted, cancellationToken);
            if (counter.Value > expectedCount)
                kit.AwaitCondition(() => false, TimeSpan.Zero, $"{wanted}, got {counter.Value}", cancellationToken);
            return result;
        }
        finally
        {
            system.EventStream.Unsubscribe(listener);
            system.Stop(listener);
        }
    }

    private sealed class Counter
    {
        private int _value;

        internal int Value => Volatile.Read(ref _value);

        internal void Increment() => Interlocked.Increment(ref _value);
    }

    private sealed class Listener : UntypedActor
    {
        private readonly Predicate<object> _matches;
        private readonly Counter _counter;

        public Listener(Predicate<object> matches, Counter counter)
        {
            _matches = matches;
            _counter = counter;
        }

        protected override void OnReceive(object message)
        {
            if (_matches(message))
                _counter.Increment();
        }
    }
}
