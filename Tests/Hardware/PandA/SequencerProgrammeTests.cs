using Flyscan.Hardware.PandA;
using Flyscan.Hardware.PandA.Programmes;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Triggering;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Flyscan.Tests.Hardware.PandA;

public sealed class SequencerProgrammeTests
{
    private const long Ms = 1_000_000;
    private static readonly TakeMark Mark = new(0x7654321);
    private static readonly SequencerLimits Limits = new(4096, 8, true);
    private static readonly PandAEncoder X = new("x", "INENC1", 0.001, 5, "mm");
    private static readonly PandAEncoder Y = new("y", "INENC2", -0.5, 0, "mm");

    [Fact]
    public void A_window_waits_for_live_low_live_high_and_the_position_and_then_fires_behind_the_gate()
    {
        var programme = Compile(new TriggerWindow(0, true, new("x", 6.0006, true), [new(5, 10 * Ms, 11 * Ms)]));
        Assert.Equal(
            [
                new(1, SequencerTrigger.BitALow, 0, 0, Mark.Value, 0, 1), new(1, SequencerTrigger.BitAHigh, 0, 0, 0, 0, 1),
                new(1, SequencerTrigger.PositionAAtLeast, 0, 0, 1001, 0, 1), new(5, SequencerTrigger.BitBHigh, 1, 0, 0, 1_250_000, 125_000),
            ],
            programme.Rows);
        Assert.Equal(("INENC1.VAL", "ZERO", "ZERO"), (programme.Inputs[0], programme.Inputs[1], programme.Inputs[2]));
        Assert.Equal((0L, 11 * Ms, 5L, Mark), (programme.PrescaleTicks, programme.LongestPeriodNs, programme.Frames, programme.Mark));
    }

    [Fact]
    public void A_table_has_the_words_of_the_recorded_one()
    {
        // Session 72: 4 x (5 ms, 1 ms), 2 x (2 ms, 0.5 ms), OUTA in phase 1, microsecond ticks.
        SequencerRow[] rows = [new(4, 0, 1, 0, 0, 5000, 1000), new(2, 0, 1, 0, 0, 2000, 500)];
        Assert.Equal(["BAAQAAAAAACIEwAA6AMAAAIAEAAAAAAA0AcAAPQBAAA="], SequencerProgramme.Base64(SequencerLayout.Documented.Encode(rows)));
    }

    [Fact]
    public void An_encoder_that_counts_backwards_reverses_the_comparison()
    {
        var programme = Compile(new TriggerWindow(0, true, new("y", 10, true), [new(1, Ms, 2 * Ms)]));
        Assert.Equal((SequencerTrigger.PositionAAtMost, -20), (programme.Rows[2].Trigger, programme.Rows[2].Position));
    }

    [Fact]
    public void A_first_row_that_compares_positions_is_preceded_by_one_for_the_mark()
    {
        var programme = Compile(new TriggerWindow(0, false, new("x", 5, false), [new(1, Ms, 2 * Ms)]));
        Assert.Equal((SequencerTrigger.Immediate, Mark.Value), (programme.Rows[0].Trigger, programme.Rows[0].Position));
        Assert.Equal((SequencerTrigger.PositionAAtLeast, 1), (programme.Rows[1].Trigger, programme.Rows[1].Position));
        Assert.Equal((SequencerTrigger.PositionAAtMost, 0), (programme.Rows[2].Trigger, programme.Rows[2].Position));
    }

    [Fact]
    public void Long_trains_take_several_rows_and_long_exposures_a_coarser_tick()
    {
        var many = Compile(new TriggerWindow(0, false, null, [new(200_000, 8_000, 16_000)]));
        Assert.Equal([65535u, 65535u, 65535u, 3395u], many.Rows.Select(r => r.Repeats));
        var slow = Compile(new TriggerWindow(0, false, null, [new(2, 59_000 * Ms, 60_000 * Ms)]));
        Assert.Equal((125, 59_000_000u, 1_000_000u), ((int)slow.PrescaleTicks, slow.Rows[0].Time1, slow.Rows[0].Time2));
    }

    [Fact]
    public void What_the_box_cannot_hold_is_refused_with_the_reason()
    {
        Assert.Equal("the trigger programme has no windows", Refusal([]));
        Assert.Contains("has no pulses", Refusal([new(7, true, null, [])]));
        Assert.Contains("at least one pulse", Refusal([new(7, true, null, [new(1, 10, 10)])]));
        Assert.Contains("at least one pulse", Refusal([new(7, true, null, [new(0, 10 * Ms, 11 * Ms)])]));
        Assert.Contains(
            "compares axis q, which has no encoder at the box (it has: x, y)",
            Refusal([new(7, true, new("q", 1, true), [new(1, Ms, 2 * Ms)])]));
        Assert.Contains("outside the 32-bit range", Refusal([new(7, true, new("x", 3e6, true), [new(1, Ms, 2 * Ms)])]));
        Assert.Contains("would be 12000 ns off at its end", Refusal([new(7, true, null, [new(4000, 5_000, 10_005)])]));
        Assert.Contains(
            "needs 4500 rows, the sequencer's table has 4096",
            Refusal([.. Enumerable.Repeat(new TriggerWindow(0, true, null, [new(1, Ms, 2 * Ms)]), 1500)]));
        Assert.Contains("does not fit", Refusal([new(7, true, null, [new(1, Ms, long.MaxValue / 4)])]));
    }

    [Fact]
    public void Fired_counts_frames_by_row_and_repeat()
    {
        var programme = Compile(new(0, true, null, [new(5, Ms, 2 * Ms), new(3, Ms, 4 * Ms)]), new(8, true, null, [new(2, Ms, 2 * Ms)]));
        Assert.Equal(0, programme.Fired(1, 1, false));
        Assert.Equal((2, 3), (programme.Fired(3, 3, false), programme.Fired(3, 3, true)));
        Assert.Equal((5, 8), (programme.Fired(4, 1, false), programme.Fired(6, 1, true)));
        Assert.Equal(10, programme.Fired(7, 2, true));
        Assert.True(programme.IsEnd(7, 2));
    }

    [Fact]
    public void Every_table_reads_back_as_it_was_written() => Prop.ForAll<uint[]>(words =>
    {
        var rows = SequencerLayout.Documented.Decode(words);
        var whole = words[..(rows.Length * 4)];
        Assert.Equal(whole, SequencerLayout.Documented.Encode(rows));
        Assert.Equal(whole, SequencerProgramme.FromBase64(SequencerProgramme.Base64(whole)));
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Another_layout_is_honoured_and_an_unusable_one_named()
    {
        var other = new SequencerLayout(
            ["15:0 REPEATS uint", "63:60 TRIGGER enum", "127:96 POSITION int", "95:64 TIME1 uint", "159:128 TIME2 uint",
                "32:32 OUTA1 uint", "33:33 OUTA2 uint"],
            5);
        Assert.Equal([3, 0x40000001, 7, 0xffffffff, 9], other.Encode([new(3, SequencerTrigger.BitBHigh, 1, 0, -1, 7, 9)]));
        Assert.Throws<FormatException>(() => new SequencerLayout(["15:0 REPEATS uint"], 4));
        Assert.Throws<FormatException>(() => new SequencerLayout(["40:20 REPEATS uint"], 4));
    }

    private static SequencerProgramme Compile(params TriggerWindow[] windows)
    {
        var programme = SequencerProgramme.Compile(new([.. windows]), Mark, [X, Y], Limits, out var problem);
        Assert.Equal("", problem);
        return programme!;
    }

    private static string Refusal(TriggerWindow[] windows)
    {
        Assert.Null(SequencerProgramme.Compile(new([.. windows]), Mark, [X, Y], Limits, out var problem));
        return problem;
    }
}
