using System.Collections.Immutable;
using Flyscan.Scanning.Planning;
using Flyscan.Scanning.Trajectories;
using Flyscan.Scanning.Units;

namespace Flyscan.Scanning.Runs;

/// <summary>What a take should have done by when, as its programme says.</summary>
/// <remarks><b>Units</b> nanoseconds of the plan from the start of the flight.</remarks>
public sealed class FlightCourse
{
    private readonly List<(long FromNs, long ToNs, long Frames)> _windows = [];
    private readonly List<(long FromNs, long ToNs)> _moves = [];

    private FlightCourse(TakeProgramme programme)
    {
        DurationNs = programme.DurationNs;
        LongestPeriodNs = programme.Triggers.Windows.SelectMany(w => w.Trains).Select(t => t.PeriodNs)
            .Concat(programme.Triggers.Outputs.Select(o => o.PeriodNs)).DefaultIfEmpty(0).Max();
    }

    public long DurationNs { get; }

    /// <summary>Windows in order: from when to when, and how many frames.</summary>
    public IReadOnlyList<(long FromNs, long ToNs, long Frames)> Windows => _windows;

    public long LongestPeriodNs { get; }

    public static FlightCourse Of(TakeProgramme programme)
    {
        var course = new FlightCourse(programme);
        if (programme.Trajectory is Trajectory trajectory)
            course.Follow(trajectory, programme);
        else
            course.Chain(programme);
        return course;
    }

    /// <summary>Frames that are over by this time.</summary>
    public long FramesBy(long timeNs) => _windows.Sum(w => timeNs >= w.ToNs
        ? w.Frames
        : timeNs <= w.FromNs ? 0 : (long)(w.Frames * ((double)(timeNs - w.FromNs) / (w.ToNs - w.FromNs))));

    /// <summary>Whether some axis moves at any time between these.</summary>
    public bool MovesBetween(long fromNs, long toNs) => _moves.Exists(m => m.FromNs < toNs && m.ToNs > fromNs);

    private void Chain(TakeProgramme programme)
    {
        long at = 0;
        foreach (var window in programme.Triggers.Windows)
        {
            _windows.Add((at, at + window.DurationNs, window.Frames));
            at += window.DurationNs;
        }
    }

    private void Follow(Trajectory trajectory, TakeProgramme programme)
    {
        var live = new List<(long FromNs, long ToNs)>();
        long at = 0;
        for (var i = 0; i < trajectory.Points; i++)
        {
            var end = at + trajectory.DurationsNs[i];
            if (Moves(trajectory, i))
                Extend(_moves, at, end);
            if (trajectory.Live[i])
                Extend(live, at, end);
            at = end;
        }
        var windows = programme.Triggers.Windows;
        // Windows that share a stretch of live motion are only known to be over when the flight is.
        for (var i = 0; i < windows.Count; i++)
            _windows.Add(live.Count == windows.Count
                ? (live[i].FromNs, live[i].ToNs, windows[i].Frames)
                : (DurationNs, DurationNs, windows[i].Frames));
    }

    private static bool Moves(Trajectory trajectory, int point)
    {
        var axes = trajectory.Axes.Count;
        for (var axis = 0; axis < axes; axis++)
        {
            var before = point == 0 ? trajectory.Start[axis] : trajectory.Positions[(point - 1) * axes + axis];
            if (!trajectory.Positions[point * axes + axis].Equals(before))
                return true;
        }
        return false;
    }

    private static void Extend(List<(long FromNs, long ToNs)> stretches, long from, long to)
    {
        if (stretches.Count > 0 && stretches[^1].ToNs == from)
            stretches[^1] = (stretches[^1].FromNs, to);
        else
            stretches.Add((from, to));
    }
}

/// <summary>What is known of the progress of a flight. Devices: recorders and the motion controller, by name.</summary>
public sealed record FlightWatch(FlightCourse Course, ImmutableSortedDictionary<string, DeviceProgress> Devices)
{
    /// <summary>The controller said that its programme is done.</summary>
    public bool MotionDone { get; init; }

    /// <summary>When progress was last asked for, wall nanoseconds.</summary>
    public long? LookedNs { get; init; }

    /// <summary>For how long in this flight nobody looked although somebody should have: this process did not run, and what devices did
    /// then is not known to it.</summary>
    /// <remarks><b>Units</b> wall nanoseconds.</remarks>
    public long BlindNs { get; init; }

    /// <summary>The time since a device's last progress in which somebody looked.</summary>
    public long QuietNs(DeviceProgress progress, long atNs) =>
        progress.DueNs is long due && due > progress.SinceNs
            ? atNs - due - (BlindNs - progress.DueBlindNs)
            : atNs - progress.SinceNs - (BlindNs - progress.SinceBlindNs);
}

/// <summary>Progress of one device. Count: frames of the take, or for motion how often it was seen elsewhere than before.</summary>
/// <remarks><b>Units</b> SinceNs: when the count last changed, wall nanoseconds. IsAsked: an answer is awaited. IsNamed: said to have
/// stalled in this take.</remarks>
public sealed record DeviceProgress(long Count, long SinceNs)
{
    public bool IsAsked { get; init; }

    /// <summary>How long nobody had looked in this flight at SinceNs, and at DueNs.</summary>
    public long SinceBlindNs { get; init; }

    /// <inheritdoc cref="SinceBlindNs"/>
    public long DueBlindNs { get; init; }

    /// <summary>It has answered in this flight.</summary>
    public bool IsHeard { get; init; }

    /// <summary>Of a recorder: since when the box is known to have triggered more than it has; null while it has all.</summary>
    public long? DueNs { get; init; }

    public bool IsNamed { get; init; }

    public EquatableArray<AxisPosition> Positions { get; init; }
}
