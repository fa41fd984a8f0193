namespace Flyscan.Scanning.Units;

/// <summary>How something that took time ended; a value, never an exception across a boundary.</summary>
public abstract record Outcome<T>
{
    private Outcome() { }

    /// <summary>It was done, and this was read back.</summary>
    public sealed record Completed(T Value) : Outcome<T>;

    /// <summary>It was not begun: what was asked cannot be done now. Nothing changed.</summary>
    public sealed record Refused(string Reason) : Outcome<T>;

    /// <summary>It was begun and went wrong.</summary>
    public sealed record Failed(string Reason) : Outcome<T>;

    /// <summary>Whoever asked gave up; the device was left safe. Never success.</summary>
    public sealed record Cancelled : Outcome<T>;

    /// <summary>No answer in time.</summary>
    /// <remarks><b>Units</b> DeadlineNs: nanoseconds that were allowed.</remarks>
    public sealed record TimedOut(string What, long DeadlineNs) : Outcome<T>;

    /// <summary>Null when completed, else why not, as text for a person.</summary>
    public string? Problem => this switch
    {
        Completed => null,
        Refused r => $"refused: {r.Reason}",
        Failed f => f.Reason,
        Cancelled => "cancelled",
        TimedOut t => $"{t.What}: no answer within {t.DeadlineNs / 1e9:0.###} s",
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    /// <summary>The same ending for another type of value; only for outcomes that are not <see cref="Completed"/>.</summary>
    public Outcome<TOther> As<TOther>() => this switch
    {
        Refused r => new Outcome<TOther>.Refused(r.Reason),
        Failed f => new Outcome<TOther>.Failed(f.Reason),
        Cancelled => new Outcome<TOther>.Cancelled(),
        TimedOut t => new Outcome<TOther>.TimedOut(t.What, t.DeadlineNs),
        _ => throw new InvalidOperationException("A completed outcome carries a value and cannot be retyped."),
    };
}

/// <summary>The value of an outcome that has nothing more to say.</summary>
public sealed record Nothing
{
    public static readonly Nothing Value = new();
}
