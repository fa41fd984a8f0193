using System.Diagnostics;
using Flyscan.Scanning.Units;

namespace Flyscan.Scanning.Specs;

/// <content>Types that scanspec 1.x does not have.</content>
internal static partial class SpecChecks
{
    private static Found TimedEach(Durations timed, string at, int depth)
    {
        Values(timed.Seconds, at + ".durations", Seconds);
        return Timed(timed.Spec, at, depth);
    }

    private static Found TimedByPosition(DurationByPosition timed, string at, int depth)
    {
        Values(timed.Seconds, at + ".durations", Seconds);
        Values(timed.Positions, at + ".positions", (position, where) => Finite(position, where));
        if (timed.Positions.Count != timed.Seconds.Count)
            throw new SpecException(
                $"has {timed.Seconds.Count} values and positions has {timed.Positions.Count}, but both need equally many",
                at + ".durations");
        for (var i = 1; i < timed.Positions.Count; i++)
        {
            if (timed.Positions[i] <= timed.Positions[i - 1])
                throw new SpecException(
                    $"is {Show(timed.Positions[i])}, but must be above the one before it, {Show(timed.Positions[i - 1])}",
                    $"{at}.positions[{i}]");
        }
        var found = Timed(timed.Spec, at, depth);
        Known(timed.Axis, found.Axes, at + ".axis");
        return found;
    }

    private static Found TimedByVelocity(ConstantVelocity timed, string at, int depth)
    {
        Positive(timed.Velocity, at + ".velocity");
        var found = Timed(timed.Spec, at, depth);
        if (timed.Axis is not null)
            Known(timed.Axis, found.Axes, at + ".axis");
        return found;
    }

    private static Found Delayed(Delay delay, string at, int depth)
    {
        Values(delay.Seconds, at + ".delay", Pause);
        return Visit(delay.Spec, at + ".spec", depth + 1);
    }

    private static Found Masked(Mask mask, string at, int depth)
    {
        var found = Visit(mask.Spec, at + ".spec", depth + 1);
        Inside(mask.Region, at + ".region", depth + 1, found.Axes);
        return found;
    }

    private static void Inside(Region? region, string at, int depth, IReadOnlyList<string> axes)
    {
        if (depth > SpecLimits.Depth)
            throw new SpecException($"regions are nested more than {SpecLimits.Depth} deep; flatten them", at);
        switch (region)
        {
            case null:
                throw new SpecException("is null, but must be a region", at);
            case Region.Range r:
                Known(r.Axis, axes, at + ".axis");
                Ordered(r.Min, r.Max, at, "min", "max");
                break;
            case Region.Rectangle r:
                Plane(r.XAxis, r.YAxis, axes, at);
                Ordered(r.XMin, r.XMax, at, "x_min", "x_max");
                Ordered(r.YMin, r.YMax, at, "y_min", "y_max");
                Finite(r.Angle, at + ".angle");
                break;
            case Region.Polygon p:
                Plane(p.XAxis, p.YAxis, axes, at);
                Corners(p.Vertices, at);
                break;
            case Region.Circle c:
                Plane(c.XAxis, c.YAxis, axes, at);
                Middle(c.XMiddle, c.YMiddle, at);
                Positive(c.Radius, at + ".radius");
                break;
            case Region.Ellipse e:
                Plane(e.XAxis, e.YAxis, axes, at);
                Middle(e.XMiddle, e.YMiddle, at);
                Positive(e.XRadius, at + ".x_radius");
                Positive(e.YRadius, at + ".y_radius");
                Finite(e.Angle, at + ".angle");
                break;
            case Region.Combination c:
                Inside(c.Left, at + ".left", depth + 1, axes);
                Inside(c.Right, at + ".right", depth + 1, axes);
                break;
            default:
                throw new UnreachableException();
        }
    }

    private static void Corners(EquatableArray<Vertex> vertices, string at)
    {
        if (vertices.Count < 3)
            throw new SpecException($"has {vertices.Count} corners, but a polygon needs at least 3", at + ".x_verts");
        for (var i = 0; i < vertices.Count; i++)
        {
            Finite(vertices[i].X, $"{at}.x_verts[{i}]");
            Finite(vertices[i].Y, $"{at}.y_verts[{i}]");
        }
    }

    private static void Middle(double x, double y, string at)
    {
        Finite(x, at + ".x_middle");
        Finite(y, at + ".y_middle");
    }

    private static void Plane(string x, string y, IReadOnlyList<string> axes, string at)
    {
        Known(x, axes, at + ".x_axis");
        Known(y, axes, at + ".y_axis");
        if (x == y)
            throw new SpecException($"x_axis and y_axis are both '{x}', but must differ", at);
    }

    private static Found Points(PointFile file, string at)
    {
        if (string.IsNullOrWhiteSpace(file.File) || file.File.Any(char.IsControl))
            throw new SpecException("is empty or holds control characters, but must name a file", at + ".file");
        if (file.Axes.Count == 0)
            throw new SpecException("is empty, but must name at least one axis", at + ".axes");
        if (file.Columns.Count != file.Axes.Count)
            throw new SpecException($"has {file.Columns.Count} names for {file.Axes.Count} axes", at + ".columns");
        for (var i = 0; i < file.Axes.Count; i++)
        {
            Axis(file.Axes[i], $"{at}.axes[{i}]");
            Axis(file.Columns[i], $"{at}.columns[{i}]");
            if (file.Axes.Take(i).Contains(file.Axes[i]))
                throw new SpecException($"is '{file.Axes[i]}' again, but each axis can stand once", $"{at}.axes[{i}]");
        }
        return new([.. file.Axes], file.DurationColumn is not null);
    }

    private static void Known(string axis, IReadOnlyList<string> axes, string at)
    {
        if (!axes.Contains(axis))
            throw new SpecException($"is '{axis}', but the spec inside moves {Show(axes)}{NameSuggestion.For(axis ?? "", axes)}", at);
    }

    private static void Ordered(double low, double high, string at, string lowName, string highName)
    {
        Finite(low, $"{at}.{lowName}");
        Finite(high, $"{at}.{highName}");
        if (low > high)
            throw new SpecException($"is {Show(high)}, but must be at least {lowName}, {Show(low)}", $"{at}.{highName}");
    }

    private static void Values(EquatableArray<double> values, string at, Action<double, string> check)
    {
        if (values.Count == 0)
            throw new SpecException("is empty, but needs at least one value", at);
        for (var i = 0; i < values.Count; i++)
            check(values[i], values.Count == 1 ? at : $"{at}[{i}]");
    }

    private static void Seconds(double seconds, string at)
    {
        if (!(seconds > 0 && seconds <= SpecLimits.DurationSeconds))
            throw new SpecException($"is {Show(seconds)}, but must be above 0 and at most {Show(SpecLimits.DurationSeconds)} seconds", at);
    }

    private static void Pause(double seconds, string at)
    {
        if (!(seconds >= 0 && seconds <= SpecLimits.DurationSeconds))
            throw new SpecException($"is {Show(seconds)}, but must be between 0 and {Show(SpecLimits.DurationSeconds)} seconds", at);
    }
}
