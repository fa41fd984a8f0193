namespace Flyscan.Scanning.Trajectories;

/// <summary>The ways from one window to the next.</summary>
internal static class TurnArounds
{
    /// <summary>Live stays low at least this long before each window, so that the box sees it fall and rise.</summary>
    public const long QuietNs = 1_000_000;

    /// <summary>Without a stop, as fast as limits allow; returns its nanoseconds.</summary>
    public static long JumpStraight(
        this SynchronisedMove move, ReadOnlySpan<double> exit, ReadOnlySpan<double> exitVelocity, (double[] At, double[] Velocity) entry,
        MotionSink sink)
    {
        move.Jump(exit, exitVelocity, entry.At, entry.Velocity, QuietNs);
        move.Emit(sink);
        return move.DurationNs;
    }

    /// <summary>To rest at once, motionless for the dwell, then to the entry; returns nanoseconds without the dwell.</summary>
    public static long JumpWithRest(
        this SynchronisedMove move, ReadOnlySpan<double> exit, ReadOnlySpan<double> exitVelocity, (double[] At, double[] Velocity) entry,
        long dwellNs, MotionSink sink)
    {
        var brakeNs = 0L;
        var rest = exit.ToArray();
        if (exitVelocity.ContainsAnyExcept(0.0))
        {
            move.RunDown(exit, exitVelocity);
            move.Emit(sink);
            brakeNs = move.DurationNs;
            move.To.CopyTo(rest);
        }
        var still = new double[rest.Length];
        sink.To(dwellNs, rest, still, live: false);
        return brakeNs + move.JumpStraight(rest, still, entry, sink);
    }
}
