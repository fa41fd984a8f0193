using System.Diagnostics;
using System.Text.Json;
using Flyscan.Scanning.Units;

namespace Flyscan.Scanning.Specs;

/// <summary>Regions as JSON of scanspec 0.x: objects tagged by <c>type</c>.</summary>
internal static class RegionJson
{
    private static readonly string[] Types =
    [
        "Range", "Rectangle", "Polygon", "Circle", "Ellipse", "UnionOf", "IntersectionOf", "DifferenceOf", "SymmetricDifferenceOf",
    ];

    /// <remarks><b>Errors</b> <see cref="SpecException"/>.</remarks>
    public static Region Read(JsonElement element, string at, int depth)
    {
        if (depth > SpecLimits.Depth)
            throw new SpecException($"regions are nested more than {SpecLimits.Depth} deep; flatten them", at);
        var json = new JsonObject(element, at, "a region: an object with a type");
        var type = json.Text("type");
        switch (type)
        {
            case "Range":
                json.Only(type, "type", "axis", "min", "max");
                return new Region.Range(json.Text("axis"), json.Number("min"), json.Number("max"));
            case "Rectangle":
                json.Only(type, "type", "x_axis", "y_axis", "x_min", "y_min", "x_max", "y_max", "angle");
                return new Region.Rectangle(
                    json.Text("x_axis"), json.Text("y_axis"), json.Number("x_min"), json.Number("y_min"), json.Number("x_max"),
                    json.Number("y_max"), json.Number("angle", () => 0));
            case "Polygon":
                return ReadPolygon(json);
            case "Circle":
                json.Only(type, "type", "x_axis", "y_axis", "x_middle", "y_middle", "radius");
                return new Region.Circle(
                    json.Text("x_axis"), json.Text("y_axis"), json.Number("x_middle"), json.Number("y_middle"), json.Number("radius"));
            case "Ellipse":
                json.Only(type, "type", "x_axis", "y_axis", "x_middle", "y_middle", "x_radius", "y_radius", "angle");
                return new Region.Ellipse(
                    json.Text("x_axis"), json.Text("y_axis"), json.Number("x_middle"), json.Number("y_middle"), json.Number("x_radius"),
                    json.Number("y_radius"), json.Number("angle", () => 0));
            case "UnionOf" or "IntersectionOf" or "DifferenceOf" or "SymmetricDifferenceOf":
                json.Only(type, "type", "left", "right");
                return new Region.Combination(
                    Enum.Parse<RegionOperator>(type), Read(json.Required("left"), at + ".left", depth + 1),
                    Read(json.Required("right"), at + ".right", depth + 1));
            default:
                throw new SpecException($"is '{type}', but must be one of {string.Join(", ", Types)}{NameSuggestion.For(type, Types)}",
                    at + ".type");
        }
    }

    public static void Write(Utf8JsonWriter json, Region region)
    {
        json.WriteStartObject();
        json.WriteString("type", region is Region.Combination { Operator: var how } ? how.ToString() : region.GetType().Name);
        switch (region)
        {
            case Region.Range r:
                json.WriteString("axis", r.Axis);
                Numbers(json, ("min", r.Min), ("max", r.Max));
                break;
            case Region.Rectangle r:
                Plane(json, r.XAxis, r.YAxis);
                Numbers(json, ("x_min", r.XMin), ("y_min", r.YMin), ("x_max", r.XMax), ("y_max", r.YMax), ("angle", r.Angle));
                break;
            case Region.Polygon p:
                Plane(json, p.XAxis, p.YAxis);
                Column(json, "x_verts", p.Vertices, v => v.X);
                Column(json, "y_verts", p.Vertices, v => v.Y);
                break;
            case Region.Circle c:
                Plane(json, c.XAxis, c.YAxis);
                Numbers(json, ("x_middle", c.XMiddle), ("y_middle", c.YMiddle), ("radius", c.Radius));
                break;
            case Region.Ellipse e:
                Plane(json, e.XAxis, e.YAxis);
                Numbers(
                    json, ("x_middle", e.XMiddle), ("y_middle", e.YMiddle), ("x_radius", e.XRadius), ("y_radius", e.YRadius),
                    ("angle", e.Angle));
                break;
            case Region.Combination c:
                json.WritePropertyName("left");
                Write(json, c.Left);
                json.WritePropertyName("right");
                Write(json, c.Right);
                break;
            default:
                throw new UnreachableException();
        }
        json.WriteEndObject();
    }

    private static Region.Polygon ReadPolygon(JsonObject json)
    {
        json.Only("Polygon", "type", "x_axis", "y_axis", "x_verts", "y_verts");
        var (x, y) = (json.Numbers("x_verts"), json.Numbers("y_verts"));
        if (x.Count != y.Count)
            throw new SpecException($"has {y.Count} values and x_verts has {x.Count}, but both need equally many", json.At + ".y_verts");
        return new Region.Polygon(json.Text("x_axis"), json.Text("y_axis"), x.Zip(y, (a, b) => new Vertex(a, b)).ToEquatableArray());
    }

    private static void Plane(Utf8JsonWriter json, string x, string y)
    {
        json.WriteString("x_axis", x);
        json.WriteString("y_axis", y);
    }

    private static void Numbers(Utf8JsonWriter json, params ReadOnlySpan<(string Name, double Value)> members)
    {
        foreach (var (name, value) in members)
            json.WriteNumber(name, value);
    }

    private static void Column(Utf8JsonWriter json, string name, EquatableArray<Vertex> vertices, Func<Vertex, double> of)
    {
        json.WriteStartArray(name);
        foreach (var vertex in vertices)
            json.WriteNumberValue(of(vertex));
        json.WriteEndArray();
    }
}
