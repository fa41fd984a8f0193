using Flyscan.Scanning.Trajectories;

namespace Flyscan.Scanning.Planning;

/// <summary>The trajectory axes of a scan: those that one controller moves through windows, or holds at their outer point.</summary>
internal sealed class MotionSetup
{
    /// <summary>Live stays low at least this long before each window, so that the box sees it fall and rise; and constant velocity
    /// is kept at least this long outside the frames.</summary>
    public const long QuietNs = TurnArounds.QuietNs;

    // A finer grid of ramps gains nothing that a mechanical axis could show.
    private const long FinestStepNs = 100_000;

    public MotionSetup(ControllerDescription controller, AxisDescription[] axes, int[] columns)
    {
        (Controller, Axes, Columns) = (controller, axes, columns);
        Limits = [.. axes.Select(a => new AxisLimits(a.MaxVelocity, a.MaxAcceleration) { MaxJerk = a.MaxJerk })];
        Soft = [.. axes.Select(a => (a.Low, a.High))];
        BrakePoints = 8 + axes.Sum(a => double.IsInfinity(a.MaxJerk) ? 2 : 6);
        RestNs = axes.Length == 0 ? 0 : axes.Max(a => a.SettleNs);
        LeastNs = Math.Max(1, controller.MinSegmentNs);
        StepNs = Math.Max(FinestStepNs, controller.MinSegmentNs);
        LeadNs = Math.Max(QuietNs, LeastNs);
    }

    public ControllerDescription Controller { get; }

    /// <summary>Longest delay after a frame.</summary>
    public double LongestDelaySeconds { get; init; }

    /// <summary>Points that frames, turn-arounds and the brake of a take may use: what a delay before the take needs is kept.</summary>
    public long MostPoints => Controller.MaxPoints
        - (LongestDelaySeconds > 0 ? (long)Math.Ceiling(LongestDelaySeconds * 1e9 / Controller.MaxSegmentNs) + 1 : 0);

    /// <summary>Whether windows begin by the encoder of a moving axis, where one has an encoder and the box compares it; else by live
    /// alone.</summary>
    public bool ComparesPosition { get; init; } = true;

    /// <summary>The detector that begins frames by itself; null where the box does.</summary>
    public FreeRunDescription? FreeRun { get; init; }

    /// <summary>Steps of velocity inside windows are smoothed over frames; where an axis has a limit of jerk, all windows are
    /// smooth.</summary>
    public bool SmoothsSteps { get; init; }

    /// <summary>Shorter frames than the controller's segments cannot all be nodes of a smooth course; set once they are known.</summary>
    public long ShortestFrameNs { get; set; }

    /// <summary>Whether acceleration has no steps in windows.</summary>
    public bool IsSmooth => ShortestFrameNs >= LeastNs && (SmoothsSteps || Array.Exists(Limits, l => double.IsFinite(l.MaxJerk)));

    /// <summary>Slow to fast, as in the path.</summary>
    public AxisDescription[] Axes { get; }

    /// <summary>Where each axis stands among the path's.</summary>
    public int[] Columns { get; }

    public AxisLimits[] Limits { get; }

    public (double Low, double High)[] Soft { get; }

    /// <summary>Most points of a lead out and of every axis's brake, shoulders counted, each perhaps in parts.</summary>
    public int BrakePoints { get; }

    /// <summary>How long all axes take to stand after a programme, or after the move to its start.</summary>
    public long RestNs { get; }

    /// <summary>Shortest segment.</summary>
    public long LeastNs { get; }

    /// <summary>Grid of ramps.</summary>
    public long StepNs { get; }

    /// <summary>Least time at constant velocity before and after moving frames.</summary>
    public long LeadNs { get; }

    /// <summary>How long velocity is kept outside the frames beside a frame of the given duration.</summary>
    /// <remarks>
    /// The compare reads the encoder, which may be off the axis by its tolerance: frames then begin and end earlier or later by
    /// tolerance / velocity. More than one frame's duration is never granted: an encoder that far off is a fault to report.
    /// </remarks>
    public long LeadFor(int compareAxis, double velocity, long frameNs)
    {
        if (compareAxis < 0 || Axes[compareAxis].Encoder is not { } encoder)
            return LeadNs;
        var offNs = velocity == 0 ? frameNs : Math.Min(frameNs, Math.Ceiling(encoder.Tolerance / Math.Abs(velocity) * 1e9));
        return Math.Max(LeadNs, (long)offNs);
    }

    /// <summary>How long axes stand still for a delay after a frame; 0 for none.</summary>
    public long DwellNs(double seconds, long tickNs) =>
        seconds <= 0 ? 0 : Math.Max(FrameDuration.DwellNs(seconds, tickNs), LeastNs);

    /// <summary>How long axes must stand after a move between two places.</summary>
    public long SettleNs(ReadOnlySpan<double> from, ReadOnlySpan<double> to)
    {
        var settleNs = 0L;
        for (var i = 0; i < Axes.Length; i++)
            if (from[i] != to[i])
                settleNs = Math.Max(settleNs, Axes[i].SettleNs);
        return settleNs == 0 ? 0 : Math.Max(settleNs, LeastNs);
    }

    /// <summary>The axis whose encoder starts the frames: the one that counts fastest; -1 when none with an encoder moves.</summary>
    public int CompareAxis(ReadOnlySpan<double> velocities, long frameNs)
    {
        var (best, rate) = (-1, 0.0);
        if (!ComparesPosition)
            return best;
        for (var i = 0; i < Axes.Length; i++)
        {
            if (Axes[i].Encoder is not { } encoder)
                continue;
            var counts = Math.Abs(velocities[i] / encoder.Scale);
            // Less than this in a frame is rounding of a position that does not change.
            if (counts * (frameNs / 1e9) > 1e-6 && counts >= rate)
                (best, rate) = (i, counts);
        }
        return best;
    }
}
