using Flyscan.Scanning.Units;

namespace Flyscan.Scanning.Planning;

/// <summary>Why time passes without exposure.</summary>
public enum DeadTimeCause
{
    /// <summary>The part of each frame that is not exposed.</summary>
    Readout,

    /// <summary>From rest to the first frame of a take.</summary>
    RunUp,

    /// <summary>Between the windows of a take.</summary>
    TurnAround,

    /// <summary>From the last frame of a take to rest.</summary>
    RunDown,

    /// <summary>Soft axes to their next point, and trajectory axes back to their start.</summary>
    OuterMove,

    /// <summary>Axes that must stand still before a frame or a take, and are seen to stand after one.</summary>
    Settle,

    /// <summary>Axes standing still for the delays that the spec asks for after frames.</summary>
    Delay,

    /// <summary>The shutter opening.</summary>
    Shutter,

    /// <summary>Proofs that every device is ready.</summary>
    Arm,

    /// <summary>Control passing to hardware and back.</summary>
    Handover,
}

/// <remarks><b>Units</b> nanoseconds, over the whole scan.</remarks>
public sealed record DeadTime(DeadTimeCause Cause, long Ns);

/// <summary>What a plan says of its own time and size, without a fault and after the first move to the first point.</summary>
/// <remarks>
/// TotalNs is ExposureNs and all dead times. Autonomy: whole tables and whole trajectories are downloaded, so that a take runs to
/// its end with nobody feeding it; LongestTakeNs is therefore the longest autonomy, but for takes whose tables are streamed.
/// <b>Units</b> nanoseconds, bytes.
/// </remarks>
public sealed record PlanEstimate(
    long Frames,
    long Windows,
    long Takes,
    long TotalNs,
    long ExposureNs,
    EquatableArray<DeadTime> DeadTimes,
    long BytesToWrite,
    long LongestTakeNs,
    string PauseGranularity)
{
    /// <summary>Exposure of the longest exposed frame: the dose, as time in the beam, that each retake adds to a frame.</summary>
    public long DosePerTakeNs { get; init; }

    /// <summary>Most that a frame can get, all retakes that the request allows counted.</summary>
    public long MostDoseNs { get; init; }

    /// <summary>What takes do whose tables are longer than the box's; null where none is.</summary>
    public TableProof? Tables { get; init; }

    /// <summary>The greatest step of velocity inside a window, for each axis that has any.</summary>
    public EquatableArray<VelocityStep> VelocitySteps { get; init; }

    /// <summary>Dead time of one cause, nanoseconds.</summary>
    public long DeadNs(DeadTimeCause cause)
    {
        foreach (var dead in DeadTimes)
            if (dead.Cause == cause)
                return dead.Ns;
        return 0;
    }
}

/// <summary>Steps of an axis's velocity inside windows: how many the plan met, and the greatest.</summary>
/// <remarks>Lines that are alike count once. <b>Units</b> axis units per second. Frame: the one that begins at it.</remarks>
public sealed record VelocityStep(string Axis, string Unit, long Frame, double Before, double After, long Count);

/// <summary>Tables that are streamed, and the proof that they do not run dry.</summary>
/// <param name="Takes">How many takes are streamed.</param>
/// <param name="PieceRows">Rows of a piece.</param>
/// <param name="FastestPieceNs">The least time in which the box uses up a piece.</param>
/// <param name="RefillNs">What a piece takes to get into the box, latency counted.</param>
/// <param name="MarginNs">The least time by which a piece is there before it is needed; null where all fit into the box at once.</param>
/// <param name="AutonomyNs">How long the box runs at least when nobody sends it anything any more.</param>
public sealed record TableProof(long Takes, int PieceRows, long FastestPieceNs, long RefillNs, long? MarginNs, long AutonomyNs);
