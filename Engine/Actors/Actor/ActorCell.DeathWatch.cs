using Akka.Dispatch;

namespace Akka.Actor;

internal sealed partial class ActorCell
{
    private Dictionary<IActorRef, object?>? _watching;
    private List<IInternalActorRef>? _watchedBy;
    private Dictionary<IActorRef, object?>? _terminatedQueued;

    public IActorRef Watch(IActorRef subject) => StartWatching(subject, null);

    public IActorRef WatchWith(IActorRef subject, object message)
    {
        ArgumentNullException.ThrowIfNull(message);
        return StartWatching(subject, message);
    }

    public IActorRef Unwatch(IActorRef subject)
    {
        if (!subject.Equals(Self) && _watching is not null && _watching.Remove(subject))
            ((IInternalActorRef)subject).SendSystemMessage(new SystemMessage.Unwatch((IInternalActorRef)subject, Self));
        _terminatedQueued?.Remove(subject);
        return subject;
    }

    /// <summary>Puts stashed messages back before those that wait.</summary>
    internal void Requeue(IReadOnlyList<Envelope> envelopes)
    {
        foreach (var envelope in envelopes)
        {
            if (envelope.Message is Terminated terminated)
                (_terminatedQueued ??= []).TryAdd(terminated.ActorRef, null);
        }

        Mailbox.Prepend(envelopes);
    }

    private IActorRef StartWatching(IActorRef subject, object? message)
    {
        if (subject.Equals(Self))
            return subject;
        _watching ??= [];
        if (_watching.TryGetValue(subject, out var previous))
        {
            if (!Equals(previous, message))
                throw new InvalidOperationException(
                    $"{subject} is already watched with {previous ?? "Terminated"}; "
                    + $"unwatch it before watching it with {message ?? "Terminated"}");
            return subject;
        }

        _watching.Add(subject, message);
        ((IInternalActorRef)subject).SendSystemMessage(new SystemMessage.Watch((IInternalActorRef)subject, Self));
        return subject;
    }

    private void ReceivedTerminated(Terminated terminated)
    {
        if (_terminatedQueued is null || !_terminatedQueued.Remove(terminated.ActorRef, out var message))
            return;
        if (message is not null)
            Self.Tell(message, terminated.ActorRef);
        else
            _actor!.AroundReceive(_behaviour, terminated);
    }

    // The notice goes through the mailbox, so that it comes after every message that the ended actor sent before.
    private void WatchedActorTerminated(IInternalActorRef actor, bool existenceConfirmed)
    {
        if (_watching is not null && _watching.Remove(actor, out var message) && !_terminating)
        {
            (_terminatedQueued ??= []).TryAdd(actor, message);
            Self.Tell(new Terminated(actor, existenceConfirmed, addressTerminated: false), actor);
        }

        HandleChildTerminated(actor);
    }

    private void AddWatcher(SystemMessage.Watch watch)
    {
        _watchedBy ??= [];
        if (!_watchedBy.Contains(watch.Watcher))
            _watchedBy.Add(watch.Watcher);
    }

    private void RemoveWatcher(SystemMessage.Unwatch unwatch) => _watchedBy?.Remove(unwatch.Watcher);

    private void TellWatchersWeDied()
    {
        if (_watchedBy is null)
            return;
        foreach (var watcher in _watchedBy)
        {
            if (!watcher.Equals(Parent))
                watcher.SendSystemMessage(new SystemMessage.DeathWatchNotification(Self, existenceConfirmed: true));
        }

        _watchedBy = null;
    }

    private void UnwatchWatchedActors()
    {
        if (_watching is null)
            return;
        var subjects = _watching.Keys.ToArray();
        Array.Sort(subjects);
        foreach (var subject in subjects)
            ((IInternalActorRef)subject).SendSystemMessage(new SystemMessage.Unwatch((IInternalActorRef)subject, Self));
        _watching = null;
        _terminatedQueued = null;
    }
}
