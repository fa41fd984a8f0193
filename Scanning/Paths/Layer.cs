namespace Flyscan.Scanning.Paths;

/// <summary>One dimension in a stack: its frames, whether every other pass is reversed, and a duration that they all share.</summary>
internal sealed record Layer(FrameSource Source, bool Snaked, double? DurationSeconds = null)
{
    private delegate void Filler(long start, Span<double> into);

    public long Length => Source.Length;

    public bool HasDuration => DurationSeconds is not null || Source.HasDurations;

    /// <summary>Positions of an axis for the steps from step on, counted over all passes.</summary>
    public void Positions(int axis, Edge edge, long step, Span<double> into)
    {
        while (into.Length > 0)
        {
            var pass = step / Length;
            var at = step - pass * Length;
            var part = into[..(int)Math.Min(Length - at, into.Length)];
            if (Snaked && (pass & 1) == 1)
                Source.PositionsDown(axis, Opposite(edge), Length - 1 - at, part);
            else
                Source.Positions(axis, edge, at, part);
            step += part.Length;
            into = into[part.Length..];
        }
    }

    /// <summary>Gaps before the steps from step on. A snaked dimension has none between passes.</summary>
    public void Gaps(long step, Span<bool> into)
    {
        while (into.Length > 0)
        {
            var pass = step / Length;
            var at = step - pass * Length;
            var part = into[..(int)Math.Min(Length - at, into.Length)];
            if (Snaked && (pass & 1) == 1)
                GapsDown(at, part);
            else
                Source.Gaps(at, part);
            if (Snaked && at == 0)
                part[0] = false;
            step += part.Length;
            into = into[part.Length..];
        }
    }

    /// <summary>Seconds of the steps from step on, counted over all passes.</summary>
    public void Durations(long step, Span<double> into)
    {
        if (DurationSeconds is { } seconds)
        {
            into.Fill(seconds);
            return;
        }
        PerFrame(Source.Durations, step, into);
    }

    /// <summary>Seconds to stand still after the steps from step on, counted over all passes.</summary>
    public void Delays(long step, Span<double> into)
    {
        if (Source.HasDelays)
            PerFrame(Source.Delays, step, into);
        else
            into.Clear();
    }

    // What belongs to frames turns round with them, unlike gaps, which lie between.
    private void PerFrame(Filler fill, long step, Span<double> into)
    {
        while (into.Length > 0)
        {
            var pass = step / Length;
            var at = step - pass * Length;
            var part = into[..(int)Math.Min(Length - at, into.Length)];
            var reversed = Snaked && (pass & 1) == 1;
            fill(reversed ? Length - at - part.Length : at, part);
            if (reversed)
                part.Reverse();
            step += part.Length;
            into = into[part.Length..];
        }
    }

    /// <summary>Whether any axis ends the step elsewhere than it began it.</summary>
    public bool Moves(long step)
    {
        var (pass, at) = Math.DivRem(step, Length);
        var frame = Snaked && (pass & 1) == 1 ? Length - 1 - at : at;
        for (var axis = 0; axis < Source.Axes.Count; axis++)
        {
            if (Source.At(axis, Edge.Lower, frame) != Source.At(axis, Edge.Upper, frame))
                return true;
        }
        return false;
    }

    // Reversed, the step s is frame L-1-s, and what lies before it is the gap before frame L-s of the forward pass.
    private void GapsDown(long at, Span<bool> into)
    {
        var inside = at == 0 ? into[1..] : into;
        if (inside.Length == 0)
            return;
        var first = at == 0 ? 1 : at;
        Source.Gaps(Length - first - inside.Length + 1, inside);
        inside.Reverse();
    }

    private static Edge Opposite(Edge edge) => edge switch
    {
        Edge.Lower => Edge.Upper,
        Edge.Upper => Edge.Lower,
        _ => edge,
    };
}
