using Akka.Actor;
using Akka.Dispatch;

namespace Akka.TestKit;

/// <summary>A message that a test actor got, and its sender.</summary>
internal sealed record ReceivedMessage(object Message, IActorRef Sender);

/// <summary>What a test actor received and the test has not yet looked at.</summary>
internal sealed class TestActorQueue
{
    private readonly LinkedList<ReceivedMessage> _messages = new();
    private readonly SemaphoreSlim _available = new(0);

    internal int Count => _available.CurrentCount;

    /// <summary>Messages that are dropped on arrival.</summary>
    internal Func<object, bool>? Ignore { get; set; }

    internal void Add(ReceivedMessage message)
    {
        if (Ignore is { } ignore && ignore(message.Message))
            return;
        lock (_messages)
            _messages.AddLast(message);
        _available.Release();
    }

    internal ReceivedMessage? Take(TimeSpan max, CancellationToken cancellationToken) =>
        _available.Wait(max, cancellationToken) ? First() : null;

    internal async ValueTask<ReceivedMessage?> TakeAsync(TimeSpan max, CancellationToken cancellationToken) =>
        await _available.WaitAsync(max, cancellationToken).ConfigureAwait(false) ? First() : null;

    private ReceivedMessage First()
    {
        lock (_messages)
        {
            var first = _messages.First!.Value;
            _messages.RemoveFirst();
            return first;
        }
    }
}

/// <summary>Puts what it gets into the test's queue, on the sender's thread.</summary>
internal sealed class InternalTestActor : UntypedActor
{
    private readonly TestActorQueue _queue;

    public InternalTestActor(TestActorQueue queue) => _queue = queue;

    internal static Props Props(TestActorQueue queue) => new(typeof(InternalTestActor), [queue])
    {
        Dispatcher = CallingThreadDispatcher.Instance,
    };

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case StartWatching watch:
                Context.Watch(watch.Actor);
                break;
            case StopWatching unwatch:
                Context.Unwatch(unwatch.Actor);
                break;
            case MakeChild child:
                Sender.Tell(Context.ActorOf(child.Props, child.Name), Self);
                break;
            default:
                _queue.Add(new ReceivedMessage(message, Sender));
                break;
        }
    }

    internal sealed record StartWatching(IActorRef Actor);

    internal sealed record StopWatching(IActorRef Actor);

    internal sealed record MakeChild(Props Props, string? Name);
}
