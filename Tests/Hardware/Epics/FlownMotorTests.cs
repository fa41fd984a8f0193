using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Epics;
using Flyscan.Hardware.Epics.ChannelAccess.Server;
using Flyscan.Hardware.Hdf5;
using Flyscan.Hocon;
using Flyscan.Host.Composition;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Trajectories;
using Flyscan.Scanning.Units;
using Flyscan.Tests.Hardware.Epics.ChannelAccess;
using Xunit;

namespace Flyscan.Tests.Hardware.Epics;

/// <summary>A motor record flown along a line at constant velocity, with every trap that real records were seen to set.</summary>
public sealed partial class FlownMotorTests : IAsyncDisposable
{
    private const string Settings =
        "kind = epics-motor, pv = \"MOT:X\", fly = true, unit = mm, low = -10, high = 10, velocity = 5, acceleration = 50\n"
        + "tolerance = 0.001";

    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly TakeMark Mark = new(7);

    /// <summary>From rest at 0 to 0.4 mm/s in 8 ms, and 20 s of that.</summary>
    private static readonly Trajectory Line = Programme(0.0016, [0.0016, 8.0016, 8.0032], [0.4, 0.4, 0], [8, 20_000, 8]);

    private readonly CaBench _bench = new();
    private readonly KeptInMemory _kept = new();
    private MotorRecord _motor;

    public FlownMotorTests()
    {
        _motor = Serve(_ => { });
        Axis = Driver();
    }

    /// <summary>Whatever is asked of it goes on in the bench's own queue.</summary>
    private EpicsFlownMotorDriver Axis
    {
        get
        {
            _bench.Enter();
            return field;
        }
        set;
    }

    public async ValueTask DisposeAsync()
    {
        await Axis.DisposeAsync();
        await _bench.DisposeAsync();
    }

    [Fact]
    public async Task It_flies_the_line_and_gets_its_own_velocity_back()
    {
        await AtStartAsync();
        Assert.Equal((0.4, 0.008), (Number("VELO"), Number("ACCL")));
        Assert.Equal(0, _motor.Position);
        var began = _bench.Clock.NowNs;
        var started = await StartAsync();
        Assert.Equal((MotionPhase.Running, Mark), (started.Phase, started.Mark));
        var done = await DoneAsync();
        Assert.Equal(new MotionStatus(MotionPhase.Done, Mark, [new AxisPosition("x", 8.0032)], null), done);
        Assert.Equal((5, 0.1), (Number("VELO"), Number("ACCL")));
        Assert.Empty(_kept.Of("x"));
        // Where the plan has it, all along the window.
        var moves = _motor.Track.Pieces(began, began + 30 * CaBench.Second).First(p => !p.IsRest).From.TimeNs;
        foreach (var seconds in new[] { 0.008, 1, 12.5, 20.008 })
            Assert.Equal(0.0016 + (seconds - 0.008) * 0.4, _motor.Track.PositionAt(moves + (long)(seconds * 1e9)), 6);
    }

    [Fact]
    public async Task The_base_velocity_shortens_the_ramp()
    {
        _motor = Serve(_ => { }, baseVelocity: 0.1);
        await AtStartAsync();
        Assert.Equal(0.3 / 50, Number("ACCL"), 12);
    }

    [Fact]
    public async Task A_line_slower_than_the_base_velocity_is_refused()
    {
        _motor = Serve(_ => { }, baseVelocity: 3);
        await ConnectAsync();
        var refused = await _bench.EndAsync(Axis.LoadAsync(Mark, Line, None));
        Assert.Contains("the line is flown at 0.4 mm/s, and MOT:X.VBAS lets VELO be 3 at least", refused.Problem);
    }

    [Fact]
    public async Task A_velocity_that_the_record_clips_is_refused_and_put_back()
    {
        _motor = Serve(_ => { }, maxVelocity: 0.3);
        await ConnectAsync();
        await _bench.EndAsync(Axis.LoadAsync(Mark, Line, None));
        var refused = await _bench.EndAsync(Axis.MoveToStartAsync(Mark, None));
        Assert.Contains("0.4 was written to MOT:X.VELO, which is 0.3 now: VMAX limits it", refused.Problem);
        Assert.Empty(_kept.Of("x"));
    }

    [Fact]
    public async Task A_ramp_that_the_record_makes_longer_is_refused()
    {
        await ConnectAsync();
        await _bench.EndAsync(Axis.LoadAsync(Mark, Line, None));
        Field("ACCL").Written = (_, complete) =>
        {
            Field("ACCL").Post(new PvValue.Number(0.1), 1);
            complete();
            return 1;
        };
        var refused = await _bench.EndAsync(Axis.MoveToStartAsync(Mark, None));
        Assert.Contains("0.008 was written to MOT:X.ACCL, which is 0.1 now", refused.Problem);
    }

    [Fact]
    public async Task A_limit_switch_on_the_way_is_a_fault_and_named()
    {
        await AtStartAsync();
        _motor.Faults = new MotorFaults { SwitchHigh = 5 };
        await StartAsync();
        var done = await DoneAsync();
        Assert.Equal(MotionPhase.Faulted, done.Phase);
        Assert.Contains("it stands on its high limit switch: it is at 5 mm, and 8.0032 was asked for", done.Fault);
        Assert.Equal(5, Number("VELO"));
    }

    [Fact]
    public async Task A_line_beyond_the_record_s_limits_is_refused_when_it_is_loaded()
    {
        await ConnectAsync();
        _bench.Server.Run(() => Field("HLM").Post(new PvValue.Number(8), 1));
        var refused = await _bench.EndAsync(Axis.LoadAsync(Mark, Line, None));
        Assert.Contains("8.0032 mm is outside the record's limits -10 to 8 (LLM, HLM)", refused.Problem);
    }

    [Fact]
    public async Task A_demand_that_the_record_takes_back_is_a_fault_although_it_was_answered_with_success()
    {
        await AtStartAsync();
        var written = Field("VAL").Written!;
        Field("VAL").Written = (value, complete) =>
        {
            // Limits that somebody narrowed after they were read.
            Field("HLM").Post(new PvValue.Number(3), 1);
            return written(value, complete);
        };
        await StartAsync();
        var done = await DoneAsync();
        Assert.Equal(MotionPhase.Faulted, done.Phase);
        Assert.Contains("took the demand back as outside its limits (LVIO)", done.Fault);
    }

    [Fact]
    public async Task A_paused_record_is_not_started()
    {
        await AtStartAsync();
        _bench.Server.Run(() => Field("SPMG").Write(new PvValue.Text("Pause"), () => { }));
        var refused = await _bench.EndAsync(Axis.StartAsync(Mark, None));
        Assert.Contains("MOT:X.SPMG is Pause; set it to Go", refused.Problem);
    }

    [Fact]
    public async Task Paused_on_the_way_it_runs_until_its_deadline_and_is_a_fault()
    {
        await AtStartAsync();
        await StartAsync();
        _bench.Pass(1_000_000_000);
        _bench.Server.Run(() => Field("SPMG").Write(new PvValue.Text("Pause"), () => { }));
        _bench.Pass(1_000_000_000);
        Assert.Equal(MotionPhase.Running, (await StatusAsync()).Phase);
        var done = await DoneAsync();
        Assert.Equal(MotionPhase.Faulted, done.Phase);
        Assert.Contains("no answer within", done.Fault);
    }

    [Fact]
    public async Task A_put_that_is_never_answered_ends_with_DMOV()
    {
        await AtStartAsync();
        _motor.Faults = new MotorFaults { Losing = 1 };
        await StartAsync();
        Assert.Equal(MotionPhase.Done, (await DoneAsync()).Phase);
        Assert.Equal(5, Number("VELO"));
    }

    [Fact]
    public async Task It_is_stopped_on_the_way_while_the_demand_s_put_is_under_way()
    {
        await AtStartAsync();
        await StartAsync();
        _bench.Pass(1_000_000_000);
        var stopped = Completed(await _bench.EndAsync(Axis.StopAsync(None)));
        Assert.Equal((MotionPhase.Stopped, Mark), (stopped.Phase, stopped.Mark));
        Assert.InRange(_motor.Position, 0.1, 6);
        Assert.Equal((1, 5), (Number("DMOV"), Number("VELO")));
    }

    [Fact]
    public async Task A_stop_by_somebody_else_is_a_fault()
    {
        await AtStartAsync();
        await StartAsync();
        _bench.Pass(1_000_000_000);
        _bench.Server.Run(() => Field("STOP").Write(new PvValue.Integer(1), () => { }));
        var done = await DoneAsync();
        Assert.Equal(MotionPhase.Faulted, done.Phase);
        Assert.Contains("Was it stopped, or told otherwise?", done.Fault);
    }

    [Fact]
    public async Task Started_twice_it_flies_once()
    {
        await AtStartAsync();
        await StartAsync();
        _bench.Pass(1_000_000_000);
        Assert.Equal(MotionPhase.Running, (await StartAsync()).Phase);
        Assert.Equal(MotionPhase.Done, (await DoneAsync()).Phase);
        Assert.Equal(MotionPhase.Done, (await StartAsync()).Phase);
        Assert.Equal(8.0032, _motor.Position);
    }

    [Fact]
    public async Task Moved_or_slowed_by_somebody_else_since_it_is_not_started()
    {
        await AtStartAsync();
        _bench.Server.Run(() => Field("VELO").Write(new PvValue.Number(1), () => { }));
        var slowed = await _bench.EndAsync(Axis.StartAsync(Mark, None));
        Assert.Contains("MOT:X.VELO was set to 0.4 for this line, and is 1 now", slowed.Problem);
        _bench.Server.Run(() => Field("VELO").Write(new PvValue.Number(0.4), () => { }));
        _bench.Server.Run(() => Field("VAL").Write(new PvValue.Number(1), () => { }));
        _bench.Pass(4_000_000_000);
        var moved = await _bench.EndAsync(Axis.StartAsync(Mark, None));
        Assert.Contains("it is at 1 mm, and not at the line's start 0 any more", moved.Problem);
    }

    [Fact]
    public async Task What_a_process_that_died_at_the_start_changed_is_put_back_when_the_next_connects()
    {
        await AtStartAsync();
        await Axis.DisposeAsync();
        Axis = Driver();
        await ConnectAsync();
        Assert.Equal((5, 0.1), (Number("VELO"), Number("ACCL")));
    }

    [Fact]
    public async Task It_is_a_softAxis_too()
    {
        await ConnectAsync();
        Assert.Equal(new Outcome<double>.Completed(4), await _bench.EndAsync(Axis.MoveAsync(4, None)));
    }

    [Fact]
    public async Task What_is_no_line_is_refused_by_name()
    {
        await ConnectAsync();
        async Task RefusesAsync(string why, Trajectory programme) =>
            Assert.Contains(why, (await _bench.EndAsync(Axis.LoadAsync(Mark, programme, None))).Problem);
        await RefusesAsync("its velocity changes in the window", Programme(0.04, [0.04, 8.04, 8.08], [2, 1, 0], [40, 4000, 40]));
        await RefusesAsync("turns round on the way", Programme(0.04, [0.04, 8.04, 8], [2, 2, 0], [40, 4000, 40]));
        await RefusesAsync("to reach 2 per second, and its run-up is 0.03", Programme(0.03, [0.03, 8.03, 8.08], [2, 2, 0], [30, 4000, 40]));
    }

    /// <param name="lead">Where the ramp ends.</param>
    private static Trajectory Programme(double lead, double[] positions, double[] velocities, long[] ms) => new()
    {
        Controller = "x",
        Axes = ["x"],
        Start = [positions[0] - lead],
        DurationsNs = [.. ms.Select(d => d * 1_000_000)],
        Positions = positions,
        Velocities = velocities,
        Live = [false, true, false],
    };

    private MotorRecord Serve(Action<MotorRecord> change, double maxVelocity = double.PositiveInfinity, double baseVelocity = 0)
    {
        var motor = new MotorRecord(_bench.Server, new MotorRecordSettings("MOT:X", "mm", -10, 10, 5, 0.1, 1e-4)
        {
            MaxVelocity = maxVelocity,
            BaseVelocity = baseVelocity,
        });
        change(motor);
        _bench.Server.Add(motor.Record);
        return motor;
    }

    private EpicsFlownMotorDriver Driver()
    {
        var settings = EpicsMotorSettings.Read("x", new HoconSettings("x", HoconConfiguration.Parse(Settings, "f")));
        return new EpicsFlownMotorDriver("x", settings, new DeviceEnvironment(
            _bench.Clock, _bench.Network, new InMemoryFrameStoreFactory(), 1, EndpointOverrides.None)
        {
            Pvs = () => _bench.Client,
            Time = _bench.Time,
            Kept = _kept,
        });
    }

    private ServedPv Field(string name) => _motor.Record.Fields[name];

    private double Number(string field) => Field(field).Value.AsNumber();

    private async Task ConnectAsync() => Assert.Null((await _bench.EndAsync(Axis.ConnectAsync(None))).Problem);

    private async Task AtStartAsync()
    {
        await ConnectAsync();
        Assert.Equal(MotionPhase.Loaded, Completed(await _bench.EndAsync(Axis.LoadAsync(Mark, Line, None))).Phase);
        Assert.Equal(MotionPhase.AtStart, Completed(await _bench.EndAsync(Axis.MoveToStartAsync(Mark, None))).Phase);
    }

    private async Task<MotionStatus> StartAsync() => Completed(await _bench.EndAsync(Axis.StartAsync(Mark, None)));

    private async Task<MotionStatus> StatusAsync() => Completed(await _bench.EndAsync(Axis.GetStatusAsync(None)));

    private async Task<MotionStatus> DoneAsync() => Completed(await _bench.EndAsync(Axis.WaitDoneAsync(Mark, None), seconds: 200));

    private static MotionStatus Completed(Outcome<MotionStatus> outcome) =>
        Assert.IsType<Outcome<MotionStatus>.Completed>(outcome).Value;
}
