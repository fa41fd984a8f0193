using Flyscan.Scanning.Units;

namespace Flyscan.Scanning.Runs;

/// <summary>A condition on what the box captures with each frame, as an ion chamber's counts: a frame whose own value is outside is not
/// committed.</summary>
/// <remarks>It holds from Floor to Ceiling, both included, and never for what is no number. <b>Units</b> the column's.</remarks>
/// <param name="Column">The captured dataset's key.</param>
public sealed record CapturedLimit(string Name, string Column, double Floor, double Ceiling)
{
    /// <summary>Frames whose values are outside.</summary>
    /// <remarks><b>Shapes</b> values: one per frame.</remarks>
    public RangeSet Outside(FrameRange frames, ReadOnlySpan<double> values)
    {
        var outside = RangeSet.Empty;
        for (var i = 0; i < values.Length; i++)
        {
            if (!(values[i] >= Floor && values[i] <= Ceiling))
                outside = outside.Add(new FrameRange(frames.First + i, frames.First + i + 1));
        }
        return outside;
    }

    /// <summary>What a person reads of frames that were outside.</summary>
    public string Describe(FrameRange frames, ReadOnlySpan<double> values)
    {
        var outside = Outside(frames, values);
        var worst = double.NaN;
        foreach (var range in outside.Ranges)
        {
            for (var frame = range.First; frame < range.End; frame++)
                worst = double.IsNaN(worst) ? values[(int)(frame - frames.First)] : Math.Min(worst, values[(int)(frame - frames.First)]);
        }
        var most = Ceiling < 1e300 ? FormattableString.Invariant($" and at most {Ceiling:G6}") : "";
        return FormattableString.Invariant(
            $"{Column} was {worst:G6} in frame {outside.Ranges[0].First} or after it, {Name} wants at least {Floor:G6}{most}");
    }
}
