namespace Flyscan.Hardware.Simulation;

/// <summary>A point that motion passes at a time with a velocity.</summary>
/// <remarks><b>Units</b> TimeNs: nanoseconds of beam time; Position: axis units; Velocity: per second.</remarks>
internal readonly record struct Knot(long TimeNs, double Position, double Velocity);

/// <summary>The cubic between two knots (Hermite form); constant before the first and after the last where both are the same.</summary>
internal readonly record struct CubicPiece(Knot From, Knot To)
{
    private double Seconds => (To.TimeNs - From.TimeNs) / 1e9;

    /// <summary>Nothing moves on it.</summary>
    public bool IsRest => From.Position == To.Position && From.Velocity == 0 && To.Velocity == 0;

    public double PositionAt(long timeNs)
    {
        if (To.TimeNs <= From.TimeNs)
            return From.Position;
        var (h, u) = (Seconds, (timeNs - From.TimeNs) / (double)(To.TimeNs - From.TimeNs));
        var (c2, c3) = Coefficients(h);
        return From.Position + u * (From.Velocity * h + u * (c2 + u * c3));
    }

    public double VelocityAt(long timeNs)
    {
        if (To.TimeNs <= From.TimeNs)
            return From.Velocity;
        var (h, u) = (Seconds, (timeNs - From.TimeNs) / (double)(To.TimeNs - From.TimeNs));
        var (c2, c3) = Coefficients(h);
        return From.Velocity + u * (2 * c2 + u * 3 * c3) / h;
    }

    /// <summary>Accelerations at both ends; between them they are linear, so these are the extremes.</summary>
    public (double First, double Last) Accelerations()
    {
        var h = Seconds;
        var (c2, c3) = Coefficients(h);
        return (2 * c2 / (h * h), (2 * c2 + 6 * c3) / (h * h));
    }

    /// <summary>Integral of the position over the piece, in units × nanoseconds.</summary>
    public double Integral()
    {
        var h = Seconds;
        return 1e9 * (h / 2 * (From.Position + To.Position) + h * h / 12 * (From.Velocity - To.Velocity));
    }

    /// <summary>The part of this piece between two times inside it; the same cubic.</summary>
    public CubicPiece Between(long fromNs, long toNs) => new(
        new Knot(fromNs, PositionAt(fromNs), VelocityAt(fromNs)), new Knot(toNs, PositionAt(toNs), VelocityAt(toNs)));

    /// <summary>Bounds that the whole piece keeps: its Bézier control points.</summary>
    public (double Least, double Greatest) Hull()
    {
        var (b1, b2) = (From.Position + From.Velocity * Seconds / 3, To.Position - To.Velocity * Seconds / 3);
        return (
            Math.Min(Math.Min(From.Position, b1), Math.Min(b2, To.Position)),
            Math.Max(Math.Max(From.Position, b1), Math.Max(b2, To.Position)));
    }

    /// <summary>Times inside the piece, ascending, at which the velocity changes sign, rounded down to nanoseconds.</summary>
    public IEnumerable<long> TurningTimes()
    {
        var (c2, c3) = Coefficients(Seconds);
        foreach (var root in Roots(3 * c3, 2 * c2, From.Velocity * Seconds))
        {
            var time = From.TimeNs + (long)Math.Floor(root * (To.TimeNs - From.TimeNs));
            if (time > From.TimeNs && time < To.TimeNs)
                yield return time;
        }
    }

    /// <summary>Greatest speed in the piece: at its ends or where the acceleration is zero.</summary>
    public double GreatestSpeed()
    {
        var greatest = Math.Max(Math.Abs(From.Velocity), Math.Abs(To.Velocity));
        var (c2, c3) = Coefficients(Seconds);
        var u = c3 == 0 ? -1 : -c2 / (3 * c3);
        if (u is > 0 and < 1)
            greatest = Math.Max(greatest, Math.Abs(From.Velocity + u * (2 * c2 + u * 3 * c3) / Seconds));
        return greatest;
    }

    private (double C2, double C3) Coefficients(double h)
    {
        var rise = To.Position - From.Position;
        return (3 * rise - h * (2 * From.Velocity + To.Velocity), -2 * rise + h * (From.Velocity + To.Velocity));
    }

    private static double[] Roots(double a, double b, double c)
    {
        if (a == 0)
            return b == 0 ? [] : [-c / b];
        var discriminant = b * b - 4 * a * c;
        if (discriminant < 0)
            return [];
        // The form without cancellation.
        var q = -(b + Math.CopySign(Math.Sqrt(discriminant), b)) / 2;
        double[] roots = q == 0 ? [0] : [q / a, c / q];
        Array.Sort(roots);
        return roots;
    }
}
