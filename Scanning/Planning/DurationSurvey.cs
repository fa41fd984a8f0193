using Flyscan.Scanning.Paths;

namespace Flyscan.Scanning.Planning;

/// <summary>The shortest and longest frame of a path.</summary>
/// <remarks><b>Units</b> nanoseconds, in whole ticks.</remarks>
internal sealed record DurationSurvey(long ShortestNs, long ShortestFrame, long LongestNs, long LongestFrame)
{
    /// <summary>Whether each inner scan has the durations of every other: false where a slower dimension gives them.</summary>
    public required bool SameInEveryInnerScan { get; init; }

    /// <summary>Whether each pass of the fastest dimension has the durations of every other.</summary>
    public required bool SameInEveryLine { get; init; }

    /// <summary>Null, with a problem added, where a frame has no duration, or less than a tick.</summary>
    public static DurationSurvey? Of(ScanPath path, long tickNs, int innerDimensions, List<PlanProblem> problems)
    {
        var timed = path.Dimensions.ToList().FindIndex(d => d.HasDuration);
        if (timed < 0)
        {
            problems.Add(Missing("spec", "no duration"));
            return null;
        }
        var framesPerStep = path.Dimensions.Skip(timed + 1).Aggregate(1L, (frames, d) => frames * d.Length);
        var (shortest, shortestFrame, longest, longestFrame) = (double.PositiveInfinity, 0L, double.NegativeInfinity, 0L);
        for (long step = 0; step < path.Dimensions[timed].Length; step++)
        {
            var seconds = path.DurationOf(step * framesPerStep);
            if (double.IsNaN(seconds))
            {
                problems.Add(Missing($"frame {step * framesPerStep}", "no duration"));
                return null;
            }
            if (seconds < shortest)
                (shortest, shortestFrame) = (seconds, step * framesPerStep);
            if (seconds > longest)
                (longest, longestFrame) = (seconds, step * framesPerStep);
        }
        if (shortest * 1e9 < 0.5 * tickNs)
        {
            problems.Add(new PlanProblem(
                "the frame is shorter than the trigger box can time", $"frame {shortestFrame}", Show.Seconds(shortest),
                $"at least {Show.Time(tickNs)}", "Give the frame a longer duration."));
            return null;
        }
        return new DurationSurvey(FrameDuration.ToNs(shortest, tickNs), shortestFrame, FrameDuration.ToNs(longest, tickNs), longestFrame)
        {
            SameInEveryLine = timed == path.Dimensions.Count - 1 || shortest == longest,
            SameInEveryInnerScan = timed >= path.Dimensions.Count - innerDimensions || shortest == longest,
        };
    }

    private static PlanProblem Missing(string where, string value) => new(
        "every frame needs a duration", where, value, "more than 0 s",
        "Put the spec into a ConstantDuration, such as {\"type\": \"ConstantDuration\", \"constant_duration\": 0.01, \"spec\": …}.");
}
