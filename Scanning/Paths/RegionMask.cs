using System.Diagnostics;
using Flyscan.Scanning.Specs;

namespace Flyscan.Scanning.Paths;

/// <summary>Takes from a stack the frames that lie in a region.</summary>
internal static class RegionMask
{
    public static IReadOnlyList<Layer> Apply(Mask mask, IReadOnlyList<Layer> layers, Place place)
    {
        var stack = layers.ToList();
        foreach (var group in Groups(mask.Region))
        {
            var axes = group.SelectMany(AxesOf).Distinct().ToList();
            var first = stack.FindIndex(l => l.Source.Axes.Any(axes.Contains));
            var last = stack.FindLastIndex(l => l.Source.Axes.Any(axes.Contains));
            var dimension = Join(stack.GetRange(first, last - first + 1), mask, place with { Nested = place.Nested || first > 0 });
            stack.RemoveRange(first, last - first + 1);
            stack.Insert(first, Pick(dimension, group, place.At));
        }
        return stack;
    }

    private static Layer Join(List<Layer> layers, Mask mask, Place place)
    {
        if (layers is [var only])
            return only;
        if (place.Nested && mask.CheckPathChanges)
            PathBuilder.CheckSquash(layers, place.At);
        return new Layer(new SquashSource(new LayerStack(layers, place.At)), layers[0].Snaked);
    }

    private static Layer Pick(Layer dimension, List<Region> regions, string at)
    {
        var source = dimension.Source;
        if (source.Length > SpecLimits.MaskPoints)
            throw new SpecException($"masks {source.Length} frames, but at most {SpecLimits.MaskPoints} can be; use larger steps",
                at + ".spec");
        var tests = regions.Select(r => Compile(r, source)).ToList();
        var picked = PickedSource.Of(source, (midpoints, kept) =>
        {
            for (var i = 0; i < kept.Length; i++)
                kept[i] = tests.TrueForAll(test => test(midpoints, i));
        });
        return picked is null
            ? throw new SpecException("no frame of the spec lies inside; use smaller steps or a larger region", at + ".region")
            : dimension with { Source = picked };
    }

    // What must hold together can be seen to one by one, so that regions of different axes leave the grid a grid.
    private static List<List<Region>> Groups(Region region)
    {
        var groups = new List<List<Region>>();
        foreach (var part in Parts(region))
        {
            var axes = AxesOf(part).ToList();
            var same = groups.Where(g => g.SelectMany(AxesOf).Any(axes.Contains)).ToList();
            groups.RemoveAll(same.Contains);
            groups.Add([.. same.SelectMany(g => g), part]);
        }
        return groups;
    }

    private static IEnumerable<Region> Parts(Region region) =>
        region is Region.Combination { Operator: RegionOperator.IntersectionOf } both
            ? Parts(both.Left).Concat(Parts(both.Right)) : [region];

    private static IEnumerable<string> AxesOf(Region region) => region switch
    {
        Region.Range r => [r.Axis],
        Region.Rectangle r => [r.XAxis, r.YAxis],
        Region.Polygon p => [p.XAxis, p.YAxis],
        Region.Circle c => [c.XAxis, c.YAxis],
        Region.Ellipse e => [e.XAxis, e.YAxis],
        Region.Combination c => AxesOf(c.Left).Union(AxesOf(c.Right)),
        _ => throw new UnreachableException(),
    };

    private static Func<double[][], int, bool> Compile(Region region, FrameSource source)
    {
        Func<double[][], int, bool> Plane(string xAxis, string yAxis, Func<double, double, bool> inside)
        {
            var (x, y) = (source.AxisIndex(xAxis), source.AxisIndex(yAxis));
            return (midpoints, i) => inside(midpoints[x][i], midpoints[y][i]);
        }
        return region switch
        {
            Region.Range r => Interval(r, source.AxisIndex(r.Axis)),
            Region.Rectangle r => Plane(r.XAxis, r.YAxis, (x, y) => IsInside(r, x, y)),
            Region.Polygon p => Plane(p.XAxis, p.YAxis, (x, y) => MaskSource.IsInside(p.Vertices.AsSpan(), x, y)),
            Region.Circle c => Plane(c.XAxis, c.YAxis, (x, y) => Square(x - c.XMiddle) + Square(y - c.YMiddle) <= c.Radius * c.Radius),
            Region.Ellipse e => Plane(e.XAxis, e.YAxis, (x, y) => IsInside(e, x, y)),
            Region.Combination c => Combine(c.Operator, Compile(c.Left, source), Compile(c.Right, source)),
            _ => throw new UnreachableException(),
        };
    }

    private static Func<double[][], int, bool> Interval(Region.Range range, int axis) =>
        (midpoints, i) => midpoints[axis][i] >= range.Min && midpoints[axis][i] <= range.Max;

    private static Func<double[][], int, bool> Combine(
        RegionOperator how, Func<double[][], int, bool> left, Func<double[][], int, bool> right) => how switch
        {
            RegionOperator.UnionOf => (m, i) => left(m, i) || right(m, i),
            RegionOperator.IntersectionOf => (m, i) => left(m, i) && right(m, i),
            RegionOperator.DifferenceOf => (m, i) => left(m, i) && !right(m, i),
            RegionOperator.SymmetricDifferenceOf => (m, i) => left(m, i) != right(m, i),
            _ => throw new UnreachableException(),
        };

    private static bool IsInside(Region.Rectangle r, double x, double y)
    {
        var (along, up) = Turned(x - r.XMin, y - r.YMin, r.Angle);
        return along >= 0 && along <= r.XMax - r.XMin && up >= 0 && up <= r.YMax - r.YMin;
    }

    private static bool IsInside(Region.Ellipse e, double x, double y)
    {
        var (along, up) = Turned(x - e.XMiddle, y - e.YMiddle, e.Angle);
        return Square(along / e.XRadius) + Square(up / e.YRadius) <= 1;
    }

    // The point is turned back by what the region is turned by; no angle, no rounding.
    private static (double X, double Y) Turned(double x, double y, double angle)
    {
        if (angle == 0)
            return (x, y);
        var (sin, cos) = Math.SinCos(-angle * Math.PI / 180);
        return (x * cos - y * sin, x * sin + y * cos);
    }

    private static double Square(double value) => value * value;
}
