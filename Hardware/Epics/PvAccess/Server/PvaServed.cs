namespace Flyscan.Hardware.Epics.PvAccess.Server;

/// <summary>A structure that is served under a name.</summary>
/// <remarks>Guarded by the server's lock, as everything served is.</remarks>
internal class PvaServed(string name, PvaValue.Structure value)
{
    private readonly List<PvaServedMonitor> _monitors = [];

    public string Name => name;

    public virtual PvaValue.Structure Value { get; private set; } = value;

    /// <summary>What a write does: gets the change, whether its client waits for all it sets off, and whom to tell how it ended. Null:
    /// the value changes.</summary>
    public Action<PvaChange, bool, Action<PvaStatus>>? Written { get; set; }

    /// <summary>What a call does; null for what is no service.</summary>
    public Func<PvaValue.Any, (PvaStatus Status, PvaValue.Any Result)>? Called { get; set; }

    protected bool IsFollowed => _monitors.Count > 0;

    /// <summary>Changes the value and tells whoever follows it.</summary>
    public void Post(PvaValue.Structure next)
    {
        var changed = new List<int>();
        Compare(Value, next, 0, changed);
        Value = next;
        if (changed.Count == 0)
            return;
        var bits = PvaBits.Of([.. changed]);
        foreach (var monitor in _monitors)
            monitor.Send(bits);
    }

    public void Write(PvaChange change, bool waits, Action<PvaStatus> done)
    {
        if (Written is not null)
        {
            Written(change, waits, done);
            return;
        }
        Post(change.Value);
        done(PvaStatus.Ok);
    }

    public void Follow(PvaServedMonitor monitor) => _monitors.Add(monitor);

    public void Unfollow(PvaServedMonitor monitor) => _monitors.Remove(monitor);

    /// <summary>The bits of fields that differ; what both share is not looked into.</summary>
    private static void Compare(PvaValue.Structure before, PvaValue.Structure after, int bit, List<int> changed)
    {
        bit++;
        for (var i = 0; i < after.Fields.Length; i++)
        {
            var (old, now) = (before.Fields[i], after.Fields[i]);
            if (!ReferenceEquals(old, now))
            {
                if (old is PvaValue.Structure inner && now is PvaValue.Structure other)
                    Compare(inner, other, bit, changed);
                else if (!old.Equals(now))
                    changed.Add(bit);
            }
            bit += after.Type.Members[i].Type.Bits;
        }
    }
}

/// <summary>A client's monitor.</summary>
/// <remarks>Window: events that may still be sent; null where the client does not count. What cannot be sent is joined to one event.
/// </remarks>
internal sealed class PvaServedMonitor(PvaServed served, Action<PvaChange> send, uint? window)
{
    private PvaBits _pending;
    private PvaBits _overrun;
    private long? _window = window;

    public PvaServed Served => served;

    public bool IsStarted { get; private set; }

    /// <summary>Begins with the whole value.</summary>
    public void Start()
    {
        IsStarted = true;
        Send(PvaBits.All);
    }

    public void Stop() => IsStarted = false;

    /// <summary>The client has taken events.</summary>
    public void Taken(uint count)
    {
        _window += count;
        if (!_pending.IsEmpty)
            Send(default);
    }

    /// <summary>Sends what has changed, or keeps it for later.</summary>
    public void Send(PvaBits changed)
    {
        if (!IsStarted)
            return;
        _overrun = _overrun.Or(_pending.And(changed));
        _pending = _pending.Or(changed);
        if (_window is <= 0)
            return;
        _window--;
        send(new PvaChange(_pending, served.Value, _overrun));
        (_pending, _overrun) = (default, default);
    }
}
