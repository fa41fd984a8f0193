using System.Text;
using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Simulation;
using Flyscan.Scanning.Planning;
using Xunit;

namespace Flyscan.Tests.Hardware.Simulation;

/// <summary>Motors of a virtual beamline that an IOC in another process moves.</summary>
public sealed class MotorCourseTests
{
    private const long Ms = 1_000_000;
    private const long AheadNs = 1_700_000_000_000_000_000;

    [Fact]
    public void A_course_is_followed_to_the_nanometre_however_late_it_comes()
    {
        var ioc = new CubicTrack(1);
        ioc.Continue(10 * Ms, MoveProfile.PointToPoint(10 * Ms, 1, 9, 4, 50));
        foreach (var lateNs in new[] { 0, 1, 40 * Ms, 500 * Ms, 100_000 * Ms })
        {
            var world = new CubicTrack(1);
            Assert.True(MotorCourse.TryRead(MotorCourse.Text(ioc, 10 * Ms, AheadNs), AheadNs, out var course));
            MotorCourse.Follow(world, 10 * Ms + lateNs, course);
            for (var after = lateNs + 1; after < lateNs + 3_000 * Ms; after += 7 * Ms)
                Assert.Equal(ioc.PositionAt(10 * Ms + after), world.PositionAt(10 * Ms + after), 9);
            Assert.True(world.IsAtRest(world.RestsFromNs));
        }
    }

    [Fact]
    public void What_is_left_of_a_course_says_where_and_how_fast_it_is_now()
    {
        var ioc = new CubicTrack(0);
        ioc.Continue(0, MoveProfile.PointToPoint(0, 0, 9, 4, 50));
        Assert.True(MotorCourse.TryRead(MotorCourse.Text(ioc, 1_000 * Ms, AheadNs), AheadNs, out var course));
        Assert.Equal(new Knot(1_000 * Ms, ioc.PositionAt(1_000 * Ms), 4), course[0]);
        Assert.Equal((9.0, 0.0), (course[^1].Position, course[^1].Velocity));
    }

    [Theory]
    [InlineData("")]
    [InlineData("course")]
    [InlineData("course 1 2")]
    [InlineData("course 1 2 3")]
    [InlineData("course 5 2 0 4 2 0")]
    [InlineData("course 1 NaN 0")]
    [InlineData("course -1 2 0")]
    [InlineData("GET / HTTP/1.1 0")]
    public void Anything_else_is_none(string line) => Assert.False(MotorCourse.TryRead(line, 0, out _));

    [Fact]
    public void An_IOC_that_comes_again_is_told_where_the_motor_is()
    {
        var bench = new Bench();
        Assert.Equal("new\n", bench.Plug("motor x\n"));
        bench.Send($"course {bench.UnixNs} 2.5 0\n");
        Assert.Equal(2.5, bench.Port.Axes.Single().Track.PositionAt(Ms));
        Assert.Matches(@"^course \d+ 2.5 0 \d+ 2.5 0\n$", bench.Plug("motor x\n"));
    }

    [Theory]
    [InlineData("motor q\n")]
    [InlineData("hello\n")]
    [InlineData("motor x\ncourse 1 2\n")]
    public void Who_says_something_else_is_shown_the_door(string said)
    {
        var bench = new Bench();
        bench.Plug(said);
        Assert.True(bench.IsClosed);
    }

    private sealed class Bench
    {
        private readonly ManualTime _time = new();
        private Wire _wire = new();

        public Bench()
        {
            _time.Advance(TimeSpan.FromDays(20_000));
            Port = new MotorPort(new Still(), _time);
            Port.Add(new AxisDescription("x", "mm", -10, 10, 1, 1, null, null, 0));
        }

        public MotorPort Port { get; }

        public bool IsClosed => _wire.IsClosed;

        public long UnixNs => (_time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;

        public string Plug(string said)
        {
            _wire = new Wire();
            Port.Serve(_wire);
            Send(said);
            return _wire.Answered.ToString();
        }

        public void Send(string said) => _wire.Received!(Encoding.ASCII.GetBytes(said));
    }

    private sealed class Wire : IConnection
    {
        public Action<ReadOnlyMemory<byte>>? Received { get; private set; }

        public StringBuilder Answered { get; } = new();

        public bool IsClosed { get; private set; }

        public void Start(Action<ReadOnlyMemory<byte>> received, Action<Exception?> closed) => Received = received;

        public void Send(ReadOnlySpan<byte> bytes) => Answered.Append(Encoding.ASCII.GetString(bytes));

        public void Dispose() => IsClosed = true;
    }

    /// <summary>A world that goes on a little whenever it is looked at.</summary>
    private sealed class Still : ISimulationClock
    {
        private long _nowNs;

        public long NowNs => _nowNs += 1000;

        public IDisposable At(long timeNs, Action action) => throw new NotSupportedException();

        public void Post(Action action) => action();
    }
}
