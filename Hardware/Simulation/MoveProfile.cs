namespace Flyscan.Hardware.Simulation;

/// <summary>Knots of the moves that a controller makes by itself: point to point, ringing on arrival, braking.</summary>
internal static class MoveProfile
{
    private const int RingingKnots = 6;
    private const int BrakeKnots = 16;

    /// <summary>A trapezoidal (or triangular) move from rest to rest at the limits.</summary>
    public static List<Knot> PointToPoint(long fromNs, double from, double to, double velocity, double acceleration)
    {
        var distance = Math.Abs(to - from);
        if (distance == 0)
            return [];
        var sign = Math.Sign(to - from);
        var peak = Math.Min(velocity, Math.Sqrt(distance * acceleration));
        var (rampNs, ramp) = (NsUp(peak / acceleration), peak * peak / (2 * acceleration));
        var cruiseNs = NsUp((distance - 2 * ramp) / peak);
        List<Knot> knots = [new Knot(fromNs + rampNs, from + sign * ramp, sign * peak)];
        if (cruiseNs > 0)
            knots.Add(new Knot(fromNs + rampNs + cruiseNs, to - sign * ramp, sign * peak));
        knots.Add(new Knot(fromNs + 2 * rampNs + cruiseNs, to, 0));
        return knots;
    }

    /// <summary>Longest that a point-to-point move over this distance takes.</summary>
    /// <remarks><b>Units</b> nanoseconds.</remarks>
    public static long DurationNs(double distance, double velocity, double acceleration) =>
        NsUp(distance / velocity + velocity / acceleration);

    /// <summary>Ringing about the target that dies out within the settling time and leaves an error within the noise.</summary>
    public static List<Knot> Settle(long arrivalNs, double target, long settleNs, double noise, SeededGenerator generator)
    {
        var (amplitude, rest) = (2 * noise * generator.NextSigned(), noise * generator.NextSigned());
        var step = settleNs / RingingKnots;
        List<Knot> knots = [];
        if (noise == 0 || step == 0)
            return knots;
        for (var i = 1; i < RingingKnots; i++, amplitude *= -0.5)
            knots.Add(new Knot(arrivalNs + i * step, target + amplitude, 0));
        knots.Add(new Knot(arrivalNs + settleNs, target + rest, 0));
        return knots;
    }

    /// <summary>How long braking on the path takes where no axis gets more than its greatest acceleration from it.</summary>
    public static long BrakeNs(IEnumerable<(double Velocity, double Acceleration)> axes)
    {
        // Never nothing: an axis that rests for a moment would else go on with its programme.
        var longest = 1_000L;
        foreach (var (velocity, acceleration) in axes)
            longest = Math.Max(longest, NsUp(Math.Abs(velocity) / acceleration));
        return longest;
    }

    /// <summary>Slows the present course down to rest on its own path: the same for all axes, so that they stay on it together.</summary>
    public static List<Knot> Brake(CubicTrack track, long nowNs, long brakeNs)
    {
        List<Knot> knots = [];
        for (var i = 1; i <= BrakeKnots && brakeNs > 0; i++)
        {
            var part = (double)i / BrakeKnots;
            var onPathNs = nowNs + (long)(brakeNs * (part - part * part / 2));
            var velocity = i == BrakeKnots ? 0 : track.VelocityAt(onPathNs) * (1 - part);
            knots.Add(new Knot(nowNs + brakeNs * i / BrakeKnots, track.PositionAt(onPathNs), velocity));
        }
        return knots;
    }

    private static long NsUp(double seconds) => (long)Math.Ceiling(seconds * 1e9);
}
