using Flyscan.Scanning.Planning;
using Flyscan.Scanning.Triggering;
using Flyscan.Scanning.Units;

namespace Flyscan.Scanning.Runs;

/// <summary>What the decider asks of a plan. Every answer is a pure function of the plan.</summary>
public interface IRunPlan
{
    long Frames { get; }

    string Hash { get; }

    /// <summary>The largest beginning of the wanted frames that hardware can take in one go; within one inner scan.</summary>
    FrameRange NextTake(FrameRange wanted);

    OuterPoint OuterPointOf(long frame);

    TakeProgramme Compile(FrameRange take);
}

/// <summary>The devices and rules of one scan: derived from request and beamline, never journaled.</summary>
/// <param name="Motion">The trajectory controller; null where the scan moves none.</param>
/// <param name="Recorders">The box first, then the triggered detectors.</param>
/// <param name="Shutter">Null where the scan leaves it alone.</param>
public sealed record RunSetup(
    IRunPlan Plan,
    string Box,
    string? Motion,
    EquatableArray<string> SoftAxes,
    EquatableArray<string> Recorders,
    string? Shutter,
    EquatableArray<EncoderCheck> Encoders)
{
    /// <summary>The shutter closes after each take: windows or frames of their own, as the plan cuts them.</summary>
    public bool ShutterPerTake { get; init; }

    /// <summary>Recorders that do not take one frame for each of the scan.</summary>
    public EquatableArray<RatedDetector> Rates { get; init; }

    /// <summary>Signals that frames may not be exposed without.</summary>
    public EquatableArray<Suspender> Suspenders { get; init; }

    /// <summary>What values that the box captures with each frame must be.</summary>
    public EquatableArray<CapturedLimit> CapturedLimits { get; init; } = [];

    public OnBadFrames OnBadFrames { get; init; } = OnBadFrames.Retake;

    public int MaxExposuresPerFrame { get; init; } = 3;

    /// <summary>Frames stay provisional until the scan ends, so that an operator may seek back over all of them.</summary>
    public bool CommitsAtEnd { get; init; }

    /// <summary>Frames are told as soon as they are recorded, before they are committed.</summary>
    public bool TellsRecorded { get; init; }

    /// <summary>Recorders that may lack frames: what they have is kept, and they hold nobody up.</summary>
    public EquatableArray<string> MayLack { get; init; }

    /// <summary>How frames of each recorder are identified, where it is not by a number of the hardware's.</summary>
    public EquatableArray<KeyValuePair<string, FrameIdentity>> Identities { get; init; }

    /// <summary>How far time stamps may be from their triggers', nanoseconds, of the detectors that declare it.</summary>
    public EquatableArray<KeyValuePair<string, long>> StampErrors { get; init; } = [];

    /// <summary>Somebody watches the room on the disk.</summary>
    public bool WatchesDisk { get; init; }

    /// <summary>Wall time per time of the plan: 1 but for a virtual beamline, 0 where that does not wait at all.</summary>
    public double WallPerPlan { get; init; } = 1;

    /// <summary>What one more take costs: its preparation and run-up, nanoseconds of the plan.</summary>
    public long TakeOverheadNs { get; init; }

    /// <summary>Triggers can be stopped at any frame.</summary>
    public bool HasGate { get; init; }

    /// <summary>How late each device's word of its progress may be, nanoseconds; 0 where it says nothing.</summary>
    public EquatableArray<KeyValuePair<string, long>> ProgressLatencies { get; init; }

    /// <summary>How long a stall may last, after it was named, before the take is given up, nanoseconds.</summary>
    public long StallPatienceNs { get; init; } = 5_000_000_000;

    /// <summary>Takes that may be taken back and not yet reconciled; a next one waits.</summary>
    public int MaxOpenTakes { get; init; } = 4;

    /// <summary>How frames of a recorder are identified.</summary>
    public FrameIdentity IdentityOf(string recorder) =>
        Identities.Where(i => i.Key == recorder).Select(i => i.Value).DefaultIfEmpty(FrameIdentity.HardwareFrameNumber).First();

    /// <summary>How far a recorder's time stamps may be from their triggers', nanoseconds; null where nobody has said so.</summary>
    public long? StampErrorOf(string recorder) =>
        StampErrors.Where(e => e.Key == recorder).Select(e => (long?)e.Value).FirstOrDefault();

    public long ProgressLatencyOf(string device) => ProgressLatencies.FirstOrDefault(l => l.Key == device).Value;

    /// <summary>Every device of the scan, in the order in which they are made safe: the beam first.</summary>
    public IEnumerable<string> Devices =>
        new[] { Shutter, Box, Motion }.OfType<string>().Concat(SoftAxes).Concat(Recorders.Where(r => r != Box));
}

/// <summary>An axis whose encoder, as the box counts it, must agree with the controller before a take.</summary>
/// <remarks><b>Units</b> Tolerance: axis units.</remarks>
public sealed record EncoderCheck(string Axis, double Tolerance);
