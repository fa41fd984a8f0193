using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Trajectories;

namespace Flyscan.Hardware.Epics;

/// <summary>A part of a trajectory as the IOC's arrays hold it.</summary>
/// <remarks><b>Shapes</b> TimesUs: [points]; Positions, Velocities: per axis [points]; Programs: [points + 1], the last the take's mark,
/// which stands behind what is built, so that a successor finds it. <b>Units</b> microseconds, axis units, per second.</remarks>
internal sealed record PmacSlice(int From, int Count, double[] TimesUs, double[][] Positions, double[][] Velocities, int[] Programs);

/// <summary>A programme cut into slices: one is built, the others are appended while it runs. Made from the trajectory when
/// needed.</summary>
internal sealed class PmacProfile(Trajectory trajectory, TakeMark mark, PmacSettings settings)
{
    /// <summary>What a count of points done may be late: the IOC tells it ten times a second.</summary>
    public const long CountLatencyNs = 200_000_000;

    public Trajectory Trajectory => trajectory;

    public int Points => trajectory.Points;

    /// <summary>Why it cannot be run without a moment in which nothing is loaded; null when that is proved.</summary>
    /// <remarks>An append begins as soon as fewer than Ahead points are loaded and not done, which are a slice at least. It takes
    /// AppendWithin at most. So whatever is appended comes in time where each slice before it lasts longer than that.</remarks>
    /// <param name="wallPerBeam">Wall seconds per second of the beamline.</param>
    public string? Underrun(double wallPerBeam)
    {
        for (var from = 0; from + settings.Slice < Points; from += settings.Slice)
        {
            var lastsNs = 0L;
            for (var point = from; point < from + settings.Slice; point++)
                lastsNs += trajectory.DurationsNs[point];
            if (lastsNs * wallPerBeam < settings.AppendWithinNs + CountLatencyNs)
                return FormattableString.Invariant($"points {from} to {from + settings.Slice} last {lastsNs / 1e9:0.###} s, and the next ")
                    + FormattableString.Invariant($"may take {(settings.AppendWithinNs + CountLatencyNs) / 1e9:0.###} s to append: the ")
                    + "controller could run dry; raise min-segment or slice, lower append-within, or make takes that fit into one slice";
        }
        return null;
    }

    /// <summary>Why the user programs cannot show where it is live; null when they can.</summary>
    public string? Unshown() => trajectory.Live[0]
        ? "its first segment is live, and a user program begins at a point: it needs a run-up before the first window"
        : null;

    /// <summary>How long the points [from, to) last.</summary>
    public long LastsNs(int from, int to)
    {
        var ns = 0L;
        for (var point = from; point < Math.Min(to, Points); point++)
            ns += trajectory.DurationsNs[point];
        return ns;
    }

    /// <summary>The slice that begins at this point.</summary>
    public PmacSlice SliceAt(int from)
    {
        var (axes, count) = (trajectory.Axes.Count, Math.Min(settings.Slice, Points - from));
        var slice = new PmacSlice(
            from, count, new double[count], [.. Enumerable.Range(0, axes).Select(_ => new double[count])],
            [.. Enumerable.Range(0, axes).Select(_ => new double[count])], new int[count + 1]);
        for (var i = 0; i < count; i++)
        {
            var point = from + i;
            slice.TimesUs[i] = trajectory.DurationsNs[point] / 1000.0;
            slice.Programs[i] = ProgramAt(point);
            for (var axis = 0; axis < axes; axis++)
            {
                slice.Positions[axis][i] = trajectory.Positions[point * axes + axis];
                slice.Velocities[axis][i] = trajectory.Velocities[point * axes + axis];
            }
        }
        slice.Programs[count] = mark.Value;
        return slice;
    }

    /// <summary>A program runs as the point is passed, and holds until the next point.</summary>
    private int ProgramAt(int point) => point == Points - 1 ? settings.Programs.End
        : trajectory.Live[point + 1] ? settings.Programs.Window
        : settings.Programs.Gap;
}
