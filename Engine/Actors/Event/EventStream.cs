using System.Collections.Concurrent;
using Akka.Actor;

namespace Akka.Event;

/// <summary>A bus with a log level.</summary>
public abstract class LoggingBus
{
    private protected LoggingBus()
    {
    }

    /// <summary>The least level that is published; null is off.</summary>
    internal LogLevel? LogLevel { get; set; }

    public void Publish(object @event) => Deliver(@event);

    public abstract bool Subscribe(IActorRef subscriber, Type channel);

    public abstract bool Unsubscribe(IActorRef subscriber, Type channel);

    public abstract bool Unsubscribe(IActorRef subscriber);

    internal abstract void Deliver(object @event);
}

/// <summary>The actor system's bus: actors subscribe to a class and get what is of it.</summary>
public class EventStream : LoggingBus
{
    private readonly Lock _lock = new();
    private (IActorRef Subscriber, Type Channel)[] _subscriptions = [];
    private ConcurrentDictionary<Type, IActorRef[]> _receivers = new();

    internal EventStream(LogLevel? level) => LogLevel = level;

    public override bool Subscribe(IActorRef subscriber, Type channel)
    {
        ArgumentNullException.ThrowIfNull(subscriber);
        lock (_lock)
        {
            if (_subscriptions.Any(s => s.Subscriber.Equals(subscriber) && s.Channel == channel))
                return false;
            Change([.. _subscriptions, (subscriber, channel)]);
            return true;
        }
    }

    public override bool Unsubscribe(IActorRef subscriber, Type channel) =>
        Remove(s => s.Subscriber.Equals(subscriber) && s.Channel == channel);

    public override bool Unsubscribe(IActorRef subscriber) => Remove(s => s.Subscriber.Equals(subscriber));

    internal override void Deliver(object @event)
    {
        var receivers = _receivers;
        var type = @event.GetType();
        if (!receivers.TryGetValue(type, out var to))
            receivers[type] = to = Receivers(type);
        foreach (var receiver in to)
        {
            if (receiver is IInternalActorRef { IsTerminated: true })
                Unsubscribe(receiver);
            else
                receiver.Tell(@event, ActorRefs.NoSender);
        }
    }

    private IActorRef[] Receivers(Type type)
    {
        lock (_lock)
            return [.. _subscriptions.Where(s => s.Channel.IsAssignableFrom(type)).Select(s => s.Subscriber).Distinct()];
    }

    private bool Remove(Func<(IActorRef Subscriber, Type Channel), bool> match)
    {
        lock (_lock)
        {
            var left = _subscriptions.Where(s => !match(s)).ToArray();
            if (left.Length == _subscriptions.Length)
                return false;
            Change(left);
            return true;
        }
    }

    private void Change((IActorRef Subscriber, Type Channel)[] subscriptions)
    {
        _subscriptions = subscriptions;
        _receivers = new ConcurrentDictionary<Type, IActorRef[]>();
    }
}

/// <summary>Subscribes by type argument.</summary>
public static class EventStreamExtensions
{
    public static bool Subscribe<TChannel>(this EventStream eventStream, IActorRef subscriber)
        where TChannel : class => eventStream.Subscribe(subscriber, typeof(TChannel));

    public static bool Unsubscribe<TChannel>(this EventStream eventStream, IActorRef subscriber)
        where TChannel : class => eventStream.Unsubscribe(subscriber, typeof(TChannel));
}
