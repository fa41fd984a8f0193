using Flyscan.Scanning.Runs;
using Xunit;

namespace Flyscan.Tests.Hardware.PandA.Ioc;

/// <summary>What an IOC does to its clients: counts of the capture before, late answers, a dead writer, a lost box.</summary>
public sealed class PandAIocFaultTests : IDisposable
{
    private const long Ms = PandAIocBench.Ms;
    private static readonly TakeMark Mark = new(0x2345_6789);
    private readonly PandAIocDriverBench _bench = new(PandAIocDriverBench.Usual);

    public void Dispose() => _bench.Dispose();

    [Fact]
    public void Counts_of_the_capture_before_are_not_of_this_one()
    {
        Stage(1);
        Run(20);
        Assert.Equal(20, _bench.Do(c => _bench.Driver.UnstageAsync([], c)));
        Stage(2);
        var armed = _bench.Do(c => _bench.Driver.ArmAsync(10, c));
        Assert.Equal((0L, 0L, null), (armed.Acquired, armed.Recorded, armed.Fault));
        Assert.Equal(0, _bench.Do(_bench.Driver.FlushAsync).Recorded);
        // A staging without a frame ends well.
        Assert.Equal(0, _bench.Do(c => _bench.Driver.UnstageAsync([], c)));
        Stage(3);
        Run(5);
        Assert.Equal(5, _bench.Do(_bench.Driver.FlushAsync).Recorded);
    }

    [Fact]
    public void No_row_is_told_that_was_not_brought_to_the_disk()
    {
        Stage(1);
        _bench.Do(c => _bench.Driver.LoadAsync(Mark, PandABench.Burst(300), c));
        _bench.Do(c => _bench.Driver.EnableAsync(Mark, c));
        var most = 0L;
        for (var flush = 0; flush < 40; flush++)
        {
            _bench.Ioc.Pass(37 * Ms);
            var told = _bench.Do(_bench.Driver.FlushAsync).Recorded;
            Assert.True(told <= _bench.Synced, $"told {told}, on the disk {_bench.Synced}");
            most = Math.Max(most, told);
        }
        Assert.InRange(most, 50, 300);
    }

    [Fact]
    public void A_writer_that_died_in_a_living_IOC_is_a_fault()
    {
        Stage(1);
        Run(5);
        Assert.Equal(5, _bench.Do(_bench.Driver.FlushAsync).Recorded);
        _bench.Ioc.Faults.WriterIsDead = true;
        _bench.Do(c => _bench.Driver.LoadAsync(Mark, PandABench.Burst(10), c));
        _bench.Do(c => _bench.Driver.EnableAsync(Mark, c));
        _bench.Ioc.Pass(1000 * Ms);
        _bench.Do(c => _bench.Driver.WaitDoneAsync(Mark, 110 * Ms, c));
        var status = _bench.Do(_bench.Driver.FlushAsync);
        Assert.Equal((5L, true), (status.Recorded, status.CannotWrite));
        Assert.StartsWith("the IOC wrote 5 of 15 rows to data/panda.0001.h5, and no more come; it says: ", status.Fault);
    }

    [Fact]
    public void A_capture_that_ends_by_itself_is_a_fault_of_every_status()
    {
        Stage(1);
        _bench.Do(c => _bench.Driver.LoadAsync(Mark, PandABench.Burst(100), c));
        _bench.Do(c => _bench.Driver.EnableAsync(Mark, c));
        _bench.Ioc.Pass(200 * Ms);
        _bench.Ioc.Ask("*PCAP.DISARM=");
        _bench.Ioc.Pass(500 * Ms);
        Assert.Equal("the capture ended, and nobody here disarmed it", _bench.Do(_bench.Driver.GetStatusAsync).Fault);
    }

    [Fact]
    public void A_start_that_is_answered_too_late_leaves_nothing_capturing()
    {
        _bench.Ioc.Faults.CaptureAnswersAfterNs = 3000 * Ms;
        _bench.Do(_bench.Driver.ConnectAsync);
        Assert.NotNull(_bench.Problem(c => _bench.Driver.StageAsync(PandABench.Staging(), c)));
        _bench.Ioc.Faults.CaptureAnswersAfterNs = 0;
        _bench.Ioc.Pass(5000 * Ms);
        _bench.Do(_bench.Driver.ConnectAsync);
        _bench.Do(c => _bench.Driver.StageAsync(PandABench.Staging(2), c));
        Run(3);
        Assert.Equal(3, _bench.Do(_bench.Driver.FlushAsync).Recorded);
    }

    [Fact]
    public void A_file_whose_end_was_not_heard_of_can_be_ended_again()
    {
        var session = Stage(1);
        Run(20);
        _bench.Ioc.Faults.CaptureAnswersAfterNs = 3000 * Ms;
        Assert.NotNull(_bench.Problem(c => _bench.Driver.UnstageAsync(session.Restore, c)));
        _bench.Ioc.Faults.CaptureAnswersAfterNs = 0;
        _bench.Ioc.Pass(5000 * Ms);
        _bench.Do(_bench.Driver.ConnectAsync);
        Assert.Equal(20, _bench.Do(c => _bench.Driver.UnstageAsync(session.Restore, c)));
        Assert.Equal("OK =ZERO", _bench.Ioc.Ask("PCAP.TRIG?"));
    }

    [Fact]
    public void A_box_that_is_lost_behind_its_IOC_is_a_lost_device()
    {
        Stage(1);
        List<string> lost = [];
        _bench.Driver.Lost += lost.Add;
        _bench.Ioc.SetBoxReachable(false);
        _bench.Ioc.Pass(20_000 * Ms);
        Assert.Contains("its IOC has lost the box", Assert.Single(lost));
        Assert.NotNull(_bench.Problem(_bench.Driver.MakeSafeAsync));
    }

    [Fact]
    public void What_the_IOC_cannot_capture_is_named_on_connecting()
    {
        using var bench = new PandAIocDriverBench(PandAIocDriverBench.Quick) { AxisCaptures = ["Min", "Mean"] };
        Assert.Contains(
            "INENC1.VAL cannot be captured as Min Mean through the IOC, which offers No, Value, ",
            bench.Problem(bench.Driver.ConnectAsync));
    }

    [Fact]
    public void The_writers_settings_are_put_back()
    {
        _bench.Ioc.Put("DATA:FLUSH_PERIOD", 2.5);
        _bench.Ioc.Put("DATA:CAPTURE_MODE", "FIRST_N");
        var session = Stage(1);
        Assert.Equal("FOREVER", _bench.Ioc.Text("DATA:CAPTURE_MODE"));
        _bench.Do(c => _bench.Driver.UnstageAsync(session.Restore, c));
        Assert.Equal((2.5, "FIRST_N"), (_bench.Ioc.Number("DATA:FLUSH_PERIOD"), _bench.Ioc.Text("DATA:CAPTURE_MODE")));
    }

    private RecorderSession Stage(int segment)
    {
        _bench.Do(_bench.Driver.ConnectAsync);
        return _bench.Do(c => _bench.Driver.StageAsync(PandABench.Staging(segment), c));
    }

    private void Run(int frames)
    {
        _bench.Do(c => _bench.Driver.LoadAsync(Mark, PandABench.Burst(frames), c));
        _bench.Do(c => _bench.Driver.EnableAsync(Mark, c));
        Assert.Null(_bench.Do(c => _bench.Driver.WaitDoneAsync(Mark, frames * 11 * Ms, c)).Fault);
    }
}
