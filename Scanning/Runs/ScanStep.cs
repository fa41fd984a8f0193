using System.Collections.Immutable;
using Flyscan.Scanning.Planning;
using Flyscan.Scanning.Units;

namespace Flyscan.Scanning.Runs;

/// <summary>What the supervisor is in the middle of. Not journaled: a successor asks the devices instead.</summary>
public abstract record ScanStep
{
    private ScanStep() { }

    /// <summary>Nothing begun, or nothing left to do.</summary>
    public sealed record Idle : ScanStep;

    public sealed record Adopting(ImmutableSortedSet<string> Awaiting, BoxStatus? Box, MotionStatus? Motion) : ScanStep;

    public sealed record Staging(ImmutableSortedSet<string> Awaiting) : ScanStep;

    /// <summary>Outer axes move, programmes download, recorders arm: the barrier before a handover.</summary>
    public sealed record Preparing(
        int Take,
        TakeProgramme Programme,
        OuterPoint Outer,
        ImmutableSortedSet<string> Awaiting,
        EquatableArray<AxisPosition> Readings,
        EquatableArray<RecorderPosition> Positions,
        EquatableArray<AxisPosition> AtStart) : ScanStep;

    /// <summary>Handed over: the enable is sent, motion not yet.</summary>
    public sealed record Enabling(int Take, TakeProgramme Programme) : ScanStep;

    public sealed record Starting(int Take, TakeProgramme Programme) : ScanStep;

    /// <remarks><b>Units</b> StartNs: wall nanoseconds, when this process saw it begin.</remarks>
    public sealed record Flying(int Take, TakeProgramme Programme, long StartNs) : ScanStep
    {
        public bool MotionDone { get; init; }

        /// <summary>Null until progress is first asked for.</summary>
        public FlightWatch? Watch { get; init; }
    }

    /// <summary>Gate closing, then motion braking. Triggered: known once the box has stopped.</summary>
    public sealed record Halting(int Take, TakeProgramme Programme, string Reason, long? Triggered) : ScanStep;

    /// <summary>Hardware is idle and there is nothing to arm: recorders have yet to deliver.</summary>
    public sealed record AwaitingRecords : ScanStep;

    public sealed record Held : ScanStep;

    public sealed record MakingSafe(ImmutableSortedSet<string> Awaiting) : ScanStep;

    public sealed record Unstaging(
        ImmutableSortedSet<string> Awaiting, EquatableArray<SegmentCount> Counts, EquatableArray<string> Problems) : ScanStep;

    public sealed record Ended : ScanStep;
}

/// <summary>The supervisor's working memory: what is under way and what devices have said. Lost with the process, asked for
/// again.</summary>
public sealed record ScanWork
{
    public static readonly ScanWork Fresh = new();

    public ScanStep Step { get; init; } = new ScanStep.Idle();

    /// <summary>Takes whose recorders are being asked what they hold.</summary>
    public ImmutableSortedDictionary<int, Collect> Collects { get; init; } = ImmutableSortedDictionary<int, Collect>.Empty;

    /// <summary>What dead writers' files hold, per recorder.</summary>
    public ImmutableSortedDictionary<string, EquatableArray<SegmentRun>> Salvaged { get; init; } =
        ImmutableSortedDictionary<string, EquatableArray<SegmentRun>>.Empty;

    /// <summary>Stretch of each suspender's signal that this process has watched without a gap.</summary>
    public ImmutableSortedDictionary<string, BeamWatch> Beam { get; init; } = ImmutableSortedDictionary<string, BeamWatch>.Empty;

    /// <summary>The suspender whose next loss is waited for, and until when at the latest, wall nanoseconds.</summary>
    public (string Suspender, long UntilNs)? WaitsFor { get; init; }

    /// <summary>Triggers that made no frame, per recorder, since its staging.</summary>
    public ImmutableSortedDictionary<string, long> Missed { get; init; } = ImmutableSortedDictionary<string, long>.Empty;

    public ImmutableSortedSet<string> Unstaged { get; init; } = [];

    public ImmutableSortedDictionary<string, string> Lost { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>The first thing that went wrong and is not yet dealt with.</summary>
    public (string Device, string Problem)? Trouble { get; init; }

    /// <summary>A recorder whose file takes no more frames, and why; devices are being made safe.</summary>
    public (string Recorder, string Reason)? CannotWrite { get; init; }

    /// <summary>How often writing failed with no frame taken in between, and how many were taken.</summary>
    public (int Times, long Frames) WriteFailures { get; init; }

    public bool ShutterOpen { get; init; }

    /// <summary>The shutter said that it is closed.</summary>
    public bool ShutterShut { get; init; }

    /// <summary>The shutter was told to close and has not said that it has.</summary>
    public bool ShutterClosing { get; init; }

    /// <summary>Targets that soft axes stand at, as far as this process knows; none for one that was told to move and has not
    /// settled.</summary>
    public ImmutableSortedDictionary<string, double> OuterAt { get; init; } = ImmutableSortedDictionary<string, double>.Empty;

    /// <summary>Recorders whose session was lost while they can be reached: how often, and the frames committed by then.</summary>
    public ImmutableSortedDictionary<string, (int Times, long Committed)> Reopened { get; init; } =
        ImmutableSortedDictionary<string, (int Times, long Committed)>.Empty;

    /// <summary>Devices were unstaged with problems, and are made safe before it is decided what that means.</summary>
    public ScanStep.Unstaging? FailedUnstaging { get; init; }

    /// <summary>Devices that are made safe one after another, before all others are.</summary>
    public EquatableArray<string> SafeFirst { get; init; }

    /// <summary>Devices were made safe since the last staging: detectors may have been disarmed.</summary>
    public bool MadeSafe { get; init; }
}

/// <summary>Recorders of one take that are being asked, and what those that answered hold.</summary>
public sealed record Collect(
    int Take, bool Final, ImmutableSortedSet<string> Awaiting, ImmutableSortedDictionary<string, Holding> Holdings)
{
    /// <summary>Whoever must be asked for time stamps has been.</summary>
    public bool IsMatched { get; init; }

    /// <summary>End of the frames whose exposures are being judged; null before.</summary>
    public long? End { get; init; }
}

/// <summary>A signal is known from FromNs to ToNs, nanoseconds since 1970 by its own time stamps. Reading: for people.</summary>
public sealed record BeamWatch(long FromNs, long ToNs, bool IsUp, string Reading)
{
    /// <summary>When the loss comes that the signal counts down to, wall nanoseconds; null where there is none.</summary>
    public long? NextLossNs { get; init; }
}

/// <summary>What a recorder holds of its present session, and up to which trigger it has decided (frame or none).</summary>
public sealed record Holding(EquatableArray<SegmentRun> Runs, long KnownThrough)
{
    /// <summary>Where frames were lost, as the recorder says it.</summary>
    public string? Why { get; init; }
}
