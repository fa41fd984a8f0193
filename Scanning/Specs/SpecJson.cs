using System.Diagnostics;
using System.Text.Json;
using Flyscan.Scanning.Units;

namespace Flyscan.Scanning.Specs;

/// <summary>Specs as JSON of scanspec 1.x: objects tagged by <c>type</c>.</summary>
/// <remarks>
/// Stricter than scanspec where that accepts what makes no scan: numbers as text, NaN, axes that are not text, zero
/// repeats. <b>Source</b> scanspec 1.0.0 JSON schema.
/// </remarks>
public static partial class SpecJson
{
    private static readonly string[] Types =
    [
        "Product", "Zip", "Snake", "Concat", "Squash", "Linspace", "Range", "Fly", "ConstantDuration", "Static", "Spiral", "Ellipse",
        "Polygon", "FixedRate", "Durations", "DurationByPosition", "ConstantVelocity", "Delay", "PointFile", "Mask",
    ];

    /// <summary>Reads a spec document; source names the file or other origin in errors.</summary>
    /// <remarks><b>Errors</b> <see cref="SpecException"/>.</remarks>
    public static Spec Parse(ReadOnlySpan<byte> utf8, string source)
    {
        using var json = JsonText.Parse(utf8, source);
        return Parse(json.RootElement, source);
    }

    /// <summary>Reads a spec that is part of a larger document; at is its place there.</summary>
    /// <remarks><b>Errors</b> <see cref="SpecException"/>.</remarks>
    public static Spec Parse(JsonElement element, string source, string at = "spec")
    {
        try
        {
            var spec = Read(element, at, 1);
            SpecChecks.Check(spec, at);
            return spec;
        }
        catch (SpecException error) when (error.Document is null)
        {
            throw error.In(source);
        }
    }

    /// <summary>The spec as UTF-8 JSON, every field written, the same for equal specs.</summary>
    public static byte[] Write(Spec spec)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
            Write(json, spec);
        return stream.ToArray();
    }

    /// <summary>Writes the spec as one JSON value.</summary>
    public static void Write(Utf8JsonWriter json, Spec spec)
    {
        if (spec is Repeat repeat)
        {
            json.WriteNumberValue(repeat.Num);
            return;
        }
        json.WriteStartObject();
        json.WriteString("type", spec.GetType().Name);
        WriteFields(json, spec);
        json.WriteEndObject();
    }

    private static Spec Read(JsonElement element, string at, int depth)
    {
        if (depth > SpecLimits.Depth)
            throw new SpecException($"specs are nested more than {SpecLimits.Depth} deep; flatten the spec", at);
        var json = new JsonObject(element, at, "a spec: an object with a type");
        var type = json.Text("type");
        return type switch
        {
            "Linspace" or "Line" or "Range" or "Static" => ReadLine(json, type),
            "Spiral" when json.Has("x_start") => ReadSpiralOf0(json),
            "Spiral" or "Ellipse" or "Polygon" => ReadRegion(json, type),
            "Product" or "Zip" or "Concat" => ReadPair(json, type, depth),
            "Snake" or "Squash" or "Fly" or "ConstantDuration" => ReadWrapper(json, type, depth),
            "FixedRate" or "Durations" or "DurationByPosition" or "ConstantVelocity" or "Delay" => ReadTiming(json, type, depth),
            "PointFile" => ReadPointFile(json),
            "Mask" => ReadMask(json, depth),
            _ => throw new SpecException($"is '{type}'{Known(type)}", at + ".type"),
        };
    }

    private static string Known(string type)
    {
        var formerly = type switch
        {
            "Repeat" => " by itself; a repeat is outer or inner of a Product",
            _ => NameSuggestion.For(type, Types),
        };
        return formerly == "" ? $", but must be one of {string.Join(", ", Types)}" : ", which is not a type of spec" + formerly;
    }

    private static Spec ReadLine(JsonObject json, string type)
    {
        switch (type)
        {
            case "Linspace" or "Line":
                json.Only(type, "type", "axis", "start", "stop", "num");
                return new Linspace(json.Text("axis"), json.Number("start"), json.Number("stop"), json.Whole("num", 1));
            case "Range":
                json.Only("Range", "type", "axis", "start", "stop", "step");
                var (start, stop) = (json.Number("start"), json.Number("stop"));
                if (start == stop && !json.Has("step"))
                    throw new SpecException("is missing, and start equals stop: there is no distance to take for it", json.At + ".step");
                return new Range(json.Text("axis"), start, stop, json.Number("step", () => Math.Abs(stop - start)));
            default:
                json.Only("Static", "type", "axis", "value", "num");
                return new Static(json.Text("axis"), json.Number("value"), json.Whole("num", 1));
        }
    }

    private static Spec ReadRegion(JsonObject json, string type)
    {
        if (type == "Polygon")
        {
            json.Only("Polygon", "type", "x_axis", "y_axis", "vertices", "x_step", "y_step", "snake", "vertical");
            var step = json.Number("x_step");
            return new Polygon(
                json.Text("x_axis"), json.Text("y_axis"), ReadVertices(json), step, json.Number("y_step", () => step),
                json.Flag("snake", false), json.Flag("vertical", false));
        }
        string[] round = ["type", "x_axis", "x_centre", "x_diameter", "x_step", "y_axis", "y_centre", "y_diameter"];
        json.Only(type, type == "Spiral" ? round : [.. round, "y_step", "snake", "vertical"]);
        var diameter = json.Number("x_diameter");
        var spiral = new Spiral(
            json.Text("x_axis"), json.Number("x_centre"), diameter, json.Number("x_step"), json.Text("y_axis"), json.Number("y_centre"),
            json.Number("y_diameter", () => Math.Abs(diameter)));
        return type == "Spiral"
            ? spiral
            : new Ellipse(
                spiral.XAxis, spiral.XCentre, spiral.XDiameter, spiral.XStep, spiral.YAxis, spiral.YCentre, spiral.YDiameter,
                json.Number("y_step", () => spiral.XStep), json.Flag("snake", false), json.Flag("vertical", false));
    }

    private static EquatableArray<Vertex> ReadVertices(JsonObject json)
    {
        var at = json.At + ".vertices";
        var array = json.Required("vertices");
        if (array.ValueKind != JsonValueKind.Array)
            throw new SpecException($"is {JsonObject.Show(array)}, but must be an array of [x, y]", at);
        return array.EnumerateArray().Select((corner, i) =>
        {
            if (corner.ValueKind != JsonValueKind.Array || corner.GetArrayLength() != 2)
                throw new SpecException($"is {JsonObject.Show(corner)}, but must be [x, y]", $"{at}[{i}]");
            return new Vertex(JsonObject.AsNumber(corner[0], $"{at}[{i}][0]"), JsonObject.AsNumber(corner[1], $"{at}[{i}][1]"));
        }).ToEquatableArray();
    }

    private static Spec ReadPair(JsonObject json, string type, int depth)
    {
        switch (type)
        {
            case "Product":
                json.Only("Product", "type", "outer", "inner", "gap");
                var gap = json.Flag("gap", true) && GapOfRepeat(json);
                return OfScanspec0(new Product(ReadSide(json, "outer", depth), ReadSide(json, "inner", depth), gap));
            case "Zip":
                json.Only("Zip", "type", "left", "right");
                return OfScanspec0(new Zip(ReadMember(json, "left", depth), ReadMember(json, "right", depth)));
            default:
                json.Only("Concat", "type", "left", "right", "gap", "check_path_changes");
                return new Concat(
                    ReadMember(json, "left", depth), ReadMember(json, "right", depth), json.Flag("gap", false),
                    json.Flag("check_path_changes", true));
        }
    }

    private static Spec ReadWrapper(JsonObject json, string type, int depth)
    {
        switch (type)
        {
            case "Snake":
                json.Only("Snake", "type", "spec");
                return new Snake(ReadMember(json, "spec", depth));
            case "Squash":
                json.Only("Squash", "type", "spec", "check_path_changes");
                return new Squash(ReadMember(json, "spec", depth), json.Flag("check_path_changes", true));
            case "Fly":
                json.Only("Fly", "type", "spec");
                return new Fly(ReadMember(json, "spec", depth));
            default:
                json.Only("ConstantDuration", "type", "constant_duration", "spec");
                var inside = json.Optional("spec");
                return new ConstantDuration(
                    json.Number("constant_duration"),
                    inside is null or { ValueKind: JsonValueKind.Null } ? null : ReadMember(json, "spec", depth));
        }
    }

    private static Spec ReadMember(JsonObject json, string name, int depth) => Read(json.Required(name), $"{json.At}.{name}", depth + 1);

    private static Spec ReadSide(JsonObject json, string name, int depth) => json.Required(name).ValueKind switch
    {
        JsonValueKind.Number => new Repeat(json.Whole(name)),
        JsonValueKind.Object => ReadRepeatOf0(json, name) ?? ReadMember(json, name, depth),
        _ => throw new SpecException(
            $"is {JsonObject.Show(json.Required(name))}, but must be a spec or a whole number of repeats", $"{json.At}.{name}"),
    };

    private static void WriteFields(Utf8JsonWriter json, Spec spec)
    {
        switch (spec)
        {
            case Linspace l:
                json.WriteString("axis", l.Axis);
                json.WriteNumber("start", l.Start);
                json.WriteNumber("stop", l.Stop);
                json.WriteNumber("num", l.Num);
                break;
            case Range r:
                json.WriteString("axis", r.Axis);
                json.WriteNumber("start", r.Start);
                json.WriteNumber("stop", r.Stop);
                json.WriteNumber("step", r.Step);
                break;
            case Static s:
                json.WriteString("axis", s.Axis);
                json.WriteNumber("value", s.Value);
                json.WriteNumber("num", s.Num);
                break;
            case Spiral or Ellipse or Polygon:
                WriteRegion(json, spec);
                break;
            case Product p:
                WriteMember(json, "outer", p.Outer);
                WriteMember(json, "inner", p.Inner);
                json.WriteBoolean("gap", p.Gap);
                break;
            case Zip z:
                WriteMember(json, "left", z.Left);
                WriteMember(json, "right", z.Right);
                break;
            case Durations or DurationByPosition or ConstantVelocity or Delay:
                WriteTiming(json, spec);
                break;
            case PointFile f:
                WritePointFile(json, f);
                break;
            case Mask m:
                WriteMember(json, "spec", m.Spec);
                json.WritePropertyName("region");
                RegionJson.Write(json, m.Region);
                json.WriteBoolean("check_path_changes", m.CheckPathChanges);
                break;
            default:
                WriteWrapper(json, spec);
                break;
        }
    }

    private static void WriteWrapper(Utf8JsonWriter json, Spec spec)
    {
        switch (spec)
        {
            case Concat c:
                WriteMember(json, "left", c.Left);
                WriteMember(json, "right", c.Right);
                json.WriteBoolean("gap", c.Gap);
                json.WriteBoolean("check_path_changes", c.CheckPathChanges);
                break;
            case Squash s:
                WriteMember(json, "spec", s.Spec);
                json.WriteBoolean("check_path_changes", s.CheckPathChanges);
                break;
            case Snake s:
                WriteMember(json, "spec", s.Spec);
                break;
            case Fly f:
                WriteMember(json, "spec", f.Spec);
                break;
            case ConstantDuration d:
                json.WriteNumber("constant_duration", d.DurationSeconds);
                if (d.Spec is null)
                    json.WriteNull("spec");
                else
                    WriteMember(json, "spec", d.Spec);
                break;
            default:
                throw new UnreachableException();
        }
    }

    private static void WriteRegion(Utf8JsonWriter json, Spec spec)
    {
        switch (spec)
        {
            case Spiral s:
                WriteRound(json, s);
                break;
            case Ellipse e:
                WriteRound(json, new Spiral(e.XAxis, e.XCentre, e.XDiameter, e.XStep, e.YAxis, e.YCentre, e.YDiameter));
                json.WriteNumber("y_step", e.YStep);
                json.WriteBoolean("snake", e.Snake);
                json.WriteBoolean("vertical", e.Vertical);
                break;
            case Polygon p:
                json.WriteString("x_axis", p.XAxis);
                json.WriteString("y_axis", p.YAxis);
                json.WriteStartArray("vertices");
                foreach (var corner in p.Vertices)
                {
                    json.WriteStartArray();
                    json.WriteNumberValue(corner.X);
                    json.WriteNumberValue(corner.Y);
                    json.WriteEndArray();
                }
                json.WriteEndArray();
                json.WriteNumber("x_step", p.XStep);
                json.WriteNumber("y_step", p.YStep);
                json.WriteBoolean("snake", p.Snake);
                json.WriteBoolean("vertical", p.Vertical);
                break;
            default:
                throw new UnreachableException();
        }
    }

    private static void WriteRound(Utf8JsonWriter json, Spiral s)
    {
        json.WriteString("x_axis", s.XAxis);
        json.WriteNumber("x_centre", s.XCentre);
        json.WriteNumber("x_diameter", s.XDiameter);
        json.WriteNumber("x_step", s.XStep);
        json.WriteString("y_axis", s.YAxis);
        json.WriteNumber("y_centre", s.YCentre);
        json.WriteNumber("y_diameter", s.YDiameter);
    }

    private static void WriteMember(Utf8JsonWriter json, string name, Spec spec)
    {
        json.WritePropertyName(name);
        Write(json, spec);
    }
}
