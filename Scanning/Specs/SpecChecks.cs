using System.Diagnostics;
using System.Globalization;

namespace Flyscan.Scanning.Specs;

/// <summary>What a spec must satisfy by itself, before any path is built.</summary>
/// <remarks>Values in range, each axis once, at most one duration per branch, and no deeper than <see cref="SpecLimits.Depth"/>.</remarks>
internal static partial class SpecChecks
{
    /// <summary>Throws <see cref="SpecException"/> at the first thing wrong.</summary>
    public static void Check(Spec spec, string at)
    {
        var found = Visit(spec, at, 1);
        if (found.Axes.Count > SpecLimits.Axes)
            throw new SpecException($"has {found.Axes.Count} axes, but at most {SpecLimits.Axes} can be scanned", at);
    }

    private readonly record struct Found(IReadOnlyList<string> Axes, bool HasDuration);

    private static Found Visit(Spec? spec, string at, int depth)
    {
        if (depth > SpecLimits.Depth)
            throw new SpecException($"specs are nested more than {SpecLimits.Depth} deep; flatten the spec", at);
        return spec switch
        {
            Linspace l => Leaf(Line(l, at)),
            Range r => Leaf(Stepped(r, at)),
            Static s => Leaf(Held(s, at)),
            Spiral s => Leaf(Coil(s, at)),
            Ellipse e => Leaf(Mask(e, at)),
            Polygon p => Leaf(Mask(p, at)),
            Product p => Multiply(p, at, depth),
            Zip z => Both(z, at, depth),
            Concat c => Join(c, at, depth),
            Snake s => Visit(s.Spec, at + ".spec", depth + 1),
            Squash s => Visit(s.Spec, at + ".spec", depth + 1),
            Fly f => Visit(f.Spec, at + ".spec", depth + 1),
            ConstantDuration d => Timed(d, at, depth),
            Durations d => TimedEach(d, at, depth),
            DurationByPosition d => TimedByPosition(d, at, depth),
            ConstantVelocity v => TimedByVelocity(v, at, depth),
            Delay d => Delayed(d, at, depth),
            Mask m => Masked(m, at, depth),
            PointFile f => Points(f, at),
            Repeat => throw new SpecException("a whole number can only be the outer or the inner of a Product", at),
            null => throw new SpecException("is null, but must be a spec", at),
            _ => throw new UnreachableException(),
        };
    }

    private static Found Leaf(params IReadOnlyList<string> axes) => new(axes, false);

    private static string Line(Linspace line, string at)
    {
        // The usual line, without the names of places that only an error needs.
        if (double.IsFinite(line.Start) && double.IsFinite(line.Stop - line.Start) && line.Num is >= 1 and <= SpecLimits.Frames)
            return Axis(line.Axis, at, ".axis");
        Finite(line.Start, at + ".start");
        Finite(line.Stop, at + ".stop");
        Finite(line.Stop - line.Start, at, "the distance from start to stop");
        Count(line.Num, at + ".num", "frames");
        return Axis(line.Axis, at + ".axis");
    }

    private static string Stepped(Range range, string at)
    {
        Finite(range.Start, at + ".start");
        Finite(range.Stop, at + ".stop");
        Finite(range.Stop - range.Start, at, "the distance from start to stop");
        Positive(range.Step, at + ".step");
        Steps(Math.Abs(range.Stop - range.Start) / range.Step, at + ".step", range.Step);
        return Axis(range.Axis, at + ".axis");
    }

    private static string Held(Static held, string at)
    {
        Finite(held.Value, at + ".value");
        Count(held.Num, at + ".num", "frames");
        return Axis(held.Axis, at + ".axis");
    }

    private static string[] Coil(Spiral spiral, string at)
    {
        Finite(spiral.XCentre, at + ".x_centre");
        Finite(spiral.YCentre, at + ".y_centre");
        Diameter(spiral.XDiameter, at + ".x_diameter");
        Diameter(spiral.YDiameter, at + ".y_diameter");
        Positive(spiral.XStep, at + ".x_step");
        var area = Math.PI * spiral.XDiameter * spiral.YDiameter / 4;
        if (area <= 0)
        {
            throw new SpecException(
                $"x_diameter is {Show(spiral.XDiameter)} and y_diameter {Show(spiral.YDiameter)}, but both must have the same sign", at);
        }
        Steps(area / (spiral.XStep * spiral.XStep), at + ".x_step", spiral.XStep);
        return Axes(spiral.XAxis, spiral.YAxis, at);
    }

    private static string[] Mask(Ellipse ellipse, string at)
    {
        Finite(ellipse.XCentre, at + ".x_centre");
        Finite(ellipse.YCentre, at + ".y_centre");
        Diameter(ellipse.XDiameter, at + ".x_diameter");
        Diameter(ellipse.YDiameter, at + ".y_diameter");
        Positive(ellipse.XStep, at + ".x_step");
        Positive(ellipse.YStep, at + ".y_step");
        Grid(Math.Abs(ellipse.XDiameter), ellipse.XStep, Math.Abs(ellipse.YDiameter), ellipse.YStep, at);
        return Axes(ellipse.XAxis, ellipse.YAxis, at);
    }

    private static string[] Mask(Polygon polygon, string at)
    {
        Positive(polygon.XStep, at + ".x_step");
        Positive(polygon.YStep, at + ".y_step");
        if (polygon.Vertices.Count < 3)
            throw new SpecException($"has {polygon.Vertices.Count} vertices, but a polygon needs at least 3", at + ".vertices");
        for (var i = 0; i < polygon.Vertices.Count; i++)
        {
            Finite(polygon.Vertices[i].X, $"{at}.vertices[{i}][0]");
            Finite(polygon.Vertices[i].Y, $"{at}.vertices[{i}][1]");
        }
        var width = polygon.Vertices.Max(v => v.X) - polygon.Vertices.Min(v => v.X);
        var height = polygon.Vertices.Max(v => v.Y) - polygon.Vertices.Min(v => v.Y);
        if (width < polygon.XStep && height < polygon.YStep)
        {
            var size = $"{Show(width)} by {Show(height)}";
            throw new SpecException($"is {size}, less than one step both ways, so that no grid fits; use smaller steps", at + ".vertices");
        }
        Grid(width, polygon.XStep, height, polygon.YStep, at);
        return Axes(polygon.XAxis, polygon.YAxis, at);
    }

    private static Found Multiply(Product product, string at, int depth)
    {
        if (product is { Outer: Repeat, Inner: Repeat })
            throw new SpecException("outer and inner are both whole numbers, but one of them must be a spec", at);
        var outer = Side(product.Outer, at + ".outer", depth);
        var inner = Side(product.Inner, at + ".inner", depth);
        return Merge(outer, inner, at, "outer", "inner");
    }

    private static Found Side(Spec side, string at, int depth)
    {
        if (side is not Repeat repeat)
            return Visit(side, at, depth + 1);
        Count(repeat.Num, at, "repeats");
        return Leaf();
    }

    private static Found Both(Zip zip, string at, int depth) =>
        Merge(Visit(zip.Left, at + ".left", depth + 1), Visit(zip.Right, at + ".right", depth + 1), at, "left", "right");

    private static Found Join(Concat concat, string at, int depth)
    {
        var left = Visit(concat.Left, at + ".left", depth + 1);
        var right = Visit(concat.Right, at + ".right", depth + 1);
        if (!left.Axes.Order(StringComparer.Ordinal).SequenceEqual(right.Axes.Order(StringComparer.Ordinal)))
        {
            var sides = $"left moves {Show(left.Axes)} and right {Show(right.Axes)}";
            throw new SpecException($"{sides}, but both must move the same axes", at);
        }
        if (left.HasDuration == right.HasDuration)
            return left;
        var (with, without) = left.HasDuration ? ("left", "right") : ("right", "left");
        throw new SpecException($"{with} defines a duration and {without} does not, but both must or neither", at);
    }

    private static Found Timed(ConstantDuration timed, string at, int depth)
    {
        Seconds(timed.DurationSeconds, at + ".constant_duration");
        return timed.Spec is null ? new([], true) : Timed(timed.Spec, at, depth);
    }

    private static Found Timed(Spec spec, string at, int depth)
    {
        var inside = Visit(spec, at + ".spec", depth + 1);
        if (inside.HasDuration)
            throw new SpecException("gives a duration to a spec that has one already; remove one of them", at);
        return inside with { HasDuration = true };
    }

    private static Found Merge(Found first, Found second, string at, string firstName, string secondName)
    {
        var twice = first.Axes.FirstOrDefault(second.Axes.Contains);
        if (twice is not null)
            throw new SpecException($"axis '{twice}' is moved by both {firstName} and {secondName}", at);
        if (first.HasDuration && second.HasDuration)
            throw new SpecException($"both {firstName} and {secondName} define a duration; remove one of them", at);
        return new([.. first.Axes, .. second.Axes], first.HasDuration || second.HasDuration);
    }

    private static string[] Axes(string x, string y, string at)
    {
        Axis(x, at + ".x_axis");
        Axis(y, at + ".y_axis");
        return x == y ? throw new SpecException($"x_axis and y_axis are both '{x}', but must differ", at) : [y, x];
    }

    private static string Axis(string? axis, string at, string member = "") =>
        string.IsNullOrWhiteSpace(axis) || HasControl(axis)
            ? throw new SpecException("is empty or holds control characters, but must name an axis", at + member)
            : axis;

    private static bool HasControl(string text)
    {
        foreach (var character in text)
        {
            if (char.IsControl(character))
                return true;
        }
        return false;
    }

    private static void Finite(double value, string at, string? what = null)
    {
        if (!double.IsFinite(value))
            throw new SpecException($"{(what is null ? "" : what + " ")}is {Show(value)}, but must be a finite number", at);
    }

    private static void Positive(double value, string at)
    {
        if (!(value > 0 && double.IsFinite(value)))
            throw new SpecException($"is {Show(value)}, but must be a finite number above 0", at);
    }

    private static void Diameter(double value, string at)
    {
        if (!double.IsFinite(value) || value == 0)
            throw new SpecException($"is {Show(value)}, but must be a finite number other than 0", at);
    }

    private static void Count(long value, string at, string what)
    {
        if (value is < 1 or > SpecLimits.Frames)
            throw new SpecException($"is {value} {what}, but must be between 1 and {SpecLimits.Frames}", at);
    }

    private static void Steps(double count, string at, double step)
    {
        if (!(count < SpecLimits.Frames))
            throw new SpecException($"is {Show(step)}, which makes more than the {SpecLimits.Frames} frames of a scan", at);
    }

    private static void Grid(double width, double xStep, double height, double yStep, string at)
    {
        var points = (width / xStep + 1) * (height / yStep + 1);
        if (!(points <= SpecLimits.MaskPoints))
        {
            var limit = $"a mask has at most {SpecLimits.MaskPoints}";
            throw new SpecException($"its grid has {Show(points)} points, but {limit}; use larger steps", at);
        }
    }

    private static string Show(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    private static string Show(IReadOnlyList<string> axes) => axes.Count == 0 ? "no axis" : string.Join(", ", axes);
}
