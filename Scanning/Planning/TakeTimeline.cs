using Flyscan.Scanning.Trajectories;
using Flyscan.Scanning.Triggering;
using Flyscan.Scanning.Units;

namespace Flyscan.Scanning.Planning;

/// <summary>What a take is doing for a while.</summary>
public enum TakePhase
{
    /// <summary>From rest to the first frame.</summary>
    RunUp,

    /// <summary>Frames, one after the other.</summary>
    Frames,

    /// <summary>From the last frame of a window to the first of the next.</summary>
    TurnAround,

    /// <summary>From the last frame to rest.</summary>
    RunDown,

    /// <summary>A delay after a frame, timed by the box; where axes move, it is part of their turn-around or run-up.</summary>
    Delay,
}

/// <summary>One stretch of a take.</summary>
/// <param name="Frames">The frames of a <see cref="TakePhase.Frames"/>; of others the empty range before the next frame.</param>
/// <remarks><b>Units</b> nanoseconds from the start of motion, or of the box where nothing moves.</remarks>
public sealed record TakeStretch(TakePhase Phase, long StartNs, long EndNs, FrameRange Frames);

/// <summary>The timeline of a take's programme.</summary>
public static class TakeTimeline
{
    // Positions are rounded, so that a lead may seem to end a little after the segment that it is; and what is straight but for this is.
    private const double RoundingNs = 1000;

    /// <summary>Its stretches in order, end to end; they add up to the take's duration.</summary>
    public static IEnumerable<TakeStretch> Of(TakeProgramme programme)
    {
        ArgumentNullException.ThrowIfNull(programme);
        return programme.Trajectory is { } trajectory ? Moving(programme, trajectory) : Still(programme);
    }

    private static IEnumerable<TakeStretch> Still(TakeProgramme programme)
    {
        var at = 0L;
        foreach (var window in programme.Triggers.Windows)
        {
            if (window.DwellNs > 0)
                yield return new TakeStretch(
                    TakePhase.Delay, at, at + window.DwellNs, new FrameRange(window.FirstFrame, window.FirstFrame));
            at += window.DwellNs;
            yield return new TakeStretch(TakePhase.Frames, at, at + window.FramesNs, FramesOf(window));
            at += window.FramesNs;
        }
    }

    private static IEnumerable<TakeStretch> Moving(TakeProgramme programme, Trajectory trajectory)
    {
        var (at, point, pointNs) = (0L, 0, 0L);
        var phase = TakePhase.RunUp;
        foreach (var window in programme.Triggers.Windows)
        {
            while (!Rises(trajectory, point))
                pointNs += trajectory.DurationsNs[point++];
            var first = pointNs + LeadNs(trajectory, point, window.Compare);
            pointNs += trajectory.DurationsNs[point++];
            yield return new TakeStretch(phase, at, first, new FrameRange(window.FirstFrame, window.FirstFrame));
            at = first + window.FramesNs;
            yield return new TakeStretch(TakePhase.Frames, first, at, FramesOf(window));
            phase = TakePhase.TurnAround;
        }
        var end = programme.Frames.End;
        yield return new TakeStretch(TakePhase.RunDown, at, programme.DurationNs, new FrameRange(end, end));
    }

    private static FrameRange FramesOf(TriggerWindow window) => new(window.FirstFrame, window.FirstFrame + window.Frames);

    private static bool Rises(Trajectory trajectory, int point) =>
        trajectory.Live[point] && (point == 0 || !trajectory.Live[point - 1]);

    /// <summary>From the rise of live to the compare position: at the velocity of the lead, and from its end through the curve that
    /// takes up acceleration, where there is one.</summary>
    private static long LeadNs(Trajectory trajectory, int point, PositionCompare? compare)
    {
        if (compare is null)
            return 0;
        var (axis, axes, leadNs) = (trajectory.Axes.ToList().IndexOf(compare.Axis), trajectory.Axes.Count, 0L);
        for (; point < trajectory.Points; leadNs += trajectory.DurationsNs[point++])
        {
            var position = point == 0 ? trajectory.Start[axis] : trajectory.Positions[(point - 1) * axes + axis];
            var velocity = point == 0 ? 0 : trajectory.Velocities[(point - 1) * axes + axis];
            if (velocity == 0)
                return leadNs;
            var durationNs = trajectory.DurationsNs[point];
            var ns = (compare.Position - position) / velocity * 1e9;
            var endNs = (trajectory.Positions[point * axes + axis] - position) / velocity * 1e9;
            if (Math.Abs(endNs - durationNs) > RoundingNs)
                return leadNs + durationNs;
            if (ns <= durationNs + RoundingNs)
                return leadNs + (long)Math.Round(ns);
        }
        return leadNs;
    }
}
