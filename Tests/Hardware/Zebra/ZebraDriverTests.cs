using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Triggering;
using Flyscan.Scanning.Units;
using Xunit;

namespace Flyscan.Tests.Hardware.Zebra;

public sealed class ZebraDriverTests
{
    private const long Ms = ZebraBench.Ms;
    private static readonly TakeMark Mark = new(0x12345678);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_window_begins_at_its_position_in_its_direction(bool up)
    {
        var bench = new ZebraBench();
        bench.X.Move((bench.World.NowNs, 0), (bench.World.NowNs + 1, up ? 900 : 2100));
        bench.World.RunUntil(bench.World.NowNs + Ms);
        bench.ConnectAndStage();
        bench.Do(c => bench.Driver.LoadAsync(Mark, Window(up ? 6.0 : 7.0, up), c));
        Assert.Equal(new BoxStatus(BoxPhase.Waiting, Mark, 0, null), bench.Do(c => bench.Driver.EnableAsync(Mark, c)));
        var at = bench.World.NowNs + 10 * Ms;
        bench.World.At(at, () => bench.X.Move((at, up ? 900 : 2100), (at + 150 * Ms, up ? 2100 : 900)));
        bench.Driver.WatchFor(5);

        Assert.Equal(new BoxStatus(BoxPhase.Idle, Mark, 5, null), bench.Do(c => bench.Driver.WaitDoneAsync(Mark, 160 * Ms, c)));

        Assert.Equal(5, bench.Do(c => bench.Driver.UnstageAsync([], c)));
        var store = Assert.Single(bench.Stores.Stores);
        Assert.Equal([0, 1, 2, 3, 4], store.Longs("sample_index"));
        // 8 counts a millisecond, a frame of 11 ms: 0.088 mm.
        var x = store.Doubles("x");
        for (var i = 0; i < 5; i++)
            Assert.Equal(up ? 6.0 + 0.088 * i : 7.0 - 0.088 * i, x[i], 0.0011);
        var stamps = store.Longs("timestamp_start");
        Assert.All(stamps.Zip(stamps.Skip(1)), pair => Assert.Equal(11 * Ms, pair.Second - pair.First));
        Assert.Equal(10, bench.Edges.Count);
        Assert.All(bench.Edges.Chunk(2), edge => Assert.Equal(10 * Ms, edge[1].AtNs - edge[0].AtNs));
    }

    [Fact]
    public void Equal_windows_are_begun_by_the_live_input_in_one_take()
    {
        var bench = new ZebraBench();
        bench.ConnectAndStage();
        var train = new PulseTrain(4, 10 * Ms, 11 * Ms);
        bench.Do(c => bench.Driver.LoadAsync(
            Mark, new TriggerProgramme([.. Enumerable.Range(0, 3).Select(i => new TriggerWindow(4 * i, true, null, [train]))]), c));
        bench.Do(c => bench.Driver.EnableAsync(Mark, c));
        var at = bench.World.NowNs + 10 * Ms;
        for (var i = 0; i < 3; i++)
        {
            var rise = at + i * 100 * Ms;
            bench.World.At(rise, () => bench.Live.Set(true));
            bench.World.At(rise + 44 * Ms, () => bench.Live.Set(false));
        }
        Assert.Equal(12, bench.Do(c => bench.Driver.WaitDoneAsync(Mark, 260 * Ms, c)).Triggered);
        Assert.Equal(
            Enumerable.Range(0, 12).Select(i => at + i / 4 * 100 * Ms + i % 4 * 11 * Ms),
            bench.Edges.Where(e => e.High).Select(e => e.AtNs));
        Assert.Equal(12, bench.Do(c => bench.Driver.UnstageAsync([], c)));
    }

    [Fact]
    public void A_live_output_that_is_high_already_is_refused_by_name()
    {
        var bench = new ZebraBench();
        bench.ConnectAndStage();
        bench.Live.Set(true);
        bench.Do(c => bench.Driver.LoadAsync(
            Mark, new TriggerProgramme([new TriggerWindow(0, true, null, [new PulseTrain(4, 10 * Ms, 11 * Ms)])]), c));
        Assert.Contains("live output (IN1_TTL) is high already", bench.Problem(c => bench.Driver.EnableAsync(Mark, c)));
        Assert.Empty(bench.Edges);
    }

    [Fact]
    public void Closing_the_gate_ends_after_the_exposure_under_way()
    {
        var bench = new ZebraBench();
        bench.ConnectAndStage();
        bench.Do(c => bench.Driver.LoadAsync(Mark, ZebraBench.Burst(100), c));
        bench.Do(c => bench.Driver.EnableAsync(Mark, c));
        bench.World.RunUntil(bench.World.NowNs + 37 * Ms);

        Assert.Equal(new BoxStatus(BoxPhase.Idle, Mark, 4, null), bench.Do(bench.Driver.HaltAsync));

        bench.World.RunUntil(bench.World.NowNs + 1000 * Ms);
        Assert.Equal(8, bench.Edges.Count);
        Assert.All(bench.Edges.Chunk(2), edge => Assert.Equal(10 * Ms, edge[1].AtNs - edge[0].AtNs));
        Assert.Equal(4, bench.Do(c => bench.Driver.UnstageAsync([], c)));
        Assert.Equal([0, 1, 2, 3], bench.Stores.Stores[0].Longs("sample_index"));
    }

    [Fact]
    public void Unstaging_puts_back_what_staging_found()
    {
        var bench = new ZebraBench();
        var all = string.Concat(Enumerable.Range(0, 256).Select(a => $"R{a:X2}\n"));
        bench.Ask("W600005\nW0F0011\nW540F0F\nW3E1234\nW3F5678\nW890005\nW8E0007\nW9F03FF\nW880002\n");
        var before = bench.Ask(all);
        var session = bench.ConnectAndStage();
        bench.Do(c => bench.Driver.LoadAsync(Mark, ZebraBench.Burst(3), c));
        bench.Do(c => bench.Driver.EnableAsync(Mark, c));
        bench.Do(c => bench.Driver.WaitDoneAsync(Mark, 33 * Ms, c));
        Assert.Equal(6, bench.Edges.Count);
        Assert.Equal(3, bench.Do(c => bench.Driver.UnstageAsync(session.Restore, c)));
        Assert.Equal(6, bench.Edges.Count);
        // Counts of what was captured are not settings.
        Assert.Equal(Settings(before), Settings(bench.Ask(all)));
    }

    [Fact]
    public void A_block_that_was_left_high_gives_no_trigger_while_it_is_set_up()
    {
        var bench = new ZebraBench();
        // An AND without inputs is 1; with its output on a GATE, that is set for good.
        bench.Ask("W070001\nW140000\nW330023\nW070000\n");
        bench.ConnectAndStage();
        Assert.Empty(bench.Edges);
        bench.Do(c => bench.Driver.LoadAsync(Mark, ZebraBench.Burst(3), c));
        bench.Do(c => bench.Driver.EnableAsync(Mark, c));
        Assert.Equal(3, bench.Do(c => bench.Driver.WaitDoneAsync(Mark, 33 * Ms, c)).Triggered);
        Assert.Equal(6, bench.Edges.Count);
    }

    [Fact]
    public void The_encoders_are_read_without_a_trigger_and_the_programme_stays()
    {
        var bench = new ZebraBench();
        bench.X.Move((bench.World.NowNs, 0), (bench.World.NowNs + 1, 2000));
        bench.Y.Move((bench.World.NowNs, 0), (bench.World.NowNs + 1, -700));
        bench.World.RunUntil(bench.World.NowNs + Ms);
        bench.ConnectAndStage();
        bench.Do(c => bench.Driver.LoadAsync(Mark, ZebraBench.Burst(3), c));
        Assert.Equal(7, bench.Do(c => bench.Driver.ReadEncoderAsync("x", c)), 1e-12);
        Assert.Equal(0.7, bench.Do(c => bench.Driver.ReadEncoderAsync("y", c)), 1e-12);
        Assert.Contains("axis z has no encoder", bench.Problem(c => bench.Driver.ReadEncoderAsync("z", c)));
        Assert.Empty(bench.Edges);
        bench.Do(c => bench.Driver.EnableAsync(Mark, c));
        Assert.Equal(3, bench.Do(c => bench.Driver.WaitDoneAsync(Mark, 33 * Ms, c)).Triggered);
        Assert.Equal(3, bench.Do(c => bench.Driver.UnstageAsync([], c)));
    }

    [Fact]
    public void A_lost_line_is_a_missed_frame_and_shifts_nothing()
    {
        var bench = new ZebraBench();
        bench.ConnectAndStage();
        bench.Do(c => bench.Driver.LoadAsync(Mark, ZebraBench.Burst(10), c));
        var first = bench.Box.Sent;
        bench.Box.Damage = (number, line) => (number - first) switch { 3 => line[..^5], 6 => null, 9 => null, _ => line };
        bench.Do(c => bench.Driver.EnableAsync(Mark, c));
        Assert.Equal(10, bench.Do(c => bench.Driver.WaitDoneAsync(Mark, 110 * Ms, c)).Triggered);
        var status = bench.Do(bench.Driver.FlushAsync);
        Assert.Equal([new FrameRange(3, 4), new FrameRange(6, 7), new FrameRange(9, 10)], status.Missed);
        Assert.Equal((7, 7, null), (status.Acquired, status.Recorded, status.Fault));
        Assert.Equal([0, 1, 2, 4, 5, 7, 8], bench.Stores.Stores[0].Longs("sample_index"));
    }

    [Fact]
    public void A_first_line_that_lost_bytes_is_a_fault_that_says_so()
    {
        var bench = new ZebraBench();
        bench.ConnectAndStage();
        bench.Do(c => bench.Driver.LoadAsync(Mark, ZebraBench.Burst(4), c));
        var first = bench.Box.Sent;
        bench.Box.Damage = (number, line) => number == first ? line[..^1] : line;
        bench.Do(c => bench.Driver.EnableAsync(Mark, c));
        Assert.Contains("lost bytes", bench.Do(c => bench.Driver.WaitDoneAsync(Mark, 44 * Ms, c)).Fault);
    }

    [Fact]
    public void Frames_faster_than_the_line_come_late_and_whole()
    {
        var bench = new ZebraBench();
        bench.ConnectAndStage();
        bench.Do(c => bench.Driver.LoadAsync(Mark, ZebraBench.Burst(1000, 50_000, 100_000), c));
        bench.Do(c => bench.Driver.EnableAsync(Mark, c));
        Assert.Equal(1000, bench.Do(c => bench.Driver.WaitDoneAsync(Mark, 100 * Ms, c)).Triggered);
        Assert.Equal(1000, bench.Do(c => bench.Driver.UnstageAsync([], c)));
        var stamps = bench.Stores.Stores[0].Longs("timestamp_start");
        Assert.All(stamps.Zip(stamps.Skip(1)), pair => Assert.Equal(100_000, pair.Second - pair.First));
    }

    [Fact]
    public void A_buffer_that_runs_over_is_a_fault_that_names_the_register()
    {
        var bench = new ZebraBench();
        bench.ConnectAndStage();
        bench.Do(c => bench.Driver.LoadAsync(Mark, ZebraBench.Burst(100_000, 1_000, 2_000), c));
        bench.Do(c => bench.Driver.EnableAsync(Mark, c));
        bench.World.RunUntil(bench.World.NowNs + 250 * Ms);
        var status = bench.Do(bench.Driver.GetBoxStatusAsync);
        Assert.Equal(BoxPhase.Faulted, status.Phase);
        Assert.Contains("SYS_STATERR", status.Fault);
        Assert.Contains("ran over", bench.Problem(c => bench.Driver.ArmAsync(1, c)));
    }

    [Fact]
    public void A_foreign_write_is_named_at_the_next_load()
    {
        var bench = new ZebraBench();
        bench.ConnectAndStage();
        bench.Do(c => bench.Driver.LoadAsync(Mark, ZebraBench.Burst(4), c));
        bench.Ask("W600000\n");
        Assert.Contains(
            "register 60 was set to 002B and reads 0000", bench.Problem(c => bench.Driver.LoadAsync(new(7), ZebraBench.Burst(5), c)));
    }

    [Fact]
    public void A_restart_is_not_taken_for_the_session()
    {
        var bench = new ZebraBench();
        var session = bench.ConnectAndStage();
        bench.Network.Cut();
        bench.World.RunUntil(bench.World.NowNs + Ms);
        bench.Box.Restart();
        bench.Do(bench.Driver.ConnectAsync);
        Assert.Null(bench.Do(c => bench.Driver.AdoptAsync(ZebraBench.Staging(2), session.Session, 0, c)));
    }

    [Fact]
    public void Frames_that_pass_while_nobody_listens_are_missed_by_number()
    {
        var bench = new ZebraBench();
        var session = bench.ConnectAndStage();
        bench.Do(c => bench.Driver.LoadAsync(Mark, ZebraBench.Burst(50), c));
        bench.Do(c => bench.Driver.EnableAsync(Mark, c));
        bench.World.RunUntil(bench.World.NowNs + 100 * Ms);
        bench.Network.Cut();
        bench.World.RunUntil(bench.World.NowNs + 100 * Ms);
        bench.Do(bench.Driver.ConnectAsync);
        Assert.NotNull(bench.Do(c => bench.Driver.AdoptAsync(ZebraBench.Staging(2), session.Session, 0, c)));
        Assert.Equal(50, bench.Do(c => bench.Driver.WaitDoneAsync(Mark, 0, c)).Triggered);
        var status = bench.Do(bench.Driver.FlushAsync);
        var missed = Assert.Single(status.Missed);
        Assert.InRange(missed.Count, 8, 11);
        Assert.Equal(50, status.Recorded + missed.Count);
        Assert.Equal(
            Enumerable.Range(0, 50).Select(i => (long)i).Where(i => i < missed.First || i >= missed.End),
            bench.Stores.Stores[0].Longs("sample_index"));
    }

    private static IEnumerable<string> Settings(string text) => text.Split('\n').Where(l => !l.StartsWith("RF", StringComparison.Ordinal));

    private static TriggerProgramme Window(double position, bool ascending) => new(
        [new TriggerWindow(0, true, new PositionCompare("x", position, ascending), [new PulseTrain(5, 10 * Ms, 11 * Ms)])]);
}
