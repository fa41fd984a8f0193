using System.Diagnostics.CodeAnalysis;
using Akka.Dispatch;

namespace Akka.Actor;

internal sealed partial class ActorCell
{
    public IActorRef ActorOf(Props props, string? name = null)
    {
        ArgumentNullException.ThrowIfNull(props);
        return Children.Add(props, name);
    }

    public ActorSelection ActorSelection(string actorPath) => Akka.Actor.ActorSelection.Parse(System, Self, actorPath);

    public ActorSelection ActorSelection(ActorPath actorPath) => System.ActorSelection(actorPath);

    public IActorRef Child(string name) => Children.Find(name) as IActorRef ?? ActorRefs.Nobody;

    public IEnumerable<IActorRef> GetChildren() => Children.Refs();

    public void Stop(IActorRef child)
    {
        var target = (IInternalActorRef)child;
        Children.MarkDying(target);
        target.SendSystemMessage(new SystemMessage.Terminate());
    }
}

/// <summary>An actor's children in the order of their creation; the guardian's are added by any thread.</summary>
internal sealed class ChildrenContainer(ActorCell cell)
{
    private readonly Lock _lock = new();
    private Dictionary<string, ChildRestartStats>? _byName;
    private ChildRestartStats? _first;
    private ChildRestartStats? _last;
    private long _nextName;
    private bool _sealed;
    private int _dying;

    internal bool Any => _first is not null;

    /// <summary>Whether a child that was told to stop has not ended yet.</summary>
    internal bool AnyDying => _dying > 0;

    /// <summary>From now on no child can be made.</summary>
    internal void Seal()
    {
        lock (_lock)
            _sealed = true;
    }

    internal LocalActorRef Add(Props props, string? name)
    {
        LocalActorRef child;
        lock (_lock)
        {
            if (_sealed)
                throw new InvalidOperationException($"Cannot create child while terminating or terminated: {cell.Self.Path}");
            name = name is null ? NextName() : Checked(name);
            _byName ??= new Dictionary<string, ChildRestartStats>(StringComparer.Ordinal);
            if (_byName.ContainsKey(name))
                throw new InvalidActorNameException($"Actor name \"{name}\" is not unique! It is taken under {cell.Self.Path}");
            var path = new ChildActorPath(cell.Self.Path, name, cell.System.NextUid());
            child = new ActorCell(cell.System, props, cell.Self, path).Self;
            Append(new ChildRestartStats(child));
        }

        child.Cell.Start();
        return child;
    }

    internal IInternalActorRef? Find(string name)
    {
        var hash = name.IndexOf('#');
        lock (_lock)
        {
            if (_byName is null || !_byName.TryGetValue(hash < 0 ? name : name[..hash], out var stats))
                return null;
            return hash < 0 || name[(hash + 1)..] == stats.Child.Path.Uid.ToString() ? stats.Child : null;
        }
    }

    internal ChildRestartStats? StatsOf(IInternalActorRef child)
    {
        lock (_lock)
            return TryGet(child, out var stats) ? stats : null;
    }

    internal IReadOnlyList<IInternalActorRef> Refs()
    {
        lock (_lock)
        {
            if (_first is null)
                return [];
            var refs = new List<IInternalActorRef>(_byName!.Count);
            for (var stats = _first; stats is not null; stats = stats.Next)
                refs.Add(stats.Child);
            return refs;
        }
    }

    internal void MarkDying(IInternalActorRef child)
    {
        lock (_lock)
        {
            if (!TryGet(child, out var stats) || stats.Dying)
                return;
            stats.Dying = true;
            _dying++;
        }
    }

    internal ChildRestartStats? Remove(IInternalActorRef child)
    {
        lock (_lock)
        {
            if (!TryGet(child, out var stats))
                return null;
            _byName!.Remove(child.Path.Name);
            if (stats.Dying)
                _dying--;
            if (stats.Previous is null)
                _first = stats.Next;
            else
                stats.Previous.Next = stats.Next;
            if (stats.Next is null)
                _last = stats.Previous;
            else
                stats.Next.Previous = stats.Previous;
            return stats;
        }
    }

    private bool TryGet(IInternalActorRef child, [NotNullWhen(true)] out ChildRestartStats? stats)
    {
        stats = null;
        return _byName is not null && _byName.TryGetValue(child.Path.Name, out stats) && stats.Child.Equals(child);
    }

    private void Append(ChildRestartStats stats)
    {
        _byName!.Add(stats.Child.Path.Name, stats);
        stats.Previous = _last;
        if (_last is null)
            _first = stats;
        else
            _last.Next = stats;
        _last = stats;
    }

    private string NextName()
    {
        const string digits = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+~";
        var name = "$";
        for (var n = _nextName++; ; n >>= 6)
        {
            name += digits[(int)(n & 63)];
            if (n < 64)
                return name;
        }
    }

    private static string Checked(string name)
    {
        if (name.Length == 0)
            throw new InvalidActorNameException("Actor name must not be empty.");
        if (!ActorPath.IsValidPathElement(name))
            throw new InvalidActorNameException(
                $"Illegal actor name [{name}]. A name does not start with '$' and has ASCII letters, digits and {ActorPath.ValidSymbols}");
        return name;
    }
}

/// <summary>A child and how often its supervisor has restarted it.</summary>
internal sealed class ChildRestartStats(IInternalActorRef child)
{
    private int _restarts;
    private TimeSpan? _windowStart;

    internal IInternalActorRef Child { get; } = child;

    internal bool Dying { get; set; }

    internal ChildRestartStats? Previous { get; set; }

    internal ChildRestartStats? Next { get; set; }

    internal bool RequestRestartPermission(int maxRetries, int windowMilliseconds, TimeSpan now)
    {
        if (maxRetries == 0)
            return false;
        if (windowMilliseconds <= 0)
            return maxRetries < 0 || ++_restarts <= maxRetries;
        var retries = maxRetries > 0 ? maxRetries : 1;
        _windowStart ??= now;
        if (now - _windowStart <= TimeSpan.FromMilliseconds(windowMilliseconds))
            return ++_restarts <= retries;
        _windowStart = now;
        _restarts = 1;
        return true;
    }
}
