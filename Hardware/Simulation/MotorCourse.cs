using System.Globalization;
using System.Text;

namespace Flyscan.Hardware.Simulation;

/// <summary>Where a motor goes, as an IOC and the beamline that its motors stand in tell each other: a line
/// <c>course TIME POSITION VELOCITY …</c>, three numbers for each knot.</summary>
/// <remarks><b>Units</b> on the line: nanoseconds since 1970, axis units, per second. unixAheadNs: what is added to a track's own time to
/// get that.</remarks>
internal static class MotorCourse
{
    private const string Word = "course";

    /// <summary>What is left of a track's course from now on.</summary>
    public static string Text(CubicTrack track, long nowNs, long unixAheadNs)
    {
        var text = new StringBuilder(Word);
        foreach (var piece in track.Pieces(nowNs, Math.Max(track.RestsFromNs, nowNs + 1)))
            Append(piece.From);
        var endNs = Math.Max(track.RestsFromNs, nowNs + 1);
        Append(new Knot(endNs, track.PositionAt(endNs), 0));
        return text.ToString();

        void Append(Knot knot) => text.Append(
            CultureInfo.InvariantCulture, $" {knot.TimeNs + unixAheadNs} {knot.Position:R} {knot.Velocity:R}");
    }

    /// <summary>Understands one line; false for what is none. The knots are in the track's own time.</summary>
    public static bool TryRead(string line, long unixAheadNs, out List<Knot> course)
    {
        course = [];
        var parts = line.Split(' ');
        if (parts.Length < 4 || parts.Length % 3 != 1 || parts[0] != Word)
            return false;
        for (var i = 1; i < parts.Length; i += 3)
        {
            if (!long.TryParse(parts[i], NumberStyles.None, CultureInfo.InvariantCulture, out var unixNs)
                || !TryNumber(parts[i + 1], out var position) || !TryNumber(parts[i + 2], out var velocity)
                || (course.Count > 0 && unixNs - unixAheadNs <= course[^1].TimeNs))
                return false;
            course.Add(new Knot(unixNs - unixAheadNs, position, velocity));
        }
        return course[^1].Velocity == 0;
    }

    /// <summary>Puts a track on a course, wherever it was.</summary>
    public static void Follow(CubicTrack track, long nowNs, IReadOnlyList<Knot> course)
    {
        var fromNs = nowNs + 1;
        track.Continue(nowNs, course.Where(k => k.TimeNs > fromNs).Prepend(At(course, fromNs)));
    }

    private static Knot At(IReadOnlyList<Knot> course, long timeNs)
    {
        if (timeNs >= course[^1].TimeNs)
            return course[^1] with { TimeNs = timeNs };
        // Both sides' calendars may differ by a little.
        if (timeNs < course[0].TimeNs)
            return new Knot(timeNs, course[0].Position - course[0].Velocity * (course[0].TimeNs - timeNs) / 1e9, course[0].Velocity);
        var next = 1;
        while (course[next].TimeNs <= timeNs)
            next++;
        var piece = new CubicPiece(course[next - 1], course[next]);
        return new Knot(timeNs, piece.PositionAt(timeNs), piece.VelocityAt(timeNs));
    }

    private static bool TryNumber(string text, out double number) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out number) && double.IsFinite(number);
}
