namespace Flyscan.Hardware.Epics.ChannelAccess;

/// <summary>What a data type brings beside the value.</summary>
internal enum DbrForm
{
    Plain,
    Status,
    Time,
    Graphic,
    Control,
}

/// <summary>The 39 data types of Channel Access: seven kinds of value in five forms, and four special ones.</summary>
/// <remarks><b>Source</b> db_access.h of EPICS base, as libca lays it out on the wire.</remarks>
internal static class Dbr
{
    public const ushort String = 0;
    public const ushort Short = 1;
    public const ushort Float = 2;
    public const ushort Enum = 3;
    public const ushort Char = 4;
    public const ushort Long = 5;
    public const ushort Double = 6;
    public const ushort PutAckTransient = 35;
    public const ushort PutAckSeverity = 36;
    public const ushort StatusAckString = 37;
    public const ushort ClassName = 38;
    public const int Types = 39;
    public const int StringLength = 40;
    public const int UnitsLength = 8;
    public const int ChoiceLength = 26;
    public const int MostChoices = 16;

    /// <summary>From 1990-01-01, where the servers' clocks begin, back to 1970, in seconds.</summary>
    public const long EpochSeconds = 631_152_000;

    private const int Kinds = 7;

    private static readonly byte[] Sizes = [40, 2, 4, 2, 1, 4, 8];

    // [form][kind]; the gaps are where the C structures pad.
    private static readonly ushort[] Offsets =
    [
        0, 0, 0, 0, 0, 0, 0,
        4, 4, 4, 4, 5, 4, 8,
        12, 14, 12, 14, 15, 12, 16,
        4, 24, 40, 422, 19, 36, 64,
        4, 28, 48, 422, 21, 44, 80,
    ];

    private static readonly string[] Names = ["STRING", "SHORT", "FLOAT", "ENUM", "CHAR", "LONG", "DOUBLE"];
    private static readonly string[] Prefixes = ["", "STS_", "TIME_", "GR_", "CTRL_"];

    public static bool IsKnown(ushort type) => type < Types;

    /// <summary>Which of the seven kinds of value it carries.</summary>
    public static ushort KindOf(ushort type) => type switch
    {
        < PutAckTransient => (ushort)(type % Kinds),
        PutAckTransient or PutAckSeverity => Short,
        _ => String,
    };

    public static DbrForm FormOf(ushort type) => type < PutAckTransient ? (DbrForm)(type / Kinds) : DbrForm.Plain;

    /// <summary>The type that carries a kind of value in a form.</summary>
    public static ushort Of(ushort kind, DbrForm form) => (ushort)(kind + Kinds * (int)form);

    /// <summary>Bytes before the first value.</summary>
    public static int OffsetOf(ushort type) => type < PutAckTransient ? Offsets[type] : type == StatusAckString ? 8 : 0;

    /// <summary>Bytes of one value.</summary>
    public static int ElementOf(ushort type) => Sizes[KindOf(type)];

    /// <summary>Bytes of a payload before padding.</summary>
    public static long LengthOf(ushort type, long count) => OffsetOf(type) + count * ElementOf(type);

    /// <summary>Name as in the specification, such as <c>DBR_TIME_DOUBLE</c>.</summary>
    public static string NameOf(ushort type) => type switch
    {
        < PutAckTransient => $"DBR_{Prefixes[type / Kinds]}{Names[type % Kinds]}",
        PutAckTransient => "DBR_PUT_ACKT",
        PutAckSeverity => "DBR_PUT_ACKS",
        StatusAckString => "DBR_STSACK_STRING",
        ClassName => "DBR_CLASS_NAME",
        _ => $"DBR_{type}",
    };

    /// <summary>Name of a native type, such as <c>DBF_DOUBLE</c>.</summary>
    public static string FieldNameOf(ushort kind) => kind < Kinds ? $"DBF_{Names[kind]}" : $"DBF_{kind}";
}

/// <summary>All that one payload says.</summary>
/// <remarks><b>Units</b> StampNs: nanoseconds since 1970, null for a record never processed and for forms without time.</remarks>
internal sealed record DbrData(PvValue Value)
{
    public PvAlarm Alarm { get; init; }

    public long? StampNs { get; init; }

    /// <summary>Of GR and CTRL forms, else null.</summary>
    public PvMetadata? Metadata { get; init; }
}
