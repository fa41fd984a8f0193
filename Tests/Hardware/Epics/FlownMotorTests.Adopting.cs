using Flyscan.Hardware.Epics;
using Flyscan.Hardware.Simulation;
using Flyscan.Scanning.Runs;
using Flyscan.Tests.Hardware.Epics.ChannelAccess;
using Xunit;

namespace Flyscan.Tests.Hardware.Epics;

/// <content>Flights that outlive the process that began them, and IOCs that begin anew in flight.</content>
public sealed partial class FlownMotorTests
{
    [Fact]
    public async Task A_flight_of_a_process_that_died_is_adopted_by_the_next_and_ends_as_planned()
    {
        await DieInFlightAsync();
        await ConnectAsync();
        Assert.Equal((MotionPhase.Running, Mark), ((await StatusAsync()).Phase, (await StatusAsync()).Mark));
        Assert.Equal(0.4, Number("VELO"));
        // What was started is not started again.
        Assert.Equal(MotionPhase.Running, (await StartAsync()).Phase);
        Assert.Equal(new MotionStatus(MotionPhase.Done, Mark, [new AxisPosition("x", 8.0032)], null), await DoneAsync());
        Assert.Equal((5, 0.1), (Number("VELO"), Number("ACCL")));
        Assert.Empty(_kept.Of("x"));
    }

    [Fact]
    public async Task A_flight_that_ended_before_the_next_process_came_is_done()
    {
        await DieInFlightAsync();
        _bench.Pass(30 * CaBench.Second);
        await ConnectAsync();
        Assert.Equal(MotionPhase.Done, (await DoneAsync()).Phase);
        Assert.Equal((5, 0.1), (Number("VELO"), Number("ACCL")));
    }

    [Fact]
    public async Task An_adopted_flight_is_stopped_as_any_other()
    {
        await DieInFlightAsync();
        await ConnectAsync();
        Assert.Null((await _bench.EndAsync(Axis.MakeSafeAsync(None))).Problem);
        Assert.Equal((MotionPhase.Stopped, Mark), ((await StatusAsync()).Phase, (await StatusAsync()).Mark));
        Assert.Equal((1, 5, 0.1), (Number("DMOV"), Number("VELO"), Number("ACCL")));
        Assert.Empty(_kept.Of("x"));
    }

    [Theory]
    [InlineData("VELO", 1.0, "MOT:X.VELO is 1, and its line is flown at 0.4")]
    [InlineData("VAL", 9.0, "MOT:X.VAL is 9, and its line ends at 8.0032")]
    [InlineData("VAL", -9.0, "MOT:X.VAL is -9, and its line ends at 8.0032")]
    [InlineData("SPMG", 1.0, "MOT:X.SPMG is Pause")]
    public async Task A_motion_that_is_not_proved_to_be_the_line_s_is_not_adopted(string field, double value, string why)
    {
        await DieInFlightAsync();
        _bench.Server.Run(() => Field(field).Write(new PvValue.Number(value), () => { }));
        _bench.Pass(CaBench.Second);
        await ConnectAsync();
        var status = await StatusAsync();
        Assert.Equal((MotionPhase.Running, default), (status.Phase, status.Mark));
        Assert.Contains(why, status.Fault);
        Assert.Null((await _bench.EndAsync(Axis.MakeSafeAsync(None))).Problem);
        Assert.Equal((1, 5, 0.1), (Number("DMOV"), Number("VELO"), Number("ACCL")));
        Assert.Null((await StatusAsync()).Fault);
    }

    [Fact]
    public async Task A_motor_that_rests_on_its_way_was_stopped_and_gets_its_velocity_back()
    {
        await DieInFlightAsync();
        _bench.Server.Run(() => Field("STOP").Write(new PvValue.Integer(1), () => { }));
        _bench.Pass(CaBench.Second);
        await ConnectAsync();
        Assert.Equal((MotionPhase.Idle, default), ((await StatusAsync()).Phase, (await StatusAsync()).Mark));
        Assert.Equal((5, 0.1), (Number("VELO"), Number("ACCL")));
    }

    [Fact]
    public async Task An_IOC_that_begins_anew_in_flight_finds_the_motor_flying_and_the_flight_ends_as_planned()
    {
        await AtStartAsync();
        await StartAsync();
        _bench.Pass(CaBench.Second);
        RestartIoc();
        _bench.Pass(CaBench.Second);
        Assert.Equal((MotionPhase.Running, Mark), ((await StatusAsync()).Phase, (await StatusAsync()).Mark));
        Assert.Equal(MotionPhase.Done, (await DoneAsync()).Phase);
        Assert.Equal((8.0032, 5, 0.1), (_motor.Position, Number("VELO"), Number("ACCL")));
    }

    [Fact]
    public async Task A_motor_that_stood_still_when_its_IOC_began_anew_was_cut_short_which_is_no_fault()
    {
        await AtStartAsync();
        await StartAsync();
        _bench.Pass(CaBench.Second);
        RestartIoc(brakes: true);
        Assert.Equal((MotionPhase.Stopped, null), ((await DoneAsync()).Phase, (await DoneAsync()).Fault));
    }

    [Fact]
    public async Task An_IOC_that_began_anew_at_the_start_is_given_the_line_s_velocity_again()
    {
        await AtStartAsync();
        RestartIoc();
        Assert.Equal(5, Number("VELO"));
        await StartAsync();
        Assert.Equal(0.4, Number("VELO"));
        Assert.Equal(MotionPhase.Done, (await DoneAsync()).Phase);
    }

    private async Task DieInFlightAsync()
    {
        await AtStartAsync();
        await StartAsync();
        _bench.Pass(CaBench.Second);
        await Axis.DisposeAsync();
        Axis = Driver();
    }

    /// <summary>A new IOC, whose record finds its motor where it is, as a real one does.</summary>
    private void RestartIoc(bool brakes = false)
    {
        var course = new List<Knot>();
        Assert.True(MotorCourse.TryRead(MotorCourse.Text(_motor.Track, _bench.Clock.NowNs, 0), 0, out course));
        _bench.KillServer();
        _bench.Pass(CaBench.Second);
        _bench.StartServer();
        _motor = Serve(m => m.TakeOver(
            brakes ? [new Knot(_bench.Clock.NowNs, course[0].Position, 0)] : course));
    }
}
