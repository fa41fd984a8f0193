namespace Flyscan.Hardware.Epics;

/// <summary>How bad a record's state is.</summary>
public enum PvSeverity
{
    None,
    Minor,
    Major,

    /// <summary>The value means nothing.</summary>
    Invalid,
}

/// <summary>A record's alarm. Status: its code, named by <see cref="PvAlarm.StatusName"/>; negative where a server has names of its own.
/// </summary>
public readonly record struct PvAlarm(int Status, PvSeverity Severity)
{
    private static readonly string[] Names =
    [
        "NO_ALARM", "READ", "WRITE", "HIHI", "HIGH", "LOLO", "LOW", "STATE", "COS", "COMM", "TIMEOUT", "HWLIMIT", "CALC", "SCAN", "LINK",
        "SOFT", "BAD_SUB", "UDF", "DISABLE", "SIMM", "READ_ACCESS", "WRITE_ACCESS",
    ];

    /// <summary>What the server calls the status, where that is none of the known names.</summary>
    public string? Message { get; init; }

    /// <summary>The status as clients print it.</summary>
    public string StatusName => Message is not null ? Message : Status >= 0 && Status < Names.Length ? Names[Status] : $"STATUS_{Status}";

    /// <summary>The code of a status by its name; negative where it is none.</summary>
    public static int StatusOf(string name) => System.Array.IndexOf(Names, name);

    /// <summary>The severity as clients print it.</summary>
    public string SeverityName => Severity switch
    {
        PvSeverity.None => "NO_ALARM",
        PvSeverity.Minor => "MINOR",
        PvSeverity.Major => "MAJOR",
        PvSeverity.Invalid => "INVALID",
        _ => $"SEVERITY_{(int)Severity}",
    };
}

/// <summary>A value with its alarm and time stamp.</summary>
/// <remarks><b>Units</b> StampNs: nanoseconds since 1970 by the server's clock, null for a record that was never processed; ReceivedNs:
/// nanoseconds since 1970 by ours.</remarks>
public sealed record PvReading(PvValue Value, PvAlarm Alarm, long? StampNs, long ReceivedNs);

/// <summary>A range; both NaN where the record states none.</summary>
public readonly record struct PvRange(double Low, double High)
{
    public static readonly PvRange None = new(double.NaN, double.NaN);
}

/// <summary>What a record says of its value.</summary>
public sealed record PvMetadata(PvValue Value, PvAlarm Alarm)
{
    public string Units { get; init; } = "";

    /// <summary>Decimals to show; null where the record states none.</summary>
    public int? Precision { get; init; }

    public PvRange Display { get; init; } = PvRange.None;

    public PvRange AlarmLimits { get; init; } = PvRange.None;

    public PvRange WarningLimits { get; init; } = PvRange.None;

    public PvRange Control { get; init; } = PvRange.None;

    /// <summary>An enumeration's choices by index; empty for what is none.</summary>
    public Scanning.Units.EquatableArray<string> Choices { get; init; }
}

/// <summary>What is known of a connected channel. NativeType: the protocol's own name of the type; Count: most elements.</summary>
public sealed record PvChannelInfo(string Server, string NativeType, int Count, bool CanRead, bool CanWrite);
