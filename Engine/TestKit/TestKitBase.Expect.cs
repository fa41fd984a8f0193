using Akka.Actor;

namespace Akka.TestKit;

public abstract partial class TestKitBase
{
    public T ExpectMsg<T>(TimeSpan? duration = null, string? hint = null, CancellationToken cancellationToken = default) =>
        Expect<T>(duration, hint, null, cancellationToken);

    public T ExpectMsg<T>(T message, TimeSpan? timeout = null, string? hint = null, CancellationToken cancellationToken = default) =>
        Expect<T>(timeout, hint, (m, _) => _assertions.AssertEqual(message, m, "{0}", hint ?? ""), cancellationToken);

    public T ExpectMsg<T>(
        T expected,
        Func<T, T, bool> comparer,
        TimeSpan? timeout = null,
        string? hint = null,
        CancellationToken cancellationToken = default) =>
        Expect<T>(timeout, hint, (m, _) => _assertions.AssertEqual(expected, m, comparer, "{0}", hint ?? ""), cancellationToken);

    public T ExpectMsg<T>(
        Predicate<T> isMessage, TimeSpan? timeout = null, string? hint = null, CancellationToken cancellationToken = default) =>
        Expect<T>(timeout, hint, (m, _) => Require(isMessage(m), m, hint), cancellationToken);

    public T ExpectMsg<T>(
        Func<T, IActorRef, bool> isMessageAndSender,
        TimeSpan? timeout = null,
        string? hint = null,
        CancellationToken cancellationToken = default) =>
        Expect<T>(timeout, hint, (m, sender) => Require(isMessageAndSender(m, sender), m, hint), cancellationToken);

    public T ExpectMsg<T>(
        Action<T> assert, TimeSpan? timeout = null, string? hint = null, CancellationToken cancellationToken = default) =>
        Expect<T>(timeout, hint, (m, _) => assert(m), cancellationToken);

    public T ExpectMsg<T>(
        Action<T, IActorRef> assertMessageAndSender,
        TimeSpan? timeout = null,
        string? hint = null,
        CancellationToken cancellationToken = default) => Expect(timeout, hint, assertMessageAndSender, cancellationToken);

    public ValueTask<T> ExpectMsgAsync<T>(
        TimeSpan? duration = null, string? hint = null, CancellationToken cancellationToken = default) =>
        ExpectAsync<T>(duration, hint, null, cancellationToken);

    public ValueTask<T> ExpectMsgAsync<T>(
        T message, TimeSpan? timeout = null, string? hint = null, CancellationToken cancellationToken = default) =>
        ExpectAsync<T>(timeout, hint, (m, _) => _assertions.AssertEqual(message, m, "{0}", hint ?? ""), cancellationToken);

    public ValueTask<T> ExpectMsgAsync<T>(
        Predicate<T> isMessage, TimeSpan? timeout = null, string? hint = null, CancellationToken cancellationToken = default) =>
        ExpectAsync<T>(timeout, hint, (m, _) => Require(isMessage(m), m, hint), cancellationToken);

    public ValueTask<T> ExpectMsgAsync<T>(
        Action<T> assert, TimeSpan? timeout = null, string? hint = null, CancellationToken cancellationToken = default) =>
        ExpectAsync<T>(timeout, hint, (m, _) => assert(m), cancellationToken);

    public T ExpectMsgFrom<T>(
        IActorRef sender, TimeSpan? duration = null, string? hint = null, CancellationToken cancellationToken = default) =>
        Expect<T>(duration, hint, (_, from) => RequireSender(sender, from), cancellationToken);

    public T ExpectMsgFrom<T>(
        IActorRef sender, T message, TimeSpan? timeout = null, string? hint = null, CancellationToken cancellationToken = default) =>
        Expect<T>(
            timeout,
            hint,
            (m, from) =>
            {
                RequireSender(sender, from);
                _assertions.AssertEqual(message, m, "{0}", hint ?? "");
            },
            cancellationToken);

    public T ExpectMsgAnyOf<T>(IEnumerable<T> messages, CancellationToken cancellationToken = default)
    {
        var any = messages.ToArray();
        return Expect<T>(null, null, (m, _) => Require(any.Contains(m), m, $"one of {string.Join(", ", any)}"), cancellationToken);
    }

    /// <summary>Takes as many messages as given, which must be these in any order.</summary>
    public IReadOnlyCollection<T> ExpectMsgAllOf<T>(params T[] messages) => ExpectMsgAllOf(RemainingOrDefault, messages);

    public IReadOnlyCollection<T> ExpectMsgAllOf<T>(TimeSpan max, params T[] messages)
    {
        var received = ReceiveN(messages.Length, max).Cast<object>().ToList();
        var left = new List<object>(received);
        foreach (var message in messages)
        {
            if (!left.Remove(message!))
                throw Failed($"not found [{message}] in [{string.Join(", ", received)}]");
        }

        return [.. received.Cast<T>()];
    }

    public Terminated ExpectTerminated(
        IActorRef target, TimeSpan? timeout = null, string? hint = null, CancellationToken cancellationToken = default) =>
        Expect<Terminated>(
            timeout, hint, (m, _) => Require(m.ActorRef.Equals(target), m, $"Terminated {target} {hint}"), cancellationToken);

    public ValueTask<Terminated> ExpectTerminatedAsync(
        IActorRef target, TimeSpan? timeout = null, string? hint = null, CancellationToken cancellationToken = default) =>
        ExpectAsync<Terminated>(
            timeout, hint, (m, _) => Require(m.ActorRef.Equals(target), m, $"Terminated {target} {hint}"), cancellationToken);

    private T Expect<T>(TimeSpan? timeout, string? hint, Action<T, IActorRef>? check, CancellationToken cancellationToken)
    {
        var within = RemainingOrDilated(timeout);
        return Checked(Take(within, cancellationToken), within, hint, check);
    }

    private async ValueTask<T> ExpectAsync<T>(
        TimeSpan? timeout, string? hint, Action<T, IActorRef>? check, CancellationToken cancellationToken)
    {
        var within = RemainingOrDilated(timeout);
        return Checked(await TakeAsync(within, cancellationToken).ConfigureAwait(false), within, hint, check);
    }

    private T Checked<T>(ReceivedMessage? received, TimeSpan within, string? hint, Action<T, IActorRef>? check)
    {
        if (received is null)
            throw Failed($"Failed: Timeout {within} while waiting for a message of type {typeof(T)} {hint}");
        if (received.Message is not T message)
            throw Failed(
                $"Failed: Expected a message of type {typeof(T)}, but received {{{received.Message}}} "
                + $"(type {received.Message.GetType()}) instead {hint} from {received.Sender}");
        check?.Invoke(message, received.Sender);
        return message;
    }

    private void Require<T>(bool condition, T message, string? hint) => _assertions.AssertTrue(
        condition, "{0}", $"Failed: got a message of the expected type <{typeof(T)}>, but it does not fit: {message}. {hint}");

    private void RequireSender(IActorRef expected, IActorRef actual) => _assertions.AssertTrue(
        expected.Equals(actual), "{0}", $"Sender does not match. Got a message from {actual}, but expected one from {expected}");
}
