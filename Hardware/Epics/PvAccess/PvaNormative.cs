using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Epics.PvAccess;

/// <summary>Reads structures as what they stand for: a value with alarm, time stamp and metadata.</summary>
/// <remarks>Known by their fields rather than by their id, so that structures like them are read as well. <b>Source</b> EPICS V4
/// Normative Types: NTScalar, NTScalarArray, NTEnum, NTTable, NTNDArray; PVI of ophyd's IOCs.</remarks>
internal static class PvaNormative
{
    /// <summary>QSRV's stamp of a record that was never processed: the epoch of EPICS.</summary>
    private const long Never = 631_152_000;

    private static readonly string[] Causes = ["NO_ALARM", "DEVICE", "DRIVER", "RECORD", "DB", "CONF", "UNDEFINED", "CLIENT"];

    public static PvReading Reading(PvaValue.Structure s, PvAs form, long receivedNs)
    {
        var value = ValueOf(s);
        return new PvReading(form == PvAs.Text && value is not PvValue.Text ? AsText(s, value) : value, AlarmOf(s), StampOf(s), receivedNs);
    }

    /// <summary>What a structure holds.</summary>
    public static PvValue ValueOf(PvaValue.Structure s) => s["value"] switch
    {
        PvaValue.Structure columns when s["labels"] is PvaValue.Array<string> labels => Table(columns, labels.Items),
        PvaValue.Union pixels when s["dimension"] is PvaValue.StructureArray dimensions => Image(s, pixels, dimensions.Items),
        { } value => Of(value),
        null => Of(s),
    };

    public static PvAlarm AlarmOf(PvaValue.Structure s)
    {
        if (s["alarm"] is not PvaValue.Structure alarm)
            return default;
        var severity = (PvSeverity)Math.Clamp(WholeOf(alarm["severity"]), 0, 3);
        if (severity == PvSeverity.None)
            return default;
        var message = (alarm["message"] as PvaValue.Text)?.Value ?? "";
        var cause = (int)Math.Clamp(WholeOf(alarm["status"]), 0, Causes.Length - 1);
        return PvAlarm.StatusOf(message) is var known and >= 0
            ? new PvAlarm(known, severity)
            : new PvAlarm(-cause, severity) { Message = message.Length > 0 ? message : Causes[cause] };
    }

    /// <remarks><b>Units</b> nanoseconds since 1970; null for never.</remarks>
    public static long? StampOf(PvaValue.Structure s)
    {
        if (s["timeStamp"] is not PvaValue.Structure stamp)
            return null;
        var (seconds, ns) = (WholeOf(stamp["secondsPastEpoch"]), WholeOf(stamp["nanoseconds"]));
        return (seconds is 0 or Never && ns == 0) || seconds is < 0 or > long.MaxValue / 2_000_000_000
            ? null
            : (seconds * 1_000_000_000) + Math.Clamp(ns, 0, 999_999_999);
    }

    public static PvMetadata MetadataOf(PvaValue.Structure s)
    {
        var (display, limits) = (s["display"] as PvaValue.Structure, s["valueAlarm"] as PvaValue.Structure);
        return new PvMetadata(ValueOf(s), AlarmOf(s))
        {
            Units = (display?["units"] as PvaValue.Text)?.Value ?? "",
            Precision = display?["precision"] is PvaValue.Whole precision ? (int)Math.Clamp(precision.Value, 0, 20) : null,
            Display = Range(display, "limitLow", "limitHigh"),
            Control = Range(s["control"] as PvaValue.Structure, "limitLow", "limitHigh"),
            AlarmLimits = Range(limits, "lowAlarmLimit", "highAlarmLimit"),
            WarningLimits = Range(limits, "lowWarningLimit", "highWarningLimit"),
            Choices = ChoicesOf(s).ToEquatableArray(),
        };
    }

    /// <summary>An enumeration's choices; none where it is none.</summary>
    public static string[] ChoicesOf(PvaValue.Structure s) => s["value.choices"] is PvaValue.Array<string> choices ? choices.Items : [];

    /// <summary>The name of a type, for a person: the normative type and what is in it.</summary>
    public static string NameOf(PvaType.Structure? type)
    {
        if (type is null)
            return "unknown";
        var value = type.IndexOf("value");
        return value >= 0 && type.Members[value].Type is PvaType.Scalar or PvaType.ScalarArray
            ? $"{type.Name} {type.Members[value].Type.Name}"
            : type.Name;
    }

    private static PvValue AsText(PvaValue.Structure s, PvValue value) => value switch
    {
        PvValue.Number n when s["display.precision"] is PvaValue.Whole { Value: > 0 and <= 15 and var precision } =>
            new PvValue.Text(n.Value.ToString($"F{precision}", System.Globalization.CultureInfo.InvariantCulture)),
        PvValue.Integer or PvValue.Number or PvValue.Choice or PvValue.Array<byte> or PvValue.Array<sbyte> =>
            new PvValue.Text(value.AsText()),
        _ => value,
    };

    private static PvValue Of(PvaValue value) => value switch
    {
        PvaValue.Flag f => new PvValue.Integer(f.Value ? 1 : 0),
        PvaValue.Whole w => new PvValue.Integer(w.Value),
        PvaValue.Number n => new PvValue.Number(n.Value),
        PvaValue.Text t => new PvValue.Text(t.Value),
        PvaValue.Structure s when s["index"] is PvaValue.Whole index && s["choices"] is PvaValue.Array<string> choices =>
            new PvValue.Choice((int)index.Value, choices.Items.ElementAtOrDefault((int)Math.Clamp(index.Value, -1, int.MaxValue))),
        PvaValue.Structure s => new PvValue.Structure(
            s.Fields.Select((field, i) => new PvField(s.Type.Members[i].Name, Of(field))).ToEquatableArray()),
        PvaValue.Union u => u.Value is null ? Nothing : Of(u.Value),
        PvaValue.Any a => a.Value is null ? Nothing : Of(a.Value),
        PvaValue.StructureArray a => new PvValue.Array<PvValue>([.. a.Items.Select(i => i is null ? Nothing : Of(i))]),
        PvaValue.UnionArray a => new PvValue.Array<PvValue>([.. a.Items.Select(i => i is null ? Nothing : Of(i))]),
        PvaValue.AnyArray a => new PvValue.Array<PvValue>([.. a.Items.Select(i => i is null ? Nothing : Of(i))]),
        _ => OfArray(value),
    };

    private static PvValue OfArray(PvaValue value) => value switch
    {
        PvaValue.Array<bool> a => new PvValue.Array<bool>(a.Items),
        PvaValue.Array<sbyte> a => new PvValue.Array<sbyte>(a.Items),
        PvaValue.Array<byte> a => new PvValue.Array<byte>(a.Items),
        PvaValue.Array<short> a => new PvValue.Array<short>(a.Items),
        PvaValue.Array<ushort> a => new PvValue.Array<ushort>(a.Items),
        PvaValue.Array<int> a => new PvValue.Array<int>(a.Items),
        PvaValue.Array<uint> a => new PvValue.Array<uint>(a.Items),
        PvaValue.Array<long> a => new PvValue.Array<long>(a.Items),
        PvaValue.Array<ulong> a => new PvValue.Array<ulong>(a.Items),
        PvaValue.Array<float> a => new PvValue.Array<float>(a.Items),
        PvaValue.Array<double> a => new PvValue.Array<double>(a.Items),
        PvaValue.Array<string> a => new PvValue.Array<string>(a.Items),
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    private static PvValue Nothing => new PvValue.Structure([]);

    /// <summary>Labels and columns belong together by their order.</summary>
    private static PvValue.Table Table(PvaValue.Structure columns, string[] labels) => new(columns.Fields.Select((values, i) =>
    {
        var name = columns.Type.Members[i].Name;
        return new PvColumn(name, i < labels.Length ? labels[i] : name, Of(values));
    }).ToEquatableArray());

    private static PvValue.Image Image(PvaValue.Structure s, PvaValue.Union pixels, PvaValue.Structure?[] dimensions) => new(
        pixels.Value is null ? new PvValue.Array<byte>([]) : Of(pixels.Value),
        dimensions.Select(d => (int)WholeOf(d?["size"])).ToEquatableArray(),
        (s["codec.name"] as PvaValue.Text)?.Value ?? "",
        WholeOf(s["uniqueId"]))
    {
        Attributes = s["attribute"] is PvaValue.StructureArray attributes
            ? attributes.Items.OfType<PvaValue.Structure>()
                .Select(a => new PvField((a["name"] as PvaValue.Text)?.Value ?? "", Of(a["value"] ?? PvaValue.Any.Nothing)))
                .ToEquatableArray()
            : [],
    };

    private static PvRange Range(PvaValue.Structure? s, string low, string high) =>
        s?[low] is { } l && s[high] is { } h ? new PvRange(Of(l).AsNumber(), Of(h).AsNumber()) : PvRange.None;

    private static long WholeOf(PvaValue? value) => value is PvaValue.Whole w ? w.Value : 0;
}
