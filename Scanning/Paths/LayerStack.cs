using Flyscan.Scanning.Specs;

namespace Flyscan.Scanning.Paths;

/// <summary>Dimensions nested slow to fast, read as one sequence of frames.</summary>
/// <remarks>
/// Each axis is filled in on its own: it only needs the steps of its own dimension and how many frames each step lasts,
/// so that no product of dimensions is ever built, and the cost of a slow axis is that of filling memory.
/// </remarks>
internal sealed class LayerStack
{
    private readonly long[] _framesPerStep;
    private readonly (int Layer, int Axis)[] _axes;
    private readonly int _durationLayer;

    public LayerStack(IReadOnlyList<Layer> layers, string at)
    {
        Layers = [.. layers];
        _framesPerStep = new long[Layers.Length];
        Length = 1;
        for (var i = Layers.Length - 1; i >= 0; i--)
        {
            _framesPerStep[i] = Length;
            if (Layers[i].Length > SpecLimits.Frames / Length)
                throw new SpecException($"makes more than the {SpecLimits.Frames} frames that a scan can have", at);
            Length *= Layers[i].Length;
        }
        _axes = [.. Layers.SelectMany((layer, l) => layer.Source.Axes.Select((_, a) => (l, a)))];
        Axes = [.. Layers.SelectMany(l => l.Source.Axes)];
        _durationLayer = Array.FindIndex(Layers, l => l.HasDuration);
    }

    public Layer[] Layers { get; }

    public long Length { get; }

    /// <summary>Slow to fast.</summary>
    public IReadOnlyList<string> Axes { get; }

    public bool HasBounds => Array.Exists(Layers, l => l.Source.HasBounds);

    public bool HasDelays => Array.Exists(Layers, l => l.Source.HasDelays);

    public bool HasDurations => _durationLayer >= 0;

    /// <summary>Whether the axis has the same position all through each frame.</summary>
    public bool IsStill(int axis) => !Layers[_axes[axis].Layer].Source.HasBounds;

    public (double Low, double High) RangeOf(int axis) => Layers[_axes[axis].Layer].Source.RangeOf(_axes[axis].Axis);

    /// <summary>At least the longest way of an axis within one frame.</summary>
    public double WidestFrame(int axis) => Layers[_axes[axis].Layer].Source.WidestFrame(_axes[axis].Axis);

    /// <summary>The shortest frame, found in the one dimension that gives durations; NaN where none does.</summary>
    public double ShortestDuration()
    {
        if (_durationLayer < 0)
            return double.NaN;
        var layer = Layers[_durationLayer];
        if (layer.DurationSeconds is { } seconds)
            return seconds;
        var shortest = double.PositiveInfinity;
        Span<double> some = stackalloc double[256];
        for (long step = 0; step < layer.Length; step += some.Length)
        {
            var part = some[..(int)Math.Min(some.Length, layer.Length - step)];
            layer.Durations(step, part);
            foreach (var value in part)
                shortest = Math.Min(shortest, value);
        }
        return shortest;
    }

    /// <summary>Seconds to stand still after each frame: of every dimension whose step ends with it.</summary>
    public void Delays(long start, Span<double> into)
    {
        into.Clear();
        for (var l = 0; l < Layers.Length; l++)
        {
            if (Layers[l].Source.HasDelays)
                AddDelays(l, start, into);
        }
    }

    private void AddDelays(int index, long start, Span<double> into)
    {
        var frames = _framesPerStep[index];
        Span<double> some = stackalloc double[128];
        for (var step = start / frames; (step + 1) * frames <= start + into.Length; step += some.Length)
        {
            var count = (int)Math.Min(some.Length, (start + into.Length) / frames - step);
            Layers[index].Delays(step, some[..count]);
            for (var i = 0; i < count; i++)
                into[(int)((step + i + 1) * frames - 1 - start)] += some[i];
        }
    }

    /// <summary>At least the longest delay after a frame: as if the longest of each dimension ended together.</summary>
    public double LongestDelay()
    {
        var longest = 0.0;
        Span<double> some = stackalloc double[256];
        foreach (var layer in Layers)
        {
            var most = 0.0;
            for (long step = 0; layer.Source.HasDelays && step < layer.Length; step += some.Length)
            {
                var part = some[..(int)Math.Min(some.Length, layer.Length - step)];
                layer.Delays(step, part);
                foreach (var value in part)
                    most = Math.Max(most, value);
            }
            longest += most;
        }
        return longest;
    }

    public void Positions(int axis, Edge edge, long start, Span<double> into)
    {
        var (index, own) = _axes[axis];
        var layer = Layers[index];
        var frames = _framesPerStep[index];
        if (frames == 1)
        {
            layer.Positions(own, edge, start, into);
            return;
        }
        Span<double> steps = stackalloc double[64];
        for (var spread = new Spread(start, frames); into.Length > 0;)
        {
            var some = steps[..spread.StepsFor(into.Length, steps.Length)];
            layer.Positions(own, edge, spread.Step, some);
            into = into[spread.Over(some, into)..];
        }
    }

    public void Durations(long start, Span<double> into)
    {
        if (_durationLayer < 0)
        {
            into.Fill(double.NaN);
            return;
        }
        var layer = Layers[_durationLayer];
        if (layer.DurationSeconds is { } seconds)
        {
            into.Fill(seconds);
            return;
        }
        Span<double> steps = stackalloc double[64];
        for (var spread = new Spread(start, _framesPerStep[_durationLayer]); into.Length > 0;)
        {
            var some = steps[..spread.StepsFor(into.Length, steps.Length)];
            layer.Durations(spread.Step, some);
            into = into[spread.Over(some, into)..];
        }
    }

    /// <summary>A frame has a gap before it where the fastest dimension has one, or a slower one that steps there.</summary>
    public void Gaps(long start, Span<bool> into)
    {
        Layers[^1].Gaps(start, into);
        for (var l = 0; l < Layers.Length - 1; l++)
        {
            if (Layers[l].Source.HasBounds && _framesPerStep[l] > 1)
                ReturnGaps(l, start, into);
        }
        Span<bool> steps = stackalloc bool[64];
        for (var l = Layers.Length - 2; l >= 0; l--)
        {
            var frames = _framesPerStep[l];
            var step = (start + frames - 1) / frames;
            var end = (start + into.Length - 1) / frames + 1;
            while (step < end)
            {
                var some = steps[..(int)Math.Min(steps.Length, end - step)];
                Layers[l].Gaps(step, some);
                for (var i = 0; i < some.Length; i++)
                    into[(int)((step + i) * frames - start)] |= some[i];
                step += some.Length;
            }
        }
    }

    // A slower dimension that is flown moves from bound to bound in every frame of a step, and must go back before the next.
    private void ReturnGaps(int index, long start, Span<bool> into)
    {
        var layer = Layers[index];
        var frames = _framesPerStep[index];
        for (var done = 0; done < into.Length;)
        {
            var step = (start + done) / frames;
            var count = (int)Math.Min((step + 1) * frames - start - done, into.Length - done);
            if (layer.Moves(step))
                into.Slice(done, count).Fill(true);
            done += count;
        }
    }

    /// <summary>Spreads the values of consecutive steps over the frames that each lasts.</summary>
    private struct Spread(long start, long frames)
    {
        private long _into = start % frames;

        public long Step { get; private set; } = start / frames;

        public readonly int StepsFor(int count, int most) => (int)Math.Min(most, (count + _into - 1) / frames + 1);

        public int Over(ReadOnlySpan<double> steps, Span<double> into)
        {
            var done = 0;
            foreach (var value in steps)
            {
                var count = (int)Math.Min(frames - _into, into.Length - done);
                into.Slice(done, count).Fill(value);
                done += count;
                _into += count;
                if (_into < frames)
                    break;
                _into = 0;
                Step++;
            }
            return done;
        }
    }
}
