using System.Diagnostics;
using Flyscan.Scanning.Specs;

namespace Flyscan.Scanning.Paths;

/// <summary>Where in a spec the builder is, whether frames are flown there, and whether an outer dimension repeats it.</summary>
internal readonly record struct Place(string At, bool Bounds, bool Nested)
{
    public Place In(string member) => this with { At = $"{At}.{member}" };
}

/// <summary>Turns a checked spec into its stack of dimensions.</summary>
internal static class PathBuilder
{
    // Range counts whole steps; a last step this near to whole, in steps, is taken for whole.
    private const double WholeStep = 1e-5;

    public static IReadOnlyList<Layer> Build(Spec spec, Place place) => spec switch
    {
        Linspace l => [new Layer(Line(l, place.Bounds), false)],
        Specs.Range r => [new Layer(Line(r, place.Bounds), false)],
        Static s => [new Layer(new LineSource(s.Axis, s.Num, s.Value, 0, bounds: false), false)],
        Spiral s => [new Layer(new SpiralSource(s, place.Bounds), false)],
        Ellipse e => [new Layer(MaskSource.Of(e, place), false)],
        Polygon p => [new Layer(MaskSource.Of(p, place), false)],
        Product p => Multiply(p, place),
        Zip z => Pair(z, place),
        Concat c => [Join(c, place)],
        Squash s => [Flatten(Build(s.Spec, place.In("spec")), place, s.CheckPathChanges)],
        Snake s => [.. Build(s.Spec, place.In("spec")).Select(l => l with { Snaked = true })],
        Fly f => Build(f.Spec, place.In("spec") with { Bounds = true }),
        ConstantDuration d => Timed(d, place),
        Durations d => TimedEach(d, place),
        DurationByPosition d => TimedByPosition(d, place),
        ConstantVelocity v => TimedByVelocity(v, place),
        Delay d => Delayed(d, place),
        Mask m => RegionMask.Apply(m, Build(m.Spec, place.In("spec")), place),
        PointFile f => [Points(f, place)],
        _ => throw new UnreachableException(),
    };

    public static LineSource Line(Specs.Range range, bool bounds)
    {
        var steps = Math.Abs(range.Stop - range.Start) / range.Step;
        var whole = Math.Ceiling(steps) - steps <= WholeStep ? Math.Ceiling(steps) : Math.Floor(steps);
        var step = range.Step * Math.Sign(range.Stop - range.Start);
        return LineSource.FromMidpoints(range.Axis, range.Start, step, (long)whole + 1, bounds);
    }

    /// <summary>Refuses to squash what an outer dimension repeats where that would make an axis jump or run backwards.</summary>
    public static void CheckSquash(IReadOnlyList<Layer> layers, string at)
    {
        if (layers[0].Snaked)
        {
            var plain = layers.Where(l => !l.Snaked).SelectMany(l => l.Source.Axes).ToArray();
            if (plain.Length > 0)
                throw new SpecException($"cannot squash {List(plain)}, not snaked, in a snaked dimension: it would run backwards", at);
            return;
        }
        var odd = true;
        foreach (var layer in layers)
        {
            if (layer.Snaked && odd)
            {
                throw new SpecException(
                    $"cannot squash snaked {List(layer.Source.Axes)} that is passed an odd number of times: " +
                    "it would jump when repeated; make the number of passes even, or snake the whole", at);
            }
            odd &= layer.Length % 2 == 1;
        }
    }

    private static LineSource Line(Linspace line, bool bounds)
    {
        var distance = line.Stop - line.Start;
        var step = line.Num == 1 ? distance : distance / (line.Num - 1);
        return LineSource.FromMidpoints(line.Axis, line.Start, step, line.Num, bounds);
    }

    private static IReadOnlyList<Layer> Multiply(Product product, Place place)
    {
        var outer = product.Outer is Repeat times
            ? [new Layer(new RepeatSource(times.Num, product.Gap), false)]
            : Build(product.Outer, place.In("outer") with { Bounds = false });
        var inner = product.Inner is Repeat each
            ? [new Layer(new RepeatSource(each.Num, false), false)]
            : Build(product.Inner, place.In("inner") with { Nested = true });
        return [.. outer, .. inner];
    }

    private static IReadOnlyList<Layer> Timed(ConstantDuration timed, Place place)
    {
        if (timed.Spec is null)
            return [new Layer(new RepeatSource(1, false), false, timed.DurationSeconds)];
        var layers = Build(timed.Spec, place.In("spec"));
        return [.. layers.SkipLast(1), layers[^1] with { DurationSeconds = timed.DurationSeconds }];
    }

    private static IReadOnlyList<Layer> TimedEach(Durations timed, Place place)
    {
        var layers = Build(timed.Spec, place.In("spec"));
        CheckLength(timed.Seconds.Count, layers[^1], place.At + ".durations");
        return WithFastest(layers, new ListedDurationSource(layers[^1].Source, timed.Seconds));
    }

    private static IReadOnlyList<Layer> TimedByPosition(DurationByPosition timed, Place place)
    {
        var layers = Build(timed.Spec, place.In("spec")).ToArray();
        var index = Array.FindIndex(layers, l => l.Source.Axes.Contains(timed.Axis));
        var source = layers[index].Source;
        layers[index] = layers[index] with
        {
            Source = new PositionDurationSource(source, source.AxisIndex(timed.Axis), [.. timed.Positions], [.. timed.Seconds]),
        };
        return layers;
    }

    private static IReadOnlyList<Layer> TimedByVelocity(ConstantVelocity timed, Place place)
    {
        var layers = Build(timed.Spec, place.In("spec"));
        var source = layers[^1].Source;
        if (timed.Axis is { } axis && !source.Axes.Contains(axis))
            throw new SpecException($"is '{axis}', but the fastest dimension moves {List(source.Axes)}", place.At + ".axis");
        var timedSource = new VelocityDurationSource(source, timed.Axis is null ? null : source.AxisIndex(timed.Axis), timed.Velocity);
        var first = 0.0;
        timedSource.Durations(0, new Span<double>(ref first));
        if (!(first > 0))
        {
            throw new SpecException(
                $"{timed.Axis ?? List(source.Axes)} does not move through frame 0 of the fastest dimension, so that a velocity " +
                "gives it no duration; put the ConstantVelocity inside a Fly", place.At + ".velocity");
        }
        return WithFastest(layers, timedSource);
    }

    private static IReadOnlyList<Layer> Delayed(Delay delay, Place place)
    {
        var layers = Build(delay.Spec, place.In("spec"));
        if (delay.Seconds.Count > 1)
            CheckLength(delay.Seconds.Count, layers[^1], place.At + ".delay");
        return WithFastest(layers, new DelaySource(layers[^1].Source, delay.Seconds));
    }

    private static Layer Points(PointFile file, Place place)
    {
        if (file.Table is not { } table)
            throw new SpecException($"the file {file.File} has not been read", place.At + ".file");
        return new Layer(new PointSource(file, table, place.Bounds), false);
    }

    private static IReadOnlyList<Layer> WithFastest(IReadOnlyList<Layer> layers, FrameSource source) =>
        [.. layers.SkipLast(1), layers[^1] with { Source = source }];

    private static void CheckLength(int count, Layer layer, string at)
    {
        if (count != layer.Length)
        {
            throw new SpecException(
                $"has {count} values, but the fastest dimension ({List(layer.Source.Axes)}) has {layer.Length} frames", at);
        }
    }

    private static Layer[] Pair(Zip zip, Place place)
    {
        var left = Build(zip.Left, place.In("left"));
        var right = Build(zip.Right, place.In("right"));
        if (right.Count > left.Count)
        {
            throw new SpecException(
                $"right has {right.Count} dimensions and left {left.Count}, but left must have at least as many; exchange them", place.At);
        }
        if (right is [{ Length: 1 } frame])
            right = [frame with { Source = new ExpandSource(frame.Source, left[^1].Length), Snaked = left[^1].Snaked }];
        var unpaired = left.Count - right.Count;
        return [.. left.Take(unpaired), .. right.Select((r, i) => Pair(left[unpaired + i], r, place.At))];
    }

    private static Layer Pair(Layer left, Layer right, string at)
    {
        if (left.Length != right.Length)
        {
            throw new SpecException(
                $"left has {left.Length} frames ({List(left.Source.Axes)}) and right {right.Length} ({List(right.Source.Axes)}), " +
                "but dimensions that move together need equally many", at);
        }
        if (left.Snaked == right.Snaked)
            return new Layer(new ZipSource(left.Source, right.Source), left.Snaked, left.DurationSeconds ?? right.DurationSeconds);
        var (snaked, plain) = left.Snaked ? ("left", "right") : ("right", "left");
        throw new SpecException($"{snaked} is snaked and {plain} is not, but both must be or neither", at);
    }

    private static Layer Join(Concat concat, Place place)
    {
        var left = Flatten(Build(concat.Left, place.In("left")), place.In("left"), concat.CheckPathChanges);
        var right = Flatten(Build(concat.Right, place.In("right")), place.In("right"), concat.CheckPathChanges);
        if (left.Snaked != right.Snaked)
            throw new SpecException("one of left and right is snaked, but both must be or neither", place.At);
        if (left.Length > SpecLimits.Frames - right.Length)
            throw new SpecException($"makes more than the {SpecLimits.Frames} frames that a scan can have", place.At);
        return new Layer(new ConcatSource(left, right, concat.Gap), left.Snaked);
    }

    private static Layer Flatten(IReadOnlyList<Layer> layers, Place place, bool checkPathChanges)
    {
        if (place.Nested && checkPathChanges)
            CheckSquash(layers, place.At);
        return layers is [var only] ? only : new Layer(new SquashSource(new LayerStack(layers, place.At)), layers[0].Snaked);
    }

    private static string List(IReadOnlyList<string> axes) => axes.Count == 0 ? "no axis" : string.Join(", ", axes);
}
