using Flyscan.Hardware.Epics;
using Flyscan.Hardware.Epics.ChannelAccess;
using Flyscan.Hardware.Zebra.Ioc;
using Flyscan.Hardware.Zebra.Protocol;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Triggering;
using Flyscan.Scanning.Units;
using Xunit;

namespace Flyscan.Tests.Hardware.Zebra.Ioc;

/// <summary>What an IOC between driver and box adds: its pace, its scales, its own losses.</summary>
public sealed class ZebraIocTests
{
    private const long Ms = ZebraBench.Ms;
    private const long UsualLagNs = 1500 * Ms;
    private static readonly TakeMark Mark = new(0x12345678);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_window_begins_at_its_position_and_rows_hold_counts_whatever_the_motors_scales(bool up)
    {
        var bench = new ZebraIocBench(ZebraIocBench.Usual, UsualLagNs);
        var (world, box) = (bench.World, bench.Bench);
        box.X.Move((world.NowNs, 0), (world.NowNs + 1, up ? 900 : 2100));
        world.RunUntil(world.NowNs + Ms);
        Stage(bench);
        Do(bench, c => bench.Driver.LoadAsync(Mark, Window(up ? 6.0 : 7.0, up), c));
        Assert.Equal(new BoxStatus(BoxPhase.Waiting, Mark, 0, null), Do(bench, c => bench.Driver.EnableAsync(Mark, c)));
        var at = world.NowNs + 10 * Ms;
        world.At(at, () => box.X.Move((at, up ? 900 : 2100), (at + 150 * Ms, up ? 2100 : 900)));

        Assert.Equal(new BoxStatus(BoxPhase.Idle, Mark, 5, null), Do(bench, c => bench.Driver.WaitDoneAsync(Mark, 160 * Ms, c)));

        Assert.Equal(5, Do(bench, c => bench.Driver.UnstageAsync([], c)));
        var store = Assert.Single(bench.Stores.Stores);
        Assert.Equal([0, 1, 2, 3, 4], store.Longs("sample_index"));
        // 8 counts a millisecond, a frame of 11 ms: 0.088 mm.
        var x = store.Doubles("x");
        for (var i = 0; i < 5; i++)
            Assert.Equal(up ? 6.0 + 0.088 * i : 7.0 - 0.088 * i, x[i], 0.0011);
        var stamps = store.Longs("timestamp_start");
        Assert.All(stamps.Zip(stamps.Skip(1)), pair => Assert.Equal(11 * Ms, pair.Second - pair.First));
        Assert.Equal(10, box.Edges.Count);
        Assert.All(box.Edges.Chunk(2), edge => Assert.Equal(10 * Ms, edge[1].AtNs - edge[0].AtNs));
    }

    [Fact]
    public void Takes_that_are_over_before_the_IOC_has_looked_are_proved_and_told_apart()
    {
        var bench = new ZebraIocBench(ZebraIocBench.Usual, UsualLagNs);
        Stage(bench);
        for (var take = 1; take <= 4; take++)
        {
            Do(bench, c => bench.Driver.LoadAsync(new TakeMark(take), ZebraBench.Burst(2, Ms, 2 * Ms), c));
            Do(bench, c => bench.Driver.EnableAsync(new TakeMark(take), c));
            Assert.Equal(2 * take, Do(bench, c => bench.Driver.WaitDoneAsync(new TakeMark(take), 4 * Ms, c)).Triggered);
        }
        Assert.Equal(8, Do(bench, c => bench.Driver.UnstageAsync([], c)));
        Assert.Equal(Enumerable.Range(0, 8).Select(i => (long)i), bench.Stores.Stores[0].Longs("sample_index"));
        Assert.Equal(16, bench.Bench.Edges.Count);
    }

    [Fact]
    public void Halted_at_the_IOCs_pace_the_count_is_exact()
    {
        var bench = new ZebraIocBench(ZebraIocBench.Usual, UsualLagNs);
        Stage(bench);
        Do(bench, c => bench.Driver.LoadAsync(Mark, ZebraBench.Burst(500), c));
        Do(bench, c => bench.Driver.EnableAsync(Mark, c));
        bench.World.RunUntil(bench.World.NowNs + 37 * Ms);
        var halted = Do(bench, bench.Driver.HaltAsync);
        var fired = bench.Bench.Edges.Count / 2;
        Assert.Equal(new BoxStatus(BoxPhase.Idle, Mark, fired, null), halted);
        Assert.All(bench.Bench.Edges.Chunk(2), edge => Assert.Equal(10 * Ms, edge[1].AtNs - edge[0].AtNs));
        Assert.Equal(fired, Do(bench, c => bench.Driver.UnstageAsync([], c)));
    }

    [Fact]
    public void Encoders_are_read_in_counts_whatever_the_motors_scales()
    {
        var bench = new ZebraIocBench();
        bench.Bench.X.Move((bench.World.NowNs, 0), (bench.World.NowNs + 1, 1234));
        bench.Bench.Y.Move((bench.World.NowNs, 0), (bench.World.NowNs + 1, -777));
        bench.World.RunUntil(bench.World.NowNs + Ms);
        Stage(bench);
        Assert.Equal(6.234, Do(bench, c => bench.Driver.ReadEncoderAsync("x", c)), 9);
        Assert.Equal(0.777, Do(bench, c => bench.Driver.ReadEncoderAsync("y", c)), 9);
        Assert.Empty(bench.Bench.Edges);
    }

    [Fact]
    public void Unstaging_puts_back_what_staging_found()
    {
        var bench = new ZebraIocBench();
        var all = string.Concat(Enumerable.Range(0, 0xA3).Select(a => $"R{a:X2}\n"));
        bench.Bench.Ask("W600005\nW0F0011\nW540F0F\nW3E1234\nW3F5678\nW890005\nW8E0007\nW9F03FF\nW880002\n");
        // Until the IOC has read them all again, it knows nothing of what was written behind its back.
        bench.World.RunUntil(bench.World.NowNs + 1000 * Ms);
        var before = bench.Bench.Ask(all);
        var session = Stage(bench);
        Do(bench, c => bench.Driver.LoadAsync(Mark, ZebraBench.Burst(3), c));
        Do(bench, c => bench.Driver.EnableAsync(Mark, c));
        Do(bench, c => bench.Driver.WaitDoneAsync(Mark, 33 * Ms, c));
        Assert.NotEqual(before, bench.Bench.Ask(all));
        Assert.Equal(3, Do(bench, c => bench.Driver.UnstageAsync(session.Restore, c)));
        Assert.Equal(before, bench.Bench.Ask(all));
    }

    [Fact]
    public void A_write_that_the_IOC_passes_over_is_made_again()
    {
        var bench = new ZebraIocBench();
        Stage(bench);
        var demand = bench.Record("PC_PULSE_STEP:SET");
        var written = demand.Written!;
        var passed = 0;
        demand.Written = (value, complete) =>
        {
            if (passed++ > 0)
                return written(value, complete);
            complete();
            return CaStatus.Normal;
        };
        Do(bench, c => bench.Driver.LoadAsync(Mark, ZebraBench.Burst(3), c));
        Assert.Equal(2, passed);
        Assert.Equal("R9BADB0\n", bench.Bench.Ask("R9B\n"));
    }

    [Fact]
    public void A_write_that_never_arrives_is_refused_with_both_records()
    {
        var bench = new ZebraIocBench();
        Stage(bench);
        bench.Record("PC_PULSE_STEP:SET").Written = (_, complete) =>
        {
            complete();
            return CaStatus.Normal;
        };
        var problem = Problem(bench, c => bench.Driver.LoadAsync(Mark, ZebraBench.Burst(3), c));
        Assert.Contains("zebra: load: TEST:ZEBRA:PC_PULSE_STEP:SET was set to 110000 and TEST:ZEBRA:PC_PULSE_STEP:RBV_CTS says 0", problem);
    }

    [Fact]
    public void A_foreign_write_is_named_by_the_next_load()
    {
        var bench = new ZebraIocBench();
        Stage(bench);
        bench.Server.Run(() => bench.Record("OUT1_TTL:SET").Write(new PvValue.Number(5), () => { }));
        bench.World.RunUntil(bench.World.NowNs + Ms);
        var problem = Problem(bench, c => bench.Driver.LoadAsync(Mark, ZebraBench.Burst(3), c));
        Assert.Contains("register 60 was set to 002B and reads 0005: somebody else writes to the box", problem);
    }

    [Fact]
    public void A_line_that_loses_a_character_fails_the_take_and_shifts_no_row()
    {
        var bench = new ZebraIocBench();
        Stage(bench);
        bench.Box.Damage = (sent, line) => sent == 3 ? line[..^1] : line;
        Do(bench, c => bench.Driver.LoadAsync(Mark, ZebraBench.Burst(8), c));
        Do(bench, c => bench.Driver.EnableAsync(Mark, c));
        var done = bench.World.Run(() => bench.Driver.WaitDoneAsync(Mark, 88 * Ms, CancellationToken.None));
        var status = Do(bench, bench.Driver.GetStatusAsync);
        Assert.Contains("carries the number", status.Fault);
        Assert.False(status.Accepting, $"{done}");
        Assert.All(bench.Stores.Stores[0].Longs("sample_index").Select((index, row) => (index, row)), r => Assert.Equal(r.row, r.index));
    }

    [Fact]
    public void An_IOC_that_loses_its_box_is_a_lost_box()
    {
        var bench = new ZebraIocBench();
        List<string> losses = [];
        bench.Driver.Lost += losses.Add;
        Stage(bench);
        bench.CutSerial();
        bench.World.RunUntil(bench.World.NowNs + 6000 * Ms);
        Assert.Equal("zebra: TEST:ZEBRA:CONNECTED: the IOC has lost its box", Assert.Single(losses));
        Assert.Contains("the IOC has lost its box", Problem(bench, bench.Driver.ConnectAsync));
    }

    [Fact]
    public void An_IOC_that_is_restarted_in_flight_costs_named_frames_and_shifts_none()
    {
        var bench = new ZebraIocBench();
        var session = Stage(bench);
        Do(bench, c => bench.Driver.LoadAsync(Mark, ZebraBench.Burst(40), c));
        Do(bench, c => bench.Driver.EnableAsync(Mark, c));
        bench.World.RunUntil(bench.World.NowNs + 100 * Ms);
        bench.StartIoc();
        bench.World.RunUntil(bench.World.NowNs + 50 * Ms);
        Do(bench, bench.Driver.ConnectAsync);
        Assert.NotNull(Do(bench, c => bench.Driver.AdoptAsync(ZebraBench.Staging(2), session.Session, 0, c)));
        Assert.Equal(40, Do(bench, c => bench.Driver.WaitDoneAsync(Mark, 290 * Ms, c)).Triggered);
        Assert.Equal(80, bench.Bench.Edges.Count);
        Assert.All(bench.Bench.Edges.Chunk(2), edge => Assert.Equal(10 * Ms, edge[1].AtNs - edge[0].AtNs));
        var status = Do(bench, bench.Driver.FlushAsync);
        var rows = RangeSet.Of(bench.Stores.Stores[0].Longs("sample_index").Select(r => new FrameRange(r, r + 1)));
        var missed = RangeSet.Of(status.Missed);
        Assert.InRange(missed.Count, 1, 15);
        Assert.Equal(RangeSet.Of(new FrameRange(0, 40)).Subtract(missed.Ranges), rows);
    }

    [Fact]
    public void An_IOC_with_shorter_arrays_than_the_file_says_is_refused()
    {
        var bench = new ZebraIocBench(ZebraIocBench.Quick with { ArrayLength = 1000 });
        bench.Server.Run(() => bench.Record("PC_DIV4").Record.Fields["VAL"] =
            new(bench.Record("PC_DIV4").Record, "VAL", Dbr.Double, 500, new PvValue.Array<double>([])));
        Assert.Contains(
            "TEST:ZEBRA:PC_DIV4 holds 500 samples, and array-length says 1000", Problem(bench, bench.Driver.ConnectAsync));
    }

    [Fact]
    public void Every_register_that_a_programme_or_a_staging_sets_has_its_records()
    {
        byte[] pairs = [.. ZebraRecords.All.Where(r => r.Value.Kind == ZebraRecordKind.Pair).Select(r => r.Key)];
        Assert.All(pairs, address => Assert.True(ZebraRegister.IsLow(address)));
        Assert.All(pairs, address => Assert.Same(ZebraRecords.Of(address), ZebraRecords.Of((byte)(address + 1))));
        Assert.Equal("OUT8_CONN:SET", ZebraRecords.Of(0x7B).Demand);
        Assert.Equal("PC_TSPRE:RBV.RVAL", ZebraRecords.Of(ZebraRegister.PcTsPre).ReadBack);
        Assert.Contains("register 55 has no record", Assert.Throws<IOException>(() => ZebraRecords.Of(0x55)).Message);
    }

    private static TriggerProgramme Window(double position, bool up) => new(
        [new TriggerWindow(0, true, new PositionCompare("x", position, up), [new PulseTrain(5, 10 * Ms, 11 * Ms)])]);

    private static RecorderSession Stage(ZebraIocBench bench)
    {
        Do(bench, bench.Driver.ConnectAsync);
        return Do(bench, c => bench.Driver.StageAsync(ZebraBench.Staging(), c));
    }

    private static T Do<T>(ZebraIocBench bench, Func<CancellationToken, Task<Outcome<T>>> what)
    {
        var outcome = bench.World.Run(() => what(CancellationToken.None));
        return outcome is Outcome<T>.Completed completed
            ? completed.Value
            : throw new Xunit.Sdk.XunitException($"{outcome}: {outcome.Problem}");
    }

    private static string Problem<T>(ZebraIocBench bench, Func<CancellationToken, Task<Outcome<T>>> what) =>
        bench.World.Run(() => what(CancellationToken.None)).Problem ?? throw new Xunit.Sdk.XunitException("It was completed.");
}
