using System.Diagnostics;
using System.Text.Json;
using Flyscan.Scanning.Units;

namespace Flyscan.Scanning.Specs;

/// <content>Types that scanspec 1.x does not have, and documents of scanspec 0.x.</content>
public static partial class SpecJson
{
    // The axis under which scanspec 0.x kept durations.
    private const string DurationAxis = "DURATION";

    private static Spec ReadTiming(JsonObject json, string type, int depth)
    {
        switch (type)
        {
            case "FixedRate":
                json.Only(type, "type", "rate", "spec");
                var rate = json.Number("rate");
                if (!(rate > 0))
                    throw new SpecException($"is {JsonObject.Show(json.Required("rate"))}, but must be above 0 frames per second",
                        json.At + ".rate");
                return new ConstantDuration(1 / rate, ReadMember(json, "spec", depth));
            case "Durations":
                json.Only(type, "type", "durations", "spec");
                return new Durations(json.Numbers("durations"), ReadMember(json, "spec", depth));
            case "DurationByPosition":
                json.Only(type, "type", "axis", "positions", "durations", "spec");
                return new DurationByPosition(
                    json.Text("axis"), json.Numbers("positions"), json.Numbers("durations"), ReadMember(json, "spec", depth));
            case "ConstantVelocity":
                json.Only(type, "type", "velocity", "axis", "spec");
                return new ConstantVelocity(json.Number("velocity"), ReadMember(json, "spec", depth), json.TextOrNull("axis"));
            default:
                json.Only(type, "type", "delay", "spec");
                return new Delay(json.Numbers("delay", orOne: true), ReadMember(json, "spec", depth));
        }
    }

    private static PointFile ReadPointFile(JsonObject json)
    {
        json.Only("PointFile", "type", "file", "axes", "columns", "duration_column", "delay_column", "group", "sha256");
        var axes = json.Texts("axes");
        return new PointFile(json.Text("file"), axes,
            json.Optional("columns") is { ValueKind: not JsonValueKind.Null } ? json.Texts("columns") : axes)
        {
            DurationColumn = json.TextOrNull("duration_column"),
            DelayColumn = json.TextOrNull("delay_column"),
            Group = json.TextOrNull("group"),
            Sha256 = json.TextOrNull("sha256"),
        };
    }

    private static Mask ReadMask(JsonObject json, int depth)
    {
        json.Only("Mask", "type", "spec", "region", "check_path_changes");
        return new Mask(
            ReadMember(json, "spec", depth), RegionJson.Read(json.Required("region"), json.At + ".region", depth + 1),
            json.Flag("check_path_changes", true));
    }

    // There, width and count were given; the step that makes as many frames gives the same spiral.
    private static Spiral ReadSpiralOf0(JsonObject json)
    {
        json.Only("Spiral", "type", "x_axis", "y_axis", "x_start", "y_start", "x_range", "y_range", "num", "rotate");
        var rotate = json.Number("rotate", () => 0);
        if (rotate != 0)
            throw new SpecException($"is {JsonObject.Show(json.Required("rotate"))}, but a spiral can only begin at 0; leave it out",
                json.At + ".rotate");
        var (width, height, num) = (json.Number("x_range"), json.Number("y_range"), json.Whole("num"));
        if (num is < 1 or > SpecLimits.Frames)
            throw new SpecException($"is {num} frames, but must be between 1 and {SpecLimits.Frames}", json.At + ".num");
        var step = Math.Sqrt(Math.PI * Math.Abs(width * height) / 4 / (num - 0.5));
        return new Spiral(
            json.Text("x_axis"), json.Number("x_start"), width, step, json.Text("y_axis"), json.Number("y_start"), height);
    }

    private static Repeat? ReadRepeatOf0(JsonObject json, string side)
    {
        if (RepeatOf0(json, side) is not { } repeat)
            return null;
        repeat.Only("Repeat", "type", "num", "gap");
        return new Repeat(repeat.Whole("num"));
    }

    private static bool GapOfRepeat(JsonObject json) => RepeatOf0(json, "outer") is not { } repeat || repeat.Flag("gap", true);

    private static JsonObject? RepeatOf0(JsonObject json, string side)
    {
        var element = json.Required(side);
        var isRepeat = element.ValueKind == JsonValueKind.Object && element.TryGetProperty("type", out var type)
            && type.ValueKind == JsonValueKind.String && type.ValueEquals("Repeat");
        return isRepeat ? new JsonObject(element, $"{json.At}.{side}", "a Repeat") : null;
    }

    // fly(spec, duration) of scanspec 0.x: frames that are flown, each for the duration.
    private static Spec OfScanspec0(Zip zip) => zip switch
    {
        { Right: Static { Axis: DurationAxis } time } => new Fly(new ConstantDuration(time.Value, zip.Left)),
        { Left: Static { Axis: DurationAxis } time } => new Fly(new ConstantDuration(time.Value, zip.Right)),
        _ => zip,
    };

    // step(spec, duration, num) of scanspec 0.x: num exposures at each stop.
    private static Product OfScanspec0(Product product) => product switch
    {
        { Outer: Repeat, Inner: Static { Axis: DurationAxis } time } =>
            product with { Inner = new Product(new ConstantDuration(time.Value), new Repeat(time.Num)) },
        { Inner: Static { Axis: DurationAxis } time } =>
            product with { Outer = new ConstantDuration(time.Value, product.Outer), Inner = new Repeat(time.Num) },
        _ => product,
    };

    private static void WriteTiming(Utf8JsonWriter json, Spec spec)
    {
        switch (spec)
        {
            case Durations d:
                WriteNumbers(json, "durations", d.Seconds);
                WriteMember(json, "spec", d.Spec);
                break;
            case DurationByPosition d:
                json.WriteString("axis", d.Axis);
                WriteNumbers(json, "positions", d.Positions);
                WriteNumbers(json, "durations", d.Seconds);
                WriteMember(json, "spec", d.Spec);
                break;
            case ConstantVelocity v:
                json.WriteNumber("velocity", v.Velocity);
                if (v.Axis is not null)
                    json.WriteString("axis", v.Axis);
                WriteMember(json, "spec", v.Spec);
                break;
            case Delay { Seconds: [var seconds] } d:
                json.WriteNumber("delay", seconds);
                WriteMember(json, "spec", d.Spec);
                break;
            case Delay d:
                WriteNumbers(json, "delay", d.Seconds);
                WriteMember(json, "spec", d.Spec);
                break;
            default:
                throw new UnreachableException();
        }
    }

    private static void WritePointFile(Utf8JsonWriter json, PointFile file)
    {
        json.WriteString("file", file.File);
        WriteTexts(json, "axes", file.Axes);
        WriteTexts(json, "columns", file.Columns);
        ReadOnlySpan<(string Name, string? Value)> optional =
        [
            ("duration_column", file.DurationColumn), ("delay_column", file.DelayColumn), ("group", file.Group), ("sha256", file.Sha256),
        ];
        foreach (var (name, value) in optional)
        {
            if (value is not null)
                json.WriteString(name, value);
        }
    }

    private static void WriteTexts(Utf8JsonWriter json, string name, EquatableArray<string> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values)
            json.WriteStringValue(value);
        json.WriteEndArray();
    }

    private static void WriteNumbers(Utf8JsonWriter json, string name, EquatableArray<double> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values)
            json.WriteNumberValue(value);
        json.WriteEndArray();
    }
}
