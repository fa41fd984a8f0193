using System.Globalization;
using Flyscan.Hardware.Simulation;

namespace Flyscan.Hardware.PandA.Simulator;

/// <summary>How an encoder moves for ever.</summary>
/// <remarks><b>Units</b> counts, nanoseconds.</remarks>
public abstract record EncoderPattern
{
    private EncoderPattern() { }

    /// <summary>The forms that <see cref="Parse"/> reads.</summary>
    public const string Forms = "ramp:COUNTS_PER_SECOND, triangle:COUNTS:SECONDS (there and back), rest";

    /// <summary>Constant speed, with 32-bit wrap-around.</summary>
    public sealed record Ramp(double CountsPerSecond) : EncoderPattern;

    /// <summary>From 0 to a position and back, once a period.</summary>
    public sealed record Triangle(int Counts, long PeriodNs) : EncoderPattern;

    /// <summary>It stands at 0.</summary>
    public sealed record Rest : EncoderPattern;

    /// <summary>Reads one of <see cref="Forms"/>.</summary>
    /// <remarks><b>Errors</b> <see cref="FormatException"/> with the text and all forms.</remarks>
    public static EncoderPattern Parse(string text) => text.Split(':') switch
    {
        ["rest"] => new Rest(),
        ["ramp", var speed] when Number(speed) is { } perSecond && Math.Abs(perSecond) is > 0 and <= 1e9 => new Ramp(perSecond),
        ["triangle", var counts, var seconds]
            when Number(counts) is { } most && Math.Abs(most) is >= 1 and <= 1e9
                && Number(seconds) is { } period && period is >= 0.001 and <= 1e6
            => new Triangle((int)most, (long)(period * 1e9)),
        _ => throw new FormatException($"'{text}' is not a movement; there are {Forms}"),
    };

    private static double? Number(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : null;
}

/// <summary>An encoder that moves by a pattern from the beginning of the world.</summary>
internal sealed class PatternEncoder(EncoderPattern pattern) : ICountSignal
{
    private const long MostPieces = 10_000;

    // The pattern never changes.
    public event Action? CourseChanged
    {
        add { }
        remove { }
    }

    public int At(long timeNs) => unchecked((int)(long)Math.Floor(Exact(timeNs) + 0.5));

    public double Mean(long fromNs, long toNs)
    {
        if (toNs <= fromNs)
            return At(fromNs);
        var sum = 0.0;
        foreach (var (from, to) in Pieces(fromNs, toNs))
            sum += (Exact(from) + Exact(to)) / 2 * (to - from);
        return sum / (toNs - fromNs);
    }

    public (int Least, int Greatest) Range(long fromNs, long toNs)
    {
        var (least, greatest) = (At(fromNs), At(fromNs));
        foreach (var (_, to) in Pieces(fromNs, toNs))
            (least, greatest) = (Math.Min(least, At(to)), Math.Max(greatest, At(to)));
        return (least, greatest);
    }

    public long? NextReach(int threshold, bool ascending, long fromNs)
    {
        bool Reached(long timeNs) => ascending ? At(timeNs) >= threshold : At(timeNs) <= threshold;
        if (Reached(fromNs) || pattern is EncoderPattern.Rest)
            return Reached(fromNs) ? fromNs : null;
        var horizonNs = pattern is EncoderPattern.Triangle triangle
            ? fromNs + triangle.PeriodNs
            : fromNs + (long)Math.Min(long.MaxValue / 4, uint.MaxValue / Math.Abs(((EncoderPattern.Ramp)pattern).CountsPerSecond) * 1e9);
        foreach (var (from, to) in Pieces(fromNs, horizonNs))
            if (Reached(to))
                return Bisect(from, to, Reached);
        return null;
    }

    private static long Bisect(long notYet, long reached, Func<long, bool> isReached)
    {
        while (reached - notYet > 1)
        {
            var middle = notYet + (reached - notYet) / 2;
            (notYet, reached) = isReached(middle) ? (notYet, middle) : (middle, reached);
        }
        return reached;
    }

    private double Exact(long timeNs)
    {
        switch (pattern)
        {
            case EncoderPattern.Ramp ramp:
                return ramp.CountsPerSecond * (timeNs / 1e9);
            case EncoderPattern.Triangle triangle:
                var phase = timeNs % triangle.PeriodNs / (triangle.PeriodNs / 2.0);
                return triangle.Counts * (phase < 1 ? phase : 2 - phase);
            default:
                return 0;
        }
    }

    /// <summary>Stretches on which it moves at one speed.</summary>
    private IEnumerable<(long From, long To)> Pieces(long fromNs, long toNs)
    {
        var half = pattern is EncoderPattern.Triangle triangle ? triangle.PeriodNs / 2 : long.MaxValue;
        var from = fromNs;
        for (var piece = 0L; from < toNs && piece < MostPieces; piece++)
        {
            var to = half == long.MaxValue ? toNs : Math.Min(toNs, (from / half + 1) * half);
            yield return (from, to);
            from = to;
        }
    }
}
