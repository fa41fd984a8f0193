using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Epics;
using Flyscan.Hardware.Epics.ChannelAccess.Server;
using Flyscan.Hardware.Hdf5;
using Flyscan.Hocon;
using Flyscan.Host.Composition;
using Flyscan.Scanning.Units;
using Flyscan.Tests.Hardware.Epics.ChannelAccess;
using Xunit;

namespace Flyscan.Tests.Hardware.Epics;

/// <summary>A motor record as a soft axis, with every trap that real records were seen to set.</summary>
public sealed class EpicsMotorTests : IAsyncDisposable
{
    private const string Settings = "kind = epics-motor, pv = \"MOT:Z\", unit = mm, low = -10, high = 10, velocity = 5, acceleration = 50";
    private static readonly CancellationToken None = CancellationToken.None;

    private readonly CaBench _bench = new();
    private MotorRecord _motor;

    public EpicsMotorTests()
    {
        _motor = Serve();
        Axis = Driver("");
    }

    /// <summary>Whatever is asked of it goes on in the bench's own queue.</summary>
    private EpicsMotorDriver Axis
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
    public async Task It_moves_and_gives_the_readback()
    {
        await ConnectAsync();
        Assert.Equal(new Outcome<double>.Completed(4), await _bench.EndAsync(Axis.MoveAsync(4, None)));
        Assert.Equal(new Outcome<double>.Completed(4), await _bench.EndAsync(Axis.ReadAsync(None)));
    }

    [Fact]
    public async Task A_demand_beyond_the_record_s_limits_is_refused_before_it_is_written()
    {
        await ConnectAsync();
        _bench.Server.Run(() => Field("HLM").Post(new PvValue.Number(3), 1));
        var refused = await _bench.EndAsync(Axis.MoveAsync(4, None));
        Assert.Contains("outside the record's limits -10 to 3", Assert.IsType<Outcome<double>.Refused>(refused).Reason);
        Assert.Equal(0, Field("VAL").Value.AsNumber());
    }

    [Fact]
    public async Task Limits_narrower_than_the_file_s_are_found_when_connecting()
    {
        _bench.Server.Run(() => Field("LLM").Post(new PvValue.Number(-1), 1));
        var refused = await _bench.EndAsync(Axis.ConnectAsync(None));
        Assert.Contains("has soft limits -1 to 10", refused.Problem);
    }

    [Fact]
    public async Task A_demand_that_the_record_takes_back_is_a_failure_although_it_was_answered_with_success()
    {
        await ConnectAsync();
        var written = Field("VAL").Written!;
        Field("VAL").Written = (value, complete) =>
        {
            // Limits that somebody narrowed after they were read.
            Field("HLM").Post(new PvValue.Number(3), 1);
            return written(value, complete);
        };
        var failed = await _bench.EndAsync(Axis.MoveAsync(4, None));
        Assert.Contains("took the demand back as outside its limits (LVIO)", Assert.IsType<Outcome<double>.Failed>(failed).Reason);
    }

    [Fact]
    public async Task A_limit_switch_is_a_failure_and_named()
    {
        await ConnectAsync();
        _motor.Faults = new MotorFaults { SwitchHigh = 2 };
        var failed = await _bench.EndAsync(Axis.MoveAsync(4, None));
        Assert.Contains("high limit switch: it is at 2 mm, and 4 was asked for", Assert.IsType<Outcome<double>.Failed>(failed).Reason);
    }

    [Fact]
    public async Task A_put_that_is_never_answered_ends_with_DMOV()
    {
        await ConnectAsync();
        _motor.Faults = new MotorFaults { Losing = 1 };
        Assert.Equal(new Outcome<double>.Completed(4), await _bench.EndAsync(Axis.MoveAsync(4, None)));
    }

    [Fact]
    public async Task A_missed_move_is_a_failure()
    {
        await ConnectAsync();
        _motor.Faults = new MotorFaults { StallAt = 1 };
        var failed = await _bench.EndAsync(Axis.MoveAsync(4, None));
        Assert.Contains("MISS 1", Assert.IsType<Outcome<double>.Failed>(failed).Reason);
    }

    [Fact]
    public async Task A_stop_by_somebody_else_is_answered_with_success_and_is_a_failure()
    {
        await ConnectAsync();
        var moving = Axis.MoveAsync(8, None);
        await MovedAsync(moving);
        _bench.Server.Run(() => Field("STOP").Write(new PvValue.Integer(1), () => { }));
        var failed = await _bench.EndAsync(moving);
        Assert.Contains("Was it stopped", Assert.IsType<Outcome<double>.Failed>(failed).Reason);
    }

    [Fact]
    public async Task Cancelling_stops_it_while_the_put_is_under_way()
    {
        await ConnectAsync();
        using var cancel = new CancellationTokenSource();
        var moving = Axis.MoveAsync(8, cancel.Token);
        await MovedAsync(moving);
        cancel.Cancel();
        Assert.IsType<Outcome<double>.Cancelled>(await _bench.EndAsync(moving));
        Assert.Equal(1, Field("DMOV").Value.AsNumber());
        Assert.InRange(_motor.Position, 0.1, 7);
    }

    [Fact]
    public async Task A_paused_record_is_refused()
    {
        await ConnectAsync();
        _bench.Server.Run(() => Field("SPMG").Write(new PvValue.Text("Pause"), () => { }));
        var refused = await _bench.EndAsync(Axis.MoveAsync(4, None));
        Assert.Contains("MOT:Z.SPMG is Pause; set it to Go", Assert.IsType<Outcome<double>.Refused>(refused).Reason);
    }

    [Fact]
    public async Task Paused_on_the_way_and_let_go_it_arrives()
    {
        await ConnectAsync();
        var moving = Axis.MoveAsync(8, None);
        await MovedAsync(moving);
        _bench.Server.Run(() => Field("SPMG").Write(new PvValue.Text("Pause"), () => { }));
        _bench.Pass(CaBench.Second);
        _bench.Server.Run(() => Field("SPMG").Write(new PvValue.Text("Go"), () => { }));
        Assert.Equal(new Outcome<double>.Completed(8), await _bench.EndAsync(moving));
    }

    [Fact]
    public async Task A_move_that_takes_too_long_is_stopped_at_its_deadline()
    {
        await ConnectAsync();
        var moving = Axis.MoveAsync(8, None);
        await MovedAsync(moving);
        _bench.Server.Run(() => Field("SPMG").Write(new PvValue.Text("Pause"), () => { }));
        var late = await _bench.EndAsync(moving);
        Assert.Contains("it was told to stop", Assert.IsType<Outcome<double>.TimedOut>(late).What);
    }

    [Fact]
    public async Task A_short_loss_on_the_way_is_bridged_and_nothing_is_written_again()
    {
        await ConnectAsync();
        var writes = 0;
        var written = Field("VAL").Written!;
        Field("VAL").Written = (value, complete) =>
        {
            writes++;
            return written(value, complete);
        };
        var lost = 0;
        Axis.Lost += _ => lost++;
        var moving = Axis.MoveAsync(8, None);
        await MovedAsync(moving);
        _bench.Network.Cut();
        Assert.Equal(new Outcome<double>.Completed(8), await _bench.EndAsync(moving));
        Assert.Equal((1, 0), (writes, lost));
    }

    [Fact]
    public async Task A_record_that_stays_away_is_a_lost_device()
    {
        await ConnectAsync();
        var lost = new List<string>();
        Axis.Lost += lost.Add;
        _bench.KillServer();
        var failed = await _bench.EndAsync(Axis.MoveAsync(4, None));
        Assert.IsType<Outcome<double>.TimedOut>(failed);
        Assert.Contains("was not found again within 30 s", Assert.Single(lost));
    }

    [Fact]
    public async Task The_velocity_of_a_move_is_put_back_after_it()
    {
        await Axis.DisposeAsync();
        Axis = Driver("move-velocity = 2");
        await ConnectAsync();
        var moving = Axis.MoveAsync(4, None);
        await MovedAsync(moving);
        Assert.Equal(2, Field("VELO").Value.AsNumber());
        await _bench.EndAsync(moving);
        _bench.Run();
        Assert.Equal(5, Field("VELO").Value.AsNumber());
    }

    [Fact]
    public async Task A_velocity_that_the_record_clips_is_refused()
    {
        await Axis.DisposeAsync();
        _motor = Serve(maxVelocity: 3);
        Axis = Driver("move-velocity = 4");
        await ConnectAsync();
        var refused = await _bench.EndAsync(Axis.MoveAsync(4, None));
        Assert.Contains("which is 3 now: VMAX limits it", Assert.IsType<Outcome<double>.Refused>(refused).Reason);
    }

    [Fact]
    public async Task Its_safe_state_is_at_rest()
    {
        await ConnectAsync();
        var moving = Axis.MoveAsync(8, None);
        await MovedAsync(moving);
        Assert.Null((await _bench.EndAsync(Axis.MakeSafeAsync(None))).Problem);
        Assert.Equal(1, Field("DMOV").Value.AsNumber());
        Assert.NotNull((await _bench.EndAsync(moving)).Problem);
    }

    private MotorRecord Serve(double maxVelocity = double.PositiveInfinity)
    {
        var settings = new MotorRecordSettings("MOT:Z", "mm", -10, 10, 5, 0.1, 1e-4) { MaxVelocity = maxVelocity };
        var motor = new MotorRecord(_bench.Server, settings);
        _bench.Server.Add(motor.Record);
        return motor;
    }

    private EpicsMotorDriver Driver(string more)
    {
        var settings = EpicsMotorSettings.Read("z", new HoconSettings("z", HoconConfiguration.Parse($"{Settings}\n{more}", "f")));
        return new EpicsMotorDriver("z", settings, new DeviceEnvironment(
            _bench.Clock, _bench.Network, new InMemoryFrameStoreFactory(), 1, EndpointOverrides.None)
        {
            Pvs = () => _bench.Client,
            Time = _bench.Time,
        });
    }

    private ServedPv Field(string name) => _motor.Record.Fields[name];

    private async Task ConnectAsync() => Assert.Null((await _bench.EndAsync(Axis.ConnectAsync(None))).Problem);

    /// <summary>Waits until the motor is well on its way.</summary>
    private Task MovedAsync(Task moving)
    {
        for (var i = 0; i < 2000 && Math.Abs(_motor.Position) < 1 && !moving.IsCompleted; i++)
            _bench.Pass(10_000_000);
        Assert.InRange(Math.Abs(_motor.Position), 1, 7);
        return Task.CompletedTask;
    }
}
