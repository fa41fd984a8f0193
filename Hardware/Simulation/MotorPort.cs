using System.Text;
using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Simulation.Line;
using Flyscan.Scanning.Planning;

namespace Flyscan.Hardware.Simulation;

/// <summary>A motor that stands in this world and is moved by an IOC elsewhere. It goes on when that IOC dies.</summary>
internal sealed class DrivenAxis(AxisDescription axis, double start)
{
    public AxisDescription Axis => axis;

    public CubicTrack Track { get; } = new(start);

    /// <summary>An IOC has told it where to be: what it does is known here better than in an IOC that begins anew.</summary>
    public bool WasDriven { get; set; }
}

/// <summary>Where IOCs plug in to move this world's motors, one connection for each.</summary>
/// <remarks>The IOC begins with <c>motor NAME</c>. It is answered <c>new</c>, or with the motor's course where an IOC has driven it before,
/// and sends a course whenever its own changes. Its time is the calendar's, so that the world must run at the wall's pace.</remarks>
internal sealed class MotorPort(ISimulationClock world, TimeProvider time)
{
    /// <summary>The answer for a motor that nobody has moved.</summary>
    public const string New = "new";

    private const string Word = "motor ";

    private readonly Dictionary<string, DrivenAxis> _axes = new(StringComparer.Ordinal);
    private long _unixAheadNs = long.MaxValue;

    public IEnumerable<DrivenAxis> Axes => _axes.Values;

    /// <summary>How an IOC says which motor it moves.</summary>
    public static string Hello(string axis) => Word + axis;

    /// <summary>Before the world begins.</summary>
    public void Add(AxisDescription axis) =>
        _axes.Add(axis.Name, new DrivenAxis(axis, Math.Clamp(0, axis.Low, axis.High)));

    /// <summary>Serves one IOC until it goes; what is not understood ends the connection.</summary>
    public void Serve(IConnection connection)
    {
        var posted = new PostedConnection(connection, world);
        var lines = new LineReader(new LineLimits());
        DrivenAxis? driven = null;
        posted.Start(
            bytes =>
            {
                lines.Feed(bytes.Span);
                while (lines.TryTakeLine(out var line))
                    if (!Hear(posted, ref driven, line))
                        posted.Dispose();
            },
            _ => { });
    }

    private bool Hear(IConnection connection, ref DrivenAxis? driven, string line)
    {
        if (driven is null)
        {
            driven = line.StartsWith(Word, StringComparison.Ordinal) ? _axes.GetValueOrDefault(line[Word.Length..]) : null;
            if (driven is null)
                return false;
            var known = driven.WasDriven ? MotorCourse.Text(driven.Track, world.NowNs, UnixAheadNs()) : New;
            connection.Send(Encoding.ASCII.GetBytes(known + "\n"));
            return true;
        }
        if (!MotorCourse.TryRead(line, UnixAheadNs(), out var course))
            return false;
        MotorCourse.Follow(driven.Track, world.NowNs, course);
        driven.WasDriven = true;
        return true;
    }

    /// <summary>The least that was seen: a world that is late says an earlier time than it is.</summary>
    private long UnixAheadNs() =>
        _unixAheadNs = Math.Min(_unixAheadNs, (time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100 - world.NowNs);
}
