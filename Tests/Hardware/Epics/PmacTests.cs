using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Epics;
using Flyscan.Hardware.Epics.ChannelAccess.Server;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Trajectories;
using Xunit;

namespace Flyscan.Tests.Hardware.Epics;

/// <summary>Profiles on a trajectory scan IOC, with every trap that the real one was seen to set.</summary>
public sealed class PmacTests : IAsyncDisposable
{
    private readonly PmacBench _bench = new();

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    [Fact]
    public async Task It_runs_a_profile_through_all_its_points()
    {
        var wave = PmacBench.Wave(20);
        await _bench.AtStartAsync(wave);
        Assert.Equal((0, 1), (_bench.X.Position, _bench.Y.Position));
        var started = await _bench.StartAsync();
        Assert.Equal((MotionPhase.Running, PmacBench.Mark), (started.Phase, started.Mark));
        var done = await _bench.DoneAsync();
        Assert.Equal((MotionPhase.Done, PmacBench.Mark), (done.Phase, done.Mark));
        Assert.Equal([new AxisPosition("x", 0), new AxisPosition("y", 1)], done.Positions);
        PassedAll(wave);
        Assert.Equal(20, _bench.Simulator.Records.Number("TotalPoints_RBV"));
    }

    [Fact]
    public async Task The_user_programs_show_where_it_is_live()
    {
        var wave = PmacBench.Wave(16);
        await _bench.AtStartAsync(wave);
        _bench.LiveChanges.Clear();
        await _bench.StartAsync();
        await _bench.DoneAsync();
        var began = BeganNs();
        long At(int point) => began + point * 20_000_000L;
        Assert.Equal([(At(2), true), (At(6), false), (At(10), true), (At(14), false)], _bench.LiveChanges);
    }

    [Theory]
    [InlineData(21)]
    [InlineData(90)]
    public async Task More_points_than_a_slice_are_appended_while_it_runs_and_it_never_runs_dry(int points)
    {
        var wave = PmacBench.Wave(points / 2 * 2 + 2);
        await _bench.AtStartAsync(wave);
        await _bench.StartAsync();
        Assert.Equal((MotionPhase.Done, (string?)null), await PhaseAsync());
        PassedAll(wave);
        Assert.Equal(wave.Points, _bench.Simulator.Records.Number("TotalPoints_RBV"));
    }

    [Fact]
    public async Task An_append_that_takes_longer_than_it_may_runs_dry_and_is_a_fault()
    {
        await using var bench = new PmacBench();
        await bench.AtStartAsync(PmacBench.Wave(60));
        bench.Simulator.Faults = new PmacFaults { AppendTakesNs = 2_000_000_000 };
        await bench.StartAsync();
        var done = await bench.DoneAsync();
        Assert.Equal(MotionPhase.Faulted, done.Phase);
        Assert.Contains("ProfileExecute ended with Failure: Scan failed, unable to fill buffers in time", done.Fault);
        Assert.Equal(1, bench.X.Record.Fields["DMOV"].Value.AsNumber());
    }

    [Fact]
    public async Task An_append_that_fails_aborts_and_is_a_fault()
    {
        await _bench.AtStartAsync(PmacBench.Wave(60));
        _bench.Simulator.Faults = new PmacFaults { AppendFails = true };
        await _bench.StartAsync();
        var (phase, fault) = await PhaseAsync();
        Assert.Equal(MotionPhase.Faulted, phase);
        Assert.Contains("points 20 to 40 could not be appended: motion: BRICK:ProfileAppend ended with Failure: Could not fill", fault);
        Assert.Equal(1, _bench.X.Record.Fields["DMOV"].Value.AsNumber());
    }

    [Fact]
    public void Settings_with_which_it_could_run_dry_are_refused()
    {
        var error = Assert.Throws<SettingsException>(() => PmacBench.Read("append-within = 1 s"));
        Assert.Contains("20 points (slice) of 20 ms (min-segment) last 0.4 s, and an append and its count may take 1.2 s", error.Message);
        Assert.Equal(20, PmacBench.Read("append-within = 1 s, max-points = 20").Controller.MaxPoints);
    }

    [Fact]
    public async Task A_profile_whose_slices_are_too_short_to_append_to_is_refused()
    {
        await _bench.ConnectAsync();
        var wave = PmacBench.Wave(60);
        Array.Fill(wave.DurationsNs, 5_000_000);
        var refused = await _bench.Ca.EndAsync(_bench.Driver.LoadAsync(PmacBench.Mark, wave, PmacBench.None));
        Assert.Contains("points 0 to 20 last 0.1 s, and the next may take 0.3 s to append: the controller could run dry", refused.Problem);
    }

    [Fact]
    public async Task A_build_that_fails_is_a_failure_although_it_is_answered()
    {
        await _bench.ConnectAsync();
        _bench.Simulator.Faults = new PmacFaults { BuildFails = true };
        var failed = await _bench.Ca.EndAsync(_bench.Driver.LoadAsync(PmacBench.Mark, PmacBench.Wave(20), PmacBench.None));
        Assert.Contains("BRICK:ProfileBuild ended with Failure: Motion program version mismatch", failed.Problem);
    }

    [Fact]
    public async Task Points_beyond_the_records_limits_are_found_when_it_is_built()
    {
        await _bench.ConnectAsync();
        _bench.Ca.Server.Run(() => _bench.X.Record.Fields["HLM"].Post(new PvValue.Number(5), 1));
        var failed = await _bench.Ca.EndAsync(_bench.Driver.LoadAsync(PmacBench.Mark, PmacBench.Wave(20), PmacBench.None));
        Assert.Contains("axis A: a position is outside the motor's soft limits", failed.Problem);
    }

    [Fact]
    public async Task An_execution_that_is_never_answered_ends_with_its_state()
    {
        await _bench.AtStartAsync(PmacBench.Wave(20));
        _bench.Simulator.Faults = new PmacFaults { Losing = true };
        await _bench.StartAsync();
        Assert.Equal((MotionPhase.Done, (string?)null), await PhaseAsync());
    }

    [Fact]
    public async Task An_execution_that_cannot_begin_is_a_fault_with_the_IOC_s_own_words()
    {
        await _bench.AtStartAsync(PmacBench.Wave(20));
        // Somebody else's build that fails takes ours away.
        _bench.Simulator.Faults = new PmacFaults { BuildFails = true };
        _bench.Ca.Server.Run(() => _bench.Simulator.Records["ProfileBuild"].Write(new PvValue.Integer(1), () => { }));
        _bench.Ca.Pass(1_000_000_000);
        var started = await _bench.StartAsync();
        Assert.Equal(MotionPhase.Faulted, started.Phase);
        Assert.Contains("BRICK:ProfileExecute ended with Failure: Trajectory has not been built", started.Fault);
    }

    [Fact]
    public async Task It_is_aborted_on_the_way()
    {
        await _bench.AtStartAsync(PmacBench.Wave(400));
        await _bench.StartAsync();
        _bench.Ca.Pass(2_000_000_000);
        var stopped = PmacBench.Completed(await _bench.Ca.EndAsync(_bench.Driver.StopAsync(PmacBench.None)));
        Assert.Equal((MotionPhase.Stopped, PmacBench.Mark), (stopped.Phase, stopped.Mark));
        Assert.Equal(1, _bench.X.Record.Fields["DMOV"].Value.AsNumber());
        Assert.False(_bench.Simulator.Live.Value);
        Assert.Equal("Aborted", _bench.Simulator.Records.Text("ProfileExecuteStatus_RBV"));
    }

    [Fact]
    public async Task An_abort_by_somebody_else_is_a_fault()
    {
        await _bench.AtStartAsync(PmacBench.Wave(400));
        await _bench.StartAsync();
        _bench.Ca.Pass(2_000_000_000);
        _bench.Ca.Server.Run(() => _bench.Simulator.Records["ProfileAbort"].Write(new PvValue.Integer(1), () => { }));
        var (phase, fault) = await PhaseAsync();
        Assert.Equal(MotionPhase.Faulted, phase);
        Assert.Contains("ended with Aborted: Trajectory scan aborted", fault);
    }

    [Fact]
    public async Task The_axes_set_off_for_the_start_together()
    {
        await _bench.ConnectAsync();
        _bench.Ca.Server.Run(() => _bench.X.Demand(5, () => { }));
        _bench.Ca.Pass(1_000_000_000);
        PmacBench.Completed(await _bench.Ca.EndAsync(_bench.Driver.LoadAsync(PmacBench.Mark, PmacBench.Wave(20), PmacBench.None)));
        var from = _bench.Ca.Clock.NowNs;
        PmacBench.Completed(await _bench.Ca.EndAsync(_bench.Driver.MoveToStartAsync(PmacBench.Mark, PmacBench.None)));
        long Begins(MotorRecord motor) => motor.Track.Pieces(from, _bench.Ca.Clock.NowNs).First(p => !p.IsRest).From.TimeNs;
        Assert.Equal(Begins(_bench.X), Begins(_bench.Y));
        Assert.Equal(0, _bench.Simulator.Records.Number("CS2:DeferMoves"));
    }

    [Fact]
    public async Task A_limit_switch_on_the_way_to_the_start_is_named()
    {
        await _bench.ConnectAsync();
        PmacBench.Completed(await _bench.Ca.EndAsync(_bench.Driver.LoadAsync(PmacBench.Mark, PmacBench.Wave(20), PmacBench.None)));
        _bench.Y.Faults = new MotorFaults { SwitchHigh = 0.5 };
        var failed = await _bench.Ca.EndAsync(_bench.Driver.MoveToStartAsync(PmacBench.Mark, PmacBench.None));
        Assert.Contains("STAGE:Y stands on a limit switch at 0.5, and 1 was asked for", failed.Problem);
    }

    [Fact]
    public async Task Arrays_that_read_back_differently_are_a_failure()
    {
        await _bench.ConnectAsync();
        var positions = _bench.Simulator.Records["A:Positions"];
        positions.Written = (value, complete) =>
        {
            positions.Post(new PvValue.Array<double>(value.AsNumbers()[..^1]), 1);
            complete();
            return 1;
        };
        var failed = await _bench.Ca.EndAsync(_bench.Driver.LoadAsync(PmacBench.Mark, PmacBench.Wave(20), PmacBench.None));
        Assert.Contains("BRICK:A:Positions was written with 20 values, and reads back differently", failed.Problem);
    }

    [Theory]
    [InlineData("STAGE:X:CsPort_RBV", "CS1", "STAGE:X is in coordinate system 'CS1', and BRICK:CS2:Port is 'CS2'")]
    [InlineData("STAGE:X:CsAxis_RBV", "I", "STAGE:X has no letter of coordinate system CS2 (STAGE:X:CsAxis_RBV is 'I')")]
    [InlineData("STAGE:X:CsAxis_RBV", "B", "axes x and y are both B of coordinate system CS2")]
    public async Task Axes_that_are_assigned_wrongly_are_refused(string record, string text, string why)
    {
        _bench.Ca.Server.Run(() => _bench.Text(record).Post(new PvValue.Text(text), 1));
        var refused = await _bench.Ca.EndAsync(_bench.Driver.ConnectAsync(PmacBench.None));
        Assert.Contains(why, refused.Problem);
    }

    [Fact]
    public async Task An_assignment_that_changes_between_takes_is_refused()
    {
        await _bench.ConnectAsync();
        _bench.Ca.Server.Run(() => _bench.Text("STAGE:X:CsAxis_RBV").Post(new PvValue.Text("C"), 1));
        var refused = await _bench.Ca.EndAsync(_bench.Driver.LoadAsync(PmacBench.Mark, PmacBench.Wave(20), PmacBench.None));
        Assert.Contains("letters in coordinate system 2 have changed", refused.Problem);
    }

    [Fact]
    public async Task A_successor_finds_the_profile_by_its_mark_and_waits_for_its_end()
    {
        // All of it in one slice, but long.
        var wave = PmacBench.Wave(20);
        Array.Fill(wave.DurationsNs, 2_000_000_000);
        await _bench.AtStartAsync(wave);
        Assert.Equal(MotionPhase.Running, (await _bench.StartAsync()).Phase);
        await _bench.RestartAsync();
        var found = await _bench.StatusAsync();
        Assert.Equal((MotionPhase.Running, PmacBench.Mark), (found.Phase, found.Mark));
        var done = await _bench.DoneAsync();
        Assert.Equal((MotionPhase.Done, PmacBench.Mark), (done.Phase, done.Mark));
    }

    [Fact]
    public async Task A_programme_that_is_live_from_its_first_segment_is_refused()
    {
        await _bench.ConnectAsync();
        var wave = PmacBench.Wave(20);
        wave.Live[0] = true;
        var refused = await _bench.Ca.EndAsync(_bench.Driver.LoadAsync(PmacBench.Mark, wave, PmacBench.None));
        Assert.Contains("its first segment is live", refused.Problem);
    }

    private async Task<(MotionPhase, string?)> PhaseAsync() => await _bench.DoneAsync() is var done ? (done.Phase, done.Fault) : default;

    /// <summary>When the profile's first segment began.</summary>
    private long BeganNs()
    {
        var nowNs = _bench.Ca.Clock.NowNs;
        return _bench.X.Track.Pieces(nowNs - 100_000_000_000, nowNs).First(p => !p.IsRest).From.TimeNs;
    }

    private void PassedAll(Trajectory trajectory)
    {
        var at = BeganNs();
        for (var point = 0; point < trajectory.Points; point++)
        {
            at += trajectory.DurationsNs[point];
            Assert.Equal(trajectory.Positions[2 * point], _bench.X.Track.PositionAt(at), 9);
            Assert.Equal(trajectory.Velocities[2 * point], _bench.X.Track.VelocityAt(at), 6);
        }
    }
}
