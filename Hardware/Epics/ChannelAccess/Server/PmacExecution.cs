using Flyscan.Hardware.Simulation;

namespace Flyscan.Hardware.Epics.ChannelAccess.Server;

/// <summary>Points of a profile as they stood in the arrays when they were built.</summary>
/// <remarks><b>Shapes</b> DurationsNs, Programs: [points]; Positions, Velocities per motor: [points].</remarks>
internal sealed record PmacPoints(
    long[] DurationsNs, int[] Programs, IReadOnlyList<(MotorRecord Motor, double[] Positions, double[] Velocities)> Axes)
{
    private const double LongestUs = 4_095_000;

    /// <summary>Reads the arrays; returns why they cannot be run.</summary>
    public static string? Read(PmacRecords records, Dictionary<char, MotorRecord> motors, out PmacPoints? points)
    {
        points = null;
        var count = (int)records.Number("ProfilePointsToBuild");
        var (times, programs) = (records.Numbers("ProfileTimeArray"), records.Numbers("UserArray"));
        if (count < 1 || count > PmacRecords.MostPoints || times.Length < count || programs.Length < count)
            return $"{count} points to build, {times.Length} times and {programs.Length} user programs";
        if (Array.Find(times[..count], t => !(t > 0 && t <= LongestUs)) is not 0 and var wrong)
            return FormattableString.Invariant($"a time of {wrong:G9} us is outside 0 to {LongestUs:G9}");
        List<(MotorRecord, double[], double[])> axes = [];
        foreach (var letter in PmacRecords.Letters.Where(l => records.Number($"{l}:UseAxis") != 0))
        {
            if (!motors.TryGetValue(letter, out var motor))
                return $"axis {letter} is not assigned to any motor";
            var (positions, velocities) = (records.Numbers($"{letter}:Positions"), records.Numbers($"{letter}:Velocities"));
            if (positions.Length < count || velocities.Length < count)
                return $"axis {letter} has {positions.Length} positions and {velocities.Length} velocities for {count} points";
            if (positions.Take(count).Any(p => !motor.IsWithinLimits(p)))
                return $"axis {letter}: a position is outside the motor's soft limits";
            axes.Add((motor, positions[..count], velocities[..count]));
        }
        points = new PmacPoints(
            Array.ConvertAll(times[..count], us => (long)Math.Round(us * 1000)), Array.ConvertAll(programs[..count], p => (int)p), axes);
        return null;
    }
}

/// <summary>A profile under way: cubics through its points on every axis, user programs as points are passed.</summary>
/// <param name="ended">Status and message, once.</param>
internal sealed class PmacExecution(IServerTime time, PmacUserPrograms programs, BitSignal live, Action<string, string> ended)
{
    private readonly List<long> _times = [];
    private readonly List<int> _programs = [];
    private readonly Dictionary<MotorRecord, List<Knot>> _knots = [];
    private IDisposable? _next;
    private int _passed;
    private bool _isOver;

    /// <summary>Points loaded.</summary>
    public int Points => _times.Count;

    /// <summary>Points passed by now.</summary>
    public int PointsDone => _passed;

    public void Begin(PmacPoints points) => Add(points, time.NowNs);

    /// <summary>More points, after those that are loaded.</summary>
    public void Append(PmacPoints points)
    {
        if (!_isOver && _times.Count > 0)
            Add(points, _times[^1]);
    }

    /// <summary>Brakes every axis where it is.</summary>
    public void Stop(string status, string message)
    {
        if (_isOver)
            return;
        foreach (var motor in _knots.Keys)
            motor.StopFollowing();
        End(status, message);
    }

    private void Add(PmacPoints points, long fromNs)
    {
        for (var i = 0; i < points.DurationsNs.Length; i++)
        {
            fromNs += points.DurationsNs[i];
            _times.Add(fromNs);
            foreach (var (motor, positions, velocities) in points.Axes)
            {
                if (!_knots.TryGetValue(motor, out var knots))
                    _knots[motor] = knots = [];
                knots.Add(new Knot(fromNs, positions[i], velocities[i]));
            }
        }
        _programs.AddRange(points.Programs);
        foreach (var (motor, knots) in _knots)
        {
            knots.RemoveAll(k => k.TimeNs <= time.NowNs);
            motor.Follow([.. knots]);
        }
        if (_next is null)
            Await();
    }

    private void Await() => _next = time.At(_times[_passed], Pass);

    private void Pass()
    {
        if (_isOver)
            return;
        var program = _programs[_passed++];
        if (program == programs.Window)
            live.Set(true);
        else if (program == programs.Gap || program == programs.End)
            live.Set(false);
        if (_passed < _times.Count)
        {
            Await();
            return;
        }
        // Nothing is loaded any more: the end where the last point is at rest, else the buffers were not filled in time.
        if (_knots.Keys.Any(m => !m.Track.IsAtRest(time.NowNs)) || _knots.Any(k => k.Value.Count > 0 && k.Value[^1].Velocity != 0))
            Stop("Failure", "Scan failed, unable to fill buffers in time");
        else
            End("Success", "Trajectory scan complete");
    }

    private void End(string status, string message)
    {
        _isOver = true;
        _next?.Dispose();
        live.Set(false);
        ended(status, message);
    }
}
