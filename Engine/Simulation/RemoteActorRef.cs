using System.Diagnostics;
using Akka.Actor;
using Akka.Dispatch;

namespace Flyscan.Engine.Simulation;

/// <summary>One life's reference to an actor of another node.</summary>
internal sealed class RemoteActorRef(Life life, ActorPath path) : ActorRefBase
{
    public override ActorPath Path { get; } = path;

    public override ActorSystemImpl System => life.System!;

    public override IInternalActorRef ParentRef => new RemoteActorRef(life, Path.Parent);

    /// <summary>The node that the actor is on.</summary>
    internal string NodeName => Path.Address.System;

    public override IInternalActorRef? ChildRef(string name) => new RemoteActorRef(life, Path.Child(name));

    public override IReadOnlyList<IInternalActorRef> ChildRefs() => throw new NotSupportedException(
        $"A selection with wildcards below {Path} cannot be followed from {life.Name}: the simulated network knows no remote children");

    public override void Tell(object message, IActorRef? sender)
    {
        Require(message);
        var group = ActorCell.Current is { } cell ? life.Node!.GroupOf(cell.Self.Path.ToStringWithoutAddress()) : null;
        life.Run.Network.Send(life, group, Path, message, sender);
    }

    public override void SendSystemMessage(SystemMessage message)
    {
        switch (message)
        {
            case SystemMessage.Watch watch:
                life.Watches.Watch(this, watch.Watcher);
                break;
            case SystemMessage.Unwatch unwatch:
                life.Watches.Unwatch(this, unwatch.Watcher);
                break;
            case SystemMessage.DeathWatchNotification death:
                life.Watches.TellWatcher(this, death);
                break;
            case SystemMessage.Terminate:
                var target = Path.ToSerializationFormat();
                life.Run.Network.Control(life, NodeName, $"stop {target}", there =>
                    ((IInternalActorRef)there.Import(target)).SendSystemMessage(new SystemMessage.Terminate()));
                break;
            default:
                throw new UnreachableException($"{message.GetType()} to {Path}");
        }
    }
}

/// <summary>What one life's actors watch on other nodes.</summary>
internal sealed class RemoteWatches(Life life)
{
    private readonly List<Entry> _entries = [];

    internal void Watch(RemoteActorRef target, IInternalActorRef watcher)
    {
        var there = life.Run.FindNode(target.NodeName)?.Life?.Number ?? 0;
        _entries.Add(new Entry(target, watcher, there));
        Control(target, watcher, "watch", (subject, proxy) => new SystemMessage.Watch(subject, proxy));
        if (!life.Run.Network.CanReach(life, target.NodeName, there))
            CheckLater();
    }

    internal void Unwatch(RemoteActorRef target, IInternalActorRef watcher)
    {
        _entries.RemoveAll(e => e.Target.Equals(target) && e.Watcher.Equals(watcher));
        Control(target, watcher, "unwatch", (subject, proxy) => new SystemMessage.Unwatch(subject, proxy));
    }

    /// <summary>An actor of this life has ended: its watcher on another node is told there.</summary>
    internal void TellWatcher(RemoteActorRef watcher, SystemMessage.DeathWatchNotification death)
    {
        var ended = death.Actor.Path;
        var watcherPath = watcher.Path.ToSerializationFormat();
        var confirmed = death.ExistenceConfirmed;
        life.Run.Network.Control(life, watcher.NodeName, $"ended {ended.ToSerializationFormat()}", there =>
            there.Watches.Ended(ended, watcherPath, confirmed));
    }

    /// <summary>Something is out of reach: if it still is after the time of detection, those who watch it are told.</summary>
    internal void CheckLater()
    {
        if (_entries.Count == 0)
            return;
        var suspects = _entries.Where(IsOutOfReach).ToArray();
        if (suspects.Length > 0)
            life.At(life.Run.NowNs + life.Run.Options.DetectionNs, "detect", () => Notify(suspects));
    }

    private void Notify(Entry[] suspects)
    {
        foreach (var entry in suspects)
        {
            if (IsOutOfReach(entry) && _entries.Remove(entry))
                entry.Watcher.SendSystemMessage(new SystemMessage.DeathWatchNotification(entry.Target, existenceConfirmed: true));
        }
    }

    private void Ended(ActorPath path, string watcher, bool confirmed)
    {
        var told = _entries.Where(e => e.Target.Path.Equals(path) && (e.Target.Path.Uid == 0 || e.Target.Path.Uid == path.Uid)
            && life.Export(e.Watcher) == watcher).ToArray();
        foreach (var entry in told)
        {
            _entries.Remove(entry);
            entry.Watcher.SendSystemMessage(new SystemMessage.DeathWatchNotification(entry.Target, confirmed));
        }
    }

    private bool IsOutOfReach(Entry entry) => !life.Run.Network.CanReach(life, entry.Target.NodeName, entry.Life);

    private void Control(
        RemoteActorRef target, IInternalActorRef watcher, string what, Func<IInternalActorRef, IInternalActorRef, SystemMessage> make)
    {
        var targetPath = target.Path.ToSerializationFormat();
        var watcherPath = life.Export(watcher);
        life.Run.Network.Control(life, target.NodeName, $"{what} {targetPath}", there =>
        {
            var subject = (IInternalActorRef)there.Import(targetPath);
            subject.SendSystemMessage(make(subject, new RemoteActorRef(there, ActorPath.Parse(watcherPath))));
        });
    }

    private sealed record Entry(RemoteActorRef Target, IInternalActorRef Watcher, int Life);
}
