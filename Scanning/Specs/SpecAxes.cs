using System.Diagnostics;
using Flyscan.Scanning.Units;

namespace Flyscan.Scanning.Specs;

/// <summary>The axis names of a spec.</summary>
public static class SpecAxes
{
    /// <summary>Each axis once, in the order in which the spec names them.</summary>
    public static IReadOnlyList<string> Of(Spec spec) => spec switch
    {
        Linspace l => [l.Axis],
        Range r => [r.Axis],
        Static s => [s.Axis],
        Spiral s => [s.YAxis, s.XAxis],
        Ellipse e => [e.YAxis, e.XAxis],
        Polygon p => [p.YAxis, p.XAxis],
        Product p => [.. Of(p.Outer).Union(Of(p.Inner))],
        Zip z => [.. Of(z.Left).Union(Of(z.Right))],
        Concat c => Of(c.Left),
        Snake s => Of(s.Spec),
        Squash s => Of(s.Spec),
        Fly f => Of(f.Spec),
        ConstantDuration d => d.Spec is null ? [] : Of(d.Spec),
        Durations d => Of(d.Spec),
        DurationByPosition d => Of(d.Spec),
        ConstantVelocity v => Of(v.Spec),
        Delay d => Of(d.Spec),
        Mask m => Of(m.Spec),
        PointFile f => f.Axes,
        Repeat => [],
        _ => throw new UnreachableException(),
    };

    /// <summary>The spec with its axes renamed; axes that the map does not name keep theirs.</summary>
    /// <remarks>
    /// <b>Errors</b> <see cref="SpecException"/> for a name that the spec does not have, and where two axes would get the same name.
    /// </remarks>
    public static Spec Rename(Spec spec, IReadOnlyDictionary<string, string> names)
    {
        var axes = Of(spec);
        foreach (var name in names.Keys.Order(StringComparer.Ordinal))
        {
            if (!axes.Contains(name))
            {
                var known = axes.Count == 0 ? "the spec has none" : "the axes are " + string.Join(", ", axes);
                throw new SpecException($"there is no axis '{name}' to rename ({known}){NameSuggestion.For(name, axes)}", "spec");
            }
        }
        string New(string axis) => names.GetValueOrDefault(axis, axis);
        foreach (var same in axes.GroupBy(New).Where(g => g.Count() > 1))
            throw new SpecException($"axes {string.Join(" and ", same)} would both be named '{same.Key}'", "spec");
        var renamed = Rename(spec, New);
        SpecChecks.Check(renamed, "spec");
        return renamed;
    }

    private static Spec Rename(Spec spec, Func<string, string> name) => spec switch
    {
        Linspace l => l with { Axis = name(l.Axis) },
        Range r => r with { Axis = name(r.Axis) },
        Static s => s with { Axis = name(s.Axis) },
        Spiral s => s with { XAxis = name(s.XAxis), YAxis = name(s.YAxis) },
        Ellipse e => e with { XAxis = name(e.XAxis), YAxis = name(e.YAxis) },
        Polygon p => p with { XAxis = name(p.XAxis), YAxis = name(p.YAxis) },
        Product p => p with { Outer = Rename(p.Outer, name), Inner = Rename(p.Inner, name) },
        Zip z => new Zip(Rename(z.Left, name), Rename(z.Right, name)),
        Concat c => c with { Left = Rename(c.Left, name), Right = Rename(c.Right, name) },
        Snake s => new Snake(Rename(s.Spec, name)),
        Squash s => s with { Spec = Rename(s.Spec, name) },
        Fly f => new Fly(Rename(f.Spec, name)),
        ConstantDuration d => d with { Spec = d.Spec is null ? null : Rename(d.Spec, name) },
        Durations d => d with { Spec = Rename(d.Spec, name) },
        DurationByPosition d => d with { Axis = name(d.Axis), Spec = Rename(d.Spec, name) },
        ConstantVelocity v => v with { Axis = v.Axis is null ? null : name(v.Axis), Spec = Rename(v.Spec, name) },
        Delay d => d with { Spec = Rename(d.Spec, name) },
        Mask m => m with { Spec = Rename(m.Spec, name), Region = Rename(m.Region, name) },
        PointFile f => f with { Axes = f.Axes.Select(name).ToEquatableArray() },
        Repeat r => r,
        _ => throw new UnreachableException(),
    };

    private static Region Rename(Region region, Func<string, string> name) => region switch
    {
        Region.Range r => r with { Axis = name(r.Axis) },
        Region.Rectangle r => r with { XAxis = name(r.XAxis), YAxis = name(r.YAxis) },
        Region.Polygon p => p with { XAxis = name(p.XAxis), YAxis = name(p.YAxis) },
        Region.Circle c => c with { XAxis = name(c.XAxis), YAxis = name(c.YAxis) },
        Region.Ellipse e => e with { XAxis = name(e.XAxis), YAxis = name(e.YAxis) },
        Region.Combination c => c with { Left = Rename(c.Left, name), Right = Rename(c.Right, name) },
        _ => throw new UnreachableException(),
    };
}
