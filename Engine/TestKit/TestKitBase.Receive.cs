namespace Akka.TestKit;

public abstract partial class TestKitBase
{
    public object? ReceiveOne(TimeSpan? max = null, CancellationToken cancellationToken = default) =>
        Take(max, cancellationToken)?.Message;

    public async ValueTask<object> ReceiveOneAsync(TimeSpan? max = null, CancellationToken cancellationToken = default) =>
        (await TakeAsync(max, cancellationToken).ConfigureAwait(false))?.Message!;

    public IReadOnlyCollection<object> ReceiveN(int numberOfMessages, CancellationToken cancellationToken = default) =>
        ReceiveN(numberOfMessages, RemainingOrDefault, cancellationToken);

    public IReadOnlyCollection<object> ReceiveN(int numberOfMessages, TimeSpan max, CancellationToken cancellationToken = default)
    {
        var stop = Now + Dilated(max);
        var messages = new List<object>();
        while (messages.Count < numberOfMessages)
        {
            if (Take(Max(stop - Now, TimeSpan.Zero), cancellationToken) is not { } next)
                throw Failed($"Timeout ({max}) while expecting {numberOfMessages} messages. Only got {messages.Count} after {max}.");
            messages.Add(next.Message);
        }

        return messages;
    }

    public object FishForMessage(
        Predicate<object> isMessage, TimeSpan? max = null, string hint = "", CancellationToken cancellationToken = default) =>
        FishForMessage<object>(isMessage, max, hint, cancellationToken);

    /// <summary>Drops messages until one fits.</summary>
    public T FishForMessage<T>(
        Predicate<T> isMessage, TimeSpan? max = null, string hint = "", CancellationToken cancellationToken = default)
    {
        var within = RemainingOrDilated(max);
        var stop = Now + within;
        while (true)
        {
            var next = Take(Max(stop - Now, TimeSpan.Zero), cancellationToken)
                ?? throw Failed($"Timeout ({within}) during FishForMessage {hint}");
            if (next.Message is T found && isMessage(found))
                return found;
        }
    }

    public void ExpectNoMsg(CancellationToken cancellationToken = default) => ExpectNone(RemainingOrDefault, cancellationToken);

    public void ExpectNoMsg(TimeSpan duration, CancellationToken cancellationToken = default) =>
        ExpectNone(Dilated(duration), cancellationToken);

    public void ExpectNoMsg(int milliseconds, CancellationToken cancellationToken = default) =>
        ExpectNoMsg(TimeSpan.FromMilliseconds(milliseconds), cancellationToken);

    public ValueTask ExpectNoMsgAsync(CancellationToken cancellationToken = default) =>
        ExpectNoneAsync(RemainingOrDefault, cancellationToken);

    public ValueTask ExpectNoMsgAsync(TimeSpan duration, CancellationToken cancellationToken = default) =>
        ExpectNoneAsync(Dilated(duration), cancellationToken);

    public ValueTask ExpectNoMsgAsync(int milliseconds, CancellationToken cancellationToken = default) =>
        ExpectNoMsgAsync(TimeSpan.FromMilliseconds(milliseconds), cancellationToken);

    private ReceivedMessage? Take(TimeSpan? max, CancellationToken cancellationToken) =>
        Took(_queue.Take(max ?? RemainingOrDefault, cancellationToken));

    private async ValueTask<ReceivedMessage?> TakeAsync(TimeSpan? max, CancellationToken cancellationToken) =>
        Took(await _queue.TakeAsync(max ?? RemainingOrDefault, cancellationToken).ConfigureAwait(false));

    private ReceivedMessage? Took(ReceivedMessage? next)
    {
        _lastWasNoMsg = false;
        _last = next;
        return next;
    }

    private void ExpectNone(TimeSpan within, CancellationToken cancellationToken) => RequireNone(Take(within, cancellationToken), within);

    private async ValueTask ExpectNoneAsync(TimeSpan within, CancellationToken cancellationToken) =>
        RequireNone(await TakeAsync(within, cancellationToken).ConfigureAwait(false), within);

    private void RequireNone(ReceivedMessage? received, TimeSpan within)
    {
        if (received is not null)
            throw Failed($"Expected no message during {within}, but received {received.Message} from {received.Sender}");
        _lastWasNoMsg = true;
    }

    private Exception Failed(string text)
    {
        _assertions.Fail("{0}", text);
        return new InvalidOperationException(text);
    }
}
