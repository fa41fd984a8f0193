using Akka.Dispatch;
using Akka.Event;

namespace Akka.Actor;

/// <summary>Anything that messages can be sent to.</summary>
public interface ICanTell
{
    void Tell(object message, IActorRef? sender);
}

/// <summary>A handle on one incarnation of an actor; it may be sent anywhere and stays valid through restarts.</summary>
public interface IActorRef : ICanTell, IEquatable<IActorRef>, IComparable<IActorRef>, IComparable
{
    ActorPath Path { get; }
}

internal interface IInternalActorRef : IActorRef
{
    bool IsTerminated { get; }

    ActorSystemImpl System { get; }

    IInternalActorRef ParentRef { get; }

    /// <summary>The child of that name, or a reference to nobody.</summary>
    IInternalActorRef? ChildRef(string name);

    IReadOnlyList<IInternalActorRef> ChildRefs();

    void SendSystemMessage(SystemMessage message);
}

/// <summary>Well-known references.</summary>
public static class ActorRefs
{
    /// <summary>No sender: the receiver sees the dead letters.</summary>
    public static readonly IActorRef? NoSender;

    /// <summary>Nobody at all; what is sent there is dropped.</summary>
    public static readonly Nobody Nobody = new();
}

/// <summary>A reference to nobody.</summary>
public sealed class Nobody : IActorRef
{
    private static readonly ActorPath NobodyPath = new RootActorPath(new Address("akka", "all-systems")) / "Nobody";

    internal Nobody()
    {
    }

    ActorPath IActorRef.Path => NobodyPath;

    void ICanTell.Tell(object message, IActorRef? sender)
    {
    }

    bool IEquatable<IActorRef>.Equals(IActorRef? other) => ReferenceEquals(this, other);

    int IComparable<IActorRef>.CompareTo(IActorRef? other) => NobodyPath.CompareTo(other?.Path);

    int IComparable.CompareTo(object? obj) => NobodyPath.CompareTo((obj as IActorRef)?.Path);

    public override string ToString() => NobodyPath.ToString();
}

internal abstract class ActorRefBase : IInternalActorRef
{
    public abstract ActorPath Path { get; }

    public virtual bool IsTerminated => false;

    public abstract ActorSystemImpl System { get; }

    public virtual IInternalActorRef ParentRef => this;

    public virtual IInternalActorRef? ChildRef(string name) => null;

    public virtual IReadOnlyList<IInternalActorRef> ChildRefs() => [];

    public abstract void Tell(object message, IActorRef? sender);

    public virtual void SendSystemMessage(SystemMessage message)
    {
        if (message is SystemMessage.Watch watch && !ReferenceEquals(watch.Watcher, this))
            watch.Watcher.SendSystemMessage(new SystemMessage.DeathWatchNotification(watch.Watchee, existenceConfirmed: false));
    }

    public bool Equals(IActorRef? other) =>
        ReferenceEquals(this, other) || (other is not null && Path.Uid == other.Path.Uid && Path.Equals(other.Path));

    public override bool Equals(object? obj) => Equals(obj as IActorRef);

    public override int GetHashCode() => HashCode.Combine(Path.Uid, Path);

    public int CompareTo(IActorRef? other)
    {
        var byPath = Path.CompareTo(other?.Path);
        return byPath != 0 || other is null ? byPath : Path.Uid.CompareTo(other.Path.Uid);
    }

    public int CompareTo(object? obj) => CompareTo(obj as IActorRef);

    public override string ToString() => Path.Uid == 0 ? $"[{Path}]" : $"[{Path}#{Path.Uid}]";

    private protected static void Require(object? message)
    {
        if (message is null)
            throw new InvalidMessageException("Message is null.");
    }
}

internal sealed class LocalActorRef : ActorRefBase
{
    private readonly int _hash;

    internal LocalActorRef(ActorCell cell, ActorPath path)
    {
        Cell = cell;
        Path = path;
        _hash = HashCode.Combine(path.Uid, path.Name);
    }

    public override ActorPath Path { get; }

    internal ActorCell Cell { get; }

    public override bool IsTerminated => Cell.Mailbox.IsClosed;

    public override ActorSystemImpl System => Cell.System;

    public override IInternalActorRef ParentRef => Cell.Parent;

    public override void Tell(object message, IActorRef? sender)
    {
        if (message is null)
            Require(message);
        Cell.Mailbox.Post(message!, sender);
    }

    public override void SendSystemMessage(SystemMessage message) => Cell.Mailbox.PostSystem(message);

    public override IInternalActorRef? ChildRef(string name) => Cell.Children.Find(name);

    public override IReadOnlyList<IInternalActorRef> ChildRefs() => Cell.Children.Refs();

    public override int GetHashCode() => _hash;
}

/// <summary>A reference to a path where no actor is.</summary>
internal sealed class EmptyLocalActorRef(ActorSystemImpl system, ActorPath path) : ActorRefBase
{
    public override ActorPath Path { get; } = path;

    public override ActorSystemImpl System { get; } = system;

    public override bool IsTerminated => true;

    public override void Tell(object message, IActorRef? sender)
    {
        Require(message);
        if (message is Identify identify)
            (sender ?? System.DeadLetters).Tell(new ActorIdentity(identify.MessageId, null), this);
        else
            System.PublishDeadLetter(message, sender, this);
    }
}

internal sealed class DeadLetterActorRef(ActorSystemImpl system, ActorPath path) : ActorRefBase
{
    public override ActorPath Path { get; } = path;

    public override ActorSystemImpl System { get; } = system;

    public override void Tell(object message, IActorRef? sender)
    {
        Require(message);
        if (message is Identify identify && sender is not null)
            sender.Tell(new ActorIdentity(identify.MessageId, null), this);
        else if (message is AllDeadLetters letter)
            System.EventStream.Publish(letter);
        else
            System.PublishDeadLetter(message, sender, this);
    }
}

/// <summary>Drops what it is told.</summary>
internal sealed class IgnoreActorRef(ActorSystemImpl system, ActorPath path) : ActorRefBase
{
    public override ActorPath Path { get; } = path;

    public override ActorSystemImpl System { get; } = system;

    public override void Tell(object message, IActorRef? sender)
    {
    }
}

/// <summary>The parent of the root guardian: hears of its end.</summary>
internal sealed class OutsideActorRef(ActorSystemImpl system, ActorPath path, Action rootEnded) : ActorRefBase
{
    public override ActorPath Path { get; } = path;

    public override ActorSystemImpl System { get; } = system;

    public override void Tell(object message, IActorRef? sender)
    {
    }

    public override void SendSystemMessage(SystemMessage message)
    {
        switch (message)
        {
            case SystemMessage.DeathWatchNotification:
                rootEnded();
                break;
            case SystemMessage.Failed failed:
                failed.Child.SendSystemMessage(new SystemMessage.Terminate());
                break;
            default:
                base.SendSystemMessage(message);
                break;
        }
    }
}
