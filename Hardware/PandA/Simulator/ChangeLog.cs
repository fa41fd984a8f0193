namespace Flyscan.Hardware.PandA.Simulator;

/// <summary>What <c>*CHANGES</c> sorts changes into.</summary>
internal enum ChangeGroup
{
    Config,
    Bits,
    Posn,
    Read,
    Attr,
    Table,
    Metadata,
}

/// <summary>The number of the last change of anything in the box.</summary>
internal sealed class ChangeLog
{
    /// <summary>Everything counts as changed once when the box begins.</summary>
    public long Last { get; private set; } = 1;

    public long Next() => ++Last;
}

/// <summary>One line that a change group can report, and when it last changed.</summary>
internal sealed class ChangeEntry(ChangeLog log, ChangeGroup group, string name, Func<string?> text)
{
    private string? _seen;

    public ChangeGroup Group => group;

    /// <summary>It holds many lines, of which no change report tells more than that they changed.</summary>
    public bool IsLines { get; init; } = group == ChangeGroup.Table;

    public long Changed { get; private set; } = 1;

    public void Mark() => Changed = log.Next();

    /// <summary>What the hardware shows is asked for: a difference from the last time is a change.</summary>
    public void Poll()
    {
        if (group is not (ChangeGroup.Bits or ChangeGroup.Posn or ChangeGroup.Read))
            return;
        var now = text();
        if (_seen is not null && now != _seen)
            Mark();
        _seen = now;
    }

    /// <summary>As it is reported.</summary>
    public string Line => IsLines ? $"{name}<" : text() is { } value ? $"{name}={value}" : $"{name} (error)";
}
