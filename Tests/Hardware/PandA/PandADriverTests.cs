using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.PandA.Driver;
using Flyscan.Hardware.PandA.Simulator;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Triggering;
using Flyscan.Scanning.Units;
using Xunit;

namespace Flyscan.Tests.Hardware.PandA;

public sealed class PandADriverTests
{
    private const long Ms = PandABench.Ms;
    private static readonly TakeMark Mark = new(12345);

    [Fact]
    public void A_person_is_told_how_the_box_stands()
    {
        var bench = new PandABench();
        Assert.Empty(bench.World.Run(() => bench.Driver.InspectAsync(CancellationToken.None)));
        bench.ConnectAndStage();
        bench.Box.Inject(new PandAFault.StuckHealth("SEQ1", "DMA underrun"));
        var facts = bench.World.Run(() => bench.Driver.InspectAsync(CancellationToken.None)).ToDictionary(f => f.Name);
        Assert.Equal(("Busy 1 1", "0", "5 mm"), (facts["*PCAP.STATUS"].Value, facts["BITS1.A"].Value, facts["x"].Value));
        Assert.Equal("DMA underrun", facts["SEQ1.HEALTH"].Alarm);
        Assert.All(facts.Values.Where(f => f.Name != "SEQ1.HEALTH"), f => Assert.Null(f.Alarm));
    }

    [Fact]
    public void A_snaked_flyscan_records_every_frame_with_its_own_mean_position()
    {
        var bench = new PandABench();
        bench.ConnectAndStage();
        var programme = new TriggerProgramme(
        [
            Window(0, 6.0, ascending: true), Window(5, 7.0, ascending: false), Window(10, 6.0, ascending: true),
        ]);
        bench.Do(c => bench.Driver.LoadAsync(Mark, programme, c));
        Assert.Equal(new BoxStatus(BoxPhase.Waiting, Mark, 0, null), bench.Do(c => bench.Driver.EnableAsync(Mark, c)));
        var start = bench.World.NowNs + 10 * Ms;
        for (var line = 0; line < 3; line++)
            FlyLine(bench, start + line * 400 * Ms, up: line % 2 == 0);
        bench.Driver.WatchFor(15);

        var done = bench.Do(c => bench.Driver.WaitDoneAsync(Mark, 700 * Ms, c));

        Assert.Equal(new BoxStatus(BoxPhase.Idle, Mark, 15, null), done);
        Assert.Equal(15, bench.Do(c => bench.Driver.UnstageAsync([], c)));
        var store = Assert.Single(bench.Stores.Stores);
        Assert.True(store.Closed);
        Assert.Equal(Enumerable.Range(0, 15).Select(i => (long)i), store.Longs("sample_index"));
        Assert.All(store.Longs("gate_duration"), ns => Assert.Equal(10 * Ms, ns));
        AssertMeans(store.Doubles("x"));
        Assert.All(store.Doubles("x_max").Zip(store.Doubles("x_min")), p => Assert.Equal(0.08, p.First - p.Second, 0.0021));
    }

    [Fact]
    public void Closing_the_gate_holds_the_sequencer_after_the_exposure_under_way()
    {
        var bench = new PandABench();
        bench.ConnectAndStage();
        bench.Do(c => bench.Driver.LoadAsync(Mark, PandABench.Burst(100), c));
        bench.Do(c => bench.Driver.EnableAsync(Mark, c));
        bench.World.RunUntil(bench.World.NowNs + 37 * Ms);

        var halted = bench.Do(bench.Driver.HaltAsync);

        // 37 ms into periods of 11 ms: the fourth exposure is under way, ends at 43 ms, and is whole.
        Assert.Equal(new BoxStatus(BoxPhase.Idle, Mark, 4, null), halted);
        bench.World.RunUntil(bench.World.NowNs + 1000 * Ms);
        Assert.Equal(4, bench.Do(bench.Driver.GetStatusAsync).Acquired);
        Assert.Equal(4, bench.Do(c => bench.Driver.UnstageAsync([], c)));
        Assert.All(bench.Stores.Stores[0].Longs("gate_duration"), ns => Assert.Equal(10 * Ms, ns));
    }

    [Fact]
    public void Takes_follow_each_other_in_one_capture()
    {
        var bench = new PandABench();
        bench.ConnectAndStage();
        for (var take = 1; take <= 3; take++)
        {
            var mark = new TakeMark(take);
            bench.Do(c => bench.Driver.LoadAsync(mark, PandABench.Burst(10, Ms, 2 * Ms), c));
            Assert.Equal((take - 1) * 10, bench.Do(c => bench.Driver.ArmAsync(10, c)).Acquired);
            bench.Do(c => bench.Driver.EnableAsync(mark, c));
            Assert.Equal(take * 10, bench.Do(c => bench.Driver.WaitDoneAsync(mark, 20 * Ms, c)).Triggered);
        }
        Assert.Equal(30, bench.Do(bench.Driver.FlushAsync).Recorded);
        Assert.Equal(30, bench.Do(c => bench.Driver.UnstageAsync([], c)));
    }

    [Fact]
    public void Recorded_is_raised_at_once_when_the_watched_count_is_reached()
    {
        var bench = new PandABench();
        bench.ConnectAndStage();
        var raised = new List<(long Recorded, long AtNs)>();
        bench.Driver.Recorded += n => raised.Add((n, bench.World.NowNs));
        bench.Do(c => bench.Driver.LoadAsync(Mark, PandABench.Burst(20, Ms, 2 * Ms), c));
        var start = bench.World.NowNs;
        bench.Driver.WatchFor(20);
        bench.Do(c => bench.Driver.EnableAsync(Mark, c));
        bench.World.RunUntil(start + 200 * Ms);

        // The last exposure ends at 39 ms, two blocks of one tick after ENABLE; between the first flush and the watched one nothing need
        // be flushed.
        Assert.Equal((20, start + 39 * Ms + 2 * PandASimulator.TickNs), raised.Last());
        Assert.True(raised.Count <= 3, $"{raised.Count} flushes");
    }

    [Fact]
    public void Unstaging_puts_back_what_staging_found()
    {
        var bench = new PandABench();
        const string foreign = "INENC4.VAL.CAPTURE=Value\nSEQ1.PRESCALE.UNITS=ms\nSEQ1.PRESCALE=3\nSEQ1.BITB=ONE\nSEQ1.BITB.DELAY=7\n"
            + "PCAP.ENABLE=SEQ2.ACTIVE\nPCAP.TRIG_EDGE=Either\nPCAP.SHIFT_SUM=8\nTTLOUT1.VAL=PULSE1.OUT\n"
            + "INENC1.VAL.SCALE=2.5\nINENC1.VAL.UNITS=deg\n"
            + "SEQ1.REPEATS=7\nINENC1.VAL.CAPTURE=Value\nSEQ1.ENABLE=ONE\nBITS.A=1\n";
        const string asked = "INENC4.VAL.CAPTURE?\nINENC2.VAL.CAPTURE?\nINENC1.VAL.CAPTURE?\nSEQ1.PRESCALE?\nSEQ1.BITB?\nSEQ1.BITB.DELAY?\n"
            + "PCAP.ENABLE?\nPCAP.TRIG_EDGE?\nPCAP.SHIFT_SUM?\nTTLOUT1.VAL?\nINENC1.VAL.SCALE?\nINENC1.VAL.UNITS?\nSEQ1.REPEATS?\n";
        bench.Ask(foreign);
        var before = bench.Ask(asked);
        var session = bench.ConnectAndStage();
        Assert.NotEqual(before, bench.Ask(asked));
        bench.Do(c => bench.Driver.LoadAsync(Mark, PandABench.Burst(3), c));
        bench.Do(c => bench.Driver.EnableAsync(Mark, c));
        Assert.Equal(3, bench.Do(c => bench.Driver.WaitDoneAsync(Mark, 33 * Ms, c)).Triggered);

        Assert.Equal(3, bench.Do(c => bench.Driver.UnstageAsync(session.Restore, c)));

        Assert.Equal(before, bench.Ask(asked));
        Assert.Equal("OK =ZERO\nOK =0\n", bench.Ask("SEQ1.ENABLE?\nBITS.A?\n"));
    }

    [Fact]
    public void A_box_that_somebody_else_captures_is_refused_and_its_clients_named()
    {
        var bench = new PandABench();
        bench.Do(bench.Driver.ConnectAsync);
        var foreign = bench.World.Run(() => bench.Network.ConnectAsync("box", PandABench.DataPort, CancellationToken.None));
        foreign.Start(_ => { }, _ => { });
        foreign.Send("ASCII\n"u8);
        bench.Ask("INENC1.VAL.CAPTURE=Value\nPCAP.ENABLE=ONE\n*PCAP.ARM=\n");

        var problem = bench.Problem(c => bench.Driver.StageAsync(PandABench.Staging(), c));

        Assert.StartsWith("refused: panda: the box is captured by somebody else (status Busy 1 1)", problem);
        Assert.Contains(" data client:", problem);
        Assert.Equal("OK =Busy 1 1\n", bench.Ask("*PCAP.STATUS?\n"));
    }

    [Fact]
    public void A_capture_that_a_dead_process_left_is_ended_by_the_next_staging()
    {
        var bench = new PandABench();
        bench.Ask("INENC1.VAL.CAPTURE=Value\nPCAP.ENABLE=ONE\n*PCAP.ARM=\n");
        bench.ConnectAndStage();
        Assert.True(bench.Do(c => bench.Driver.ArmAsync(1, c)).Accepting);
    }

    [Fact]
    public void Another_process_adopts_the_capture_from_what_was_recorded()
    {
        var bench = new PandABench();
        var session = bench.ConnectAndStage();
        bench.Do(c => bench.Driver.LoadAsync(Mark, PandABench.Burst(50), c));
        bench.Do(c => bench.Driver.EnableAsync(Mark, c));
        bench.World.RunUntil(bench.World.NowNs + 200 * Ms);
        bench.Network.Cut();
        bench.World.RunUntil(bench.World.NowNs + 100 * Ms);

        var heir = bench.NewDriver();
        bench.Do(heir.ConnectAsync);
        var adopted = bench.Do(c => heir.AdoptAsync(PandABench.Staging(2), session.Session, 12, c));

        Assert.NotNull(adopted);
        Assert.Equal((true, 12), (adopted.NewSegment, adopted.FirstPosition));
        Assert.Equal("data/panda.0002.h5", adopted.Session.Segment.Path);
        var flying = bench.Do(heir.GetBoxStatusAsync);
        Assert.Equal((BoxPhase.Running, Mark), (flying.Phase, flying.Mark));
        Assert.Equal(new BoxStatus(BoxPhase.Idle, Mark, 50, null), bench.Do(c => heir.WaitDoneAsync(Mark, 0, c)));
        Assert.Equal(38, bench.Do(c => heir.UnstageAsync([], c)));
        Assert.Equal(Enumerable.Range(12, 38).Select(i => (long)i), bench.Stores.Stores[1].Longs("sample_index"));
    }

    [Fact]
    public void A_driver_that_lost_its_connections_goes_on_in_its_own_segment()
    {
        var bench = new PandABench();
        var losses = new List<string>();
        bench.Driver.Lost += losses.Add;
        var session = bench.ConnectAndStage();
        bench.Do(c => bench.Driver.LoadAsync(Mark, PandABench.Burst(50), c));
        bench.Do(c => bench.Driver.EnableAsync(Mark, c));
        bench.World.RunUntil(bench.World.NowNs + 200 * Ms);
        bench.Network.Cut();
        bench.World.RunUntil(bench.World.NowNs + 100 * Ms);
        Assert.Single(losses);

        bench.Do(bench.Driver.ConnectAsync);
        var adopted = bench.Do(c => bench.Driver.AdoptAsync(PandABench.Staging(2), session.Session, 12, c));

        Assert.Equal((false, 0L), (adopted!.NewSegment, adopted.FirstPosition));
        Assert.Equal(50, bench.Do(c => bench.Driver.WaitDoneAsync(Mark, 0, c)).Triggered);
        Assert.Equal(50, bench.Do(c => bench.Driver.UnstageAsync([], c)));
        Assert.Equal(Enumerable.Range(0, 50).Select(i => (long)i), Assert.Single(bench.Stores.Stores).Longs("sample_index"));
    }

    [Fact]
    public void A_capture_that_is_over_or_another_is_not_adopted()
    {
        var bench = new PandABench();
        var session = bench.ConnectAndStage();
        Assert.Null(bench.Do(c => bench.NewDriver().AdoptAfterConnect(PandABench.Staging(2), session.Session + "x", c)));
        bench.Ask("*PCAP.DISARM=\n");
        Assert.Null(bench.Do(c => bench.NewDriver().AdoptAfterConnect(PandABench.Staging(2), session.Session, c)));
        Assert.Single(bench.Stores.Stores);
    }

    [Fact]
    public void A_table_that_somebody_else_replaced_is_seen_by_its_mark()
    {
        var bench = new PandABench();
        bench.ConnectAndStage();
        bench.Do(c => bench.Driver.LoadAsync(Mark, PandABench.Burst(1), c));
        bench.Ask("SEQ1.TABLE<\n1 7 0 1\n\n");
        Assert.Equal(new TakeMark(7), bench.Do(bench.Driver.GetBoxStatusAsync).Mark);
    }

    [Fact]
    public void A_sequence_that_somebody_else_ended_is_a_fault_that_names_what_was_set()
    {
        var bench = new PandABench();
        bench.ConnectAndStage();
        bench.Do(c => bench.Driver.LoadAsync(Mark, PandABench.Burst(100), c));
        bench.Do(c => bench.Driver.EnableAsync(Mark, c));
        bench.World.RunUntil(bench.World.NowNs + 50 * Ms);
        bench.Ask("SEQ1.ENABLE=ZERO\nSEQ1.ENABLE=ONE\nSEQ1.ENABLE=ZERO\n");
        var status = bench.Do(c => bench.Driver.WaitDoneAsync(Mark, 0, c));
        Assert.Equal(BoxPhase.Faulted, status.Phase);
        Assert.StartsWith("somebody else set SEQ1.ENABLE to ZERO during", status.Fault);
    }

    [Fact]
    public void A_wait_that_is_cancelled_leaves_the_sequencer_running()
    {
        var bench = new PandABench();
        bench.ConnectAndStage();
        bench.Do(c => bench.Driver.LoadAsync(Mark, PandABench.Burst(100), c));
        bench.Do(c => bench.Driver.EnableAsync(Mark, c));
        using var cancel = new CancellationTokenSource();
        bench.World.At(bench.World.NowNs + 100 * Ms, cancel.Cancel);
        Assert.IsType<Outcome<BoxStatus>.Cancelled>(bench.World.Run(() => bench.Driver.WaitDoneAsync(Mark, 1100 * Ms, cancel.Token)));
        Assert.Equal(BoxPhase.Running, bench.Do(bench.Driver.GetBoxStatusAsync).Phase);
    }

    [Fact]
    public void Enabling_what_is_not_loaded_is_refused()
    {
        var bench = new PandABench();
        bench.ConnectAndStage();
        bench.Do(c => bench.Driver.LoadAsync(Mark, PandABench.Burst(1), c));
        Assert.StartsWith(
            "refused: panda: SEQ1 does not hold the programme of take mark 7", bench.Problem(c => bench.Driver.EnableAsync(new(7), c)));
        bench.Do(c => bench.Driver.EnableAsync(Mark, c));
        Assert.StartsWith("refused: panda: the programme was enabled already", bench.Problem(c => bench.Driver.EnableAsync(Mark, c)));
    }

    [Fact]
    public void Make_safe_stops_a_running_sequencer_with_its_output_low()
    {
        var bench = new PandABench();
        bench.ConnectAndStage();
        bench.Do(c => bench.Driver.LoadAsync(Mark, PandABench.Burst(100), c));
        bench.Do(c => bench.Driver.EnableAsync(Mark, c));
        bench.World.RunUntil(bench.World.NowNs + 5 * Ms);
        Assert.True(bench.Box.TtlOut(1).Value);
        bench.Do(bench.Driver.MakeSafeAsync);
        Assert.False(bench.Box.TtlOut(1).Value);
    }

    [Fact]
    public void An_encoder_is_read_in_axis_units()
    {
        var bench = new PandABench();
        bench.Do(bench.Driver.ConnectAsync);
        bench.X.Move((bench.World.NowNs, 0), (bench.World.NowNs + 1, 2000));
        bench.World.RunUntil(bench.World.NowNs + Ms);
        Assert.Equal(7, bench.Do(c => bench.Driver.ReadEncoderAsync("x", c)), 1e-12);
        Assert.Contains("axis z has no encoder", bench.Problem(c => bench.Driver.ReadEncoderAsync("z", c)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100 * PandABench.Ms)]
    public void Delivery_in_bursts_changes_nothing_of_the_result(long dataPeriodNs)
    {
        var bench = new PandABench(dataPeriodNs);
        var session = bench.ConnectAndStage();
        bench.Do(c => bench.Driver.LoadAsync(Mark, PandABench.Burst(30), c));
        bench.Do(c => bench.Driver.EnableAsync(Mark, c));
        bench.World.RunUntil(bench.World.NowNs + 100 * Ms);
        Assert.Equal(10, bench.Do(bench.Driver.HaltAsync).Triggered);
        Assert.Equal(10, bench.Do(c => bench.Driver.UnstageAsync(session.Restore, c)));
        Assert.Equal(10, bench.Stores.Stores[0].Longs("timestamp_start").Length);
    }

    [Fact]
    public void Bytes_cut_into_single_ones_change_nothing()
    {
        var bench = new PandABench();
        bench.Network.LargestSegment = 1;
        bench.ConnectAndStage();
        bench.Do(c => bench.Driver.LoadAsync(Mark, PandABench.Burst(12), c));
        bench.Do(c => bench.Driver.EnableAsync(Mark, c));
        bench.Do(c => bench.Driver.WaitDoneAsync(Mark, 130 * Ms, c));
        Assert.Equal(12, bench.Do(c => bench.Driver.UnstageAsync([], c)));
    }

    private static TriggerWindow Window(long first, double position, bool ascending) =>
        new(first, true, new PositionCompare("x", position, ascending), [new PulseTrain(5, 10 * Ms, 11 * Ms)]);

    /// <summary>Live for 250 ms, and 1200 counts in 150 ms across the middle of it.</summary>
    private static void FlyLine(PandABench bench, long at, bool up)
    {
        var (from, to) = up ? (900, 2100) : (2100, 900);
        bench.World.At(at, () => bench.Live.Set(true));
        bench.World.At(at, () => bench.X.Move((at + 10 * Ms, from), (at + 160 * Ms, to)));
        bench.World.At(at + 250 * Ms, () => bench.Live.Set(false));
    }

    /// <summary>8 counts a millisecond: a frame of 11 ms is 0.088 mm, and 10 ms of it are averaged.</summary>
    private static void AssertMeans(double[] means)
    {
        Assert.Equal(15, means.Length);
        for (var i = 0; i < 15; i++)
        {
            var up = i / 5 != 1;
            var expected = up ? 6.0 + 0.04 + 0.088 * (i % 5) : 7.0 - 0.04 - 0.088 * (i % 5);
            Assert.Equal(expected, means[i], 0.001);
        }
    }
}

internal static class PandADriverExtensions
{
    public static async Task<Outcome<AdoptedSession?>> AdoptAfterConnect(
        this PandADriver driver, RecorderStaging staging, string session, CancellationToken cancel)
    {
        await driver.ConnectAsync(cancel);
        return await driver.AdoptAsync(staging, session, 0, cancel);
    }
}
