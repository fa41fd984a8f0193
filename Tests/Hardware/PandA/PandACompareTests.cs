using Flyscan.Hardware.PandA.Programmes;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Triggering;
using Flyscan.Scanning.Units;
using Xunit;

namespace Flyscan.Tests.Hardware.PandA;

/// <summary>Frames at equal steps of an axis, begun by the PCOMP block.</summary>
public sealed class PandACompareTests
{
    private const long Ms = PandABench.Ms;
    private static readonly TakeMark Mark = new(99);

    private readonly PandABench _bench = new(adjust: s => s with { Compare = new("PCOMP1", "LUT2") });
    private readonly List<(long AtNs, int X, int Y)> _begun = [];

    public PandACompareTests() => _bench.Box.TtlOut(1).Changed += high =>
    {
        if (high)
            _begun.Add((_bench.World.NowNs, _bench.X.At(_bench.World.NowNs), _bench.Y.At(_bench.World.NowNs)));
    };

    /// <summary>The axis x counts with its travel, y against it: four signs in all.</summary>
    [Theory]
    [InlineData("x", true, "Positive")]
    [InlineData("x", false, "Negative")]
    [InlineData("y", true, "Negative")]
    [InlineData("y", false, "Positive")]
    public void Frames_begin_at_their_places_in_both_directions_of_both_encoders(string axis, bool up, string direction)
    {
        _bench.ConnectAndStage();
        var row = Row(axis, up);
        _bench.Do(c => _bench.Driver.LoadAsync(Mark, new TriggerProgramme([row]), c));
        Assert.Equal(
            $"OK ={direction}\nOK =100\nOK =10\nOK =1\n",
            _bench.Ask("PCOMP1.DIR?\nPCOMP1.STEP?\nPCOMP1.PULSES?\nPCOMP1.PRE_START?\n"));
        Assert.Equal("OK =12\n", _bench.Ask("SEQ1.TABLE.LENGTH?\n"));
        _bench.Do(c => _bench.Driver.EnableAsync(Mark, c));
        // 6 mm is count 1000 of x, -6000 of y.
        Fly(axis, up, _bench.World.NowNs + 10 * Ms, 1200 * Ms);

        var done = _bench.Do(c => _bench.Driver.WaitDoneAsync(Mark, 1300 * Ms, c));

        Assert.Equal(new BoxStatus(BoxPhase.Idle, Mark, 10, null), done);
        var (first, step) = axis == "x" ? (up ? 1000 : 2000, up ? 100 : -100) : (up ? -6000 : -7000, up ? -100 : 100);
        var places = Enumerable.Range(0, 10).Select(i => first + step * i);
        Assert.Equal(10, _begun.Count);
        Assert.All(places.Zip(_begun), p => Assert.InRange(Math.Abs(p.First - (axis == "x" ? p.Second.X : p.Second.Y)), 0, 1));
        Assert.Equal(10, _bench.Do(c => _bench.Driver.UnstageAsync([], c)));
        Assert.All(_bench.Stores.Stores[0].Longs("gate_duration"), ns => Assert.Equal(10 * Ms, ns));
    }

    [Fact]
    public void Windows_alike_are_one_programme_and_the_way_back_makes_no_frame()
    {
        _bench.ConnectAndStage();
        _bench.Do(c => _bench.Driver.LoadAsync(Mark, new TriggerProgramme([Row("x", true), Row("x", true) with { FirstFrame = 10 }]), c));
        _bench.Do(c => _bench.Driver.EnableAsync(Mark, c));
        var start = _bench.World.NowNs + 10 * Ms;
        _bench.X.Move((start, 900), (start + 1200 * Ms, 2100), (start + 1500 * Ms, 900), (start + 2700 * Ms, 2100));
        Assert.Equal(20, _bench.Do(c => _bench.Driver.WaitDoneAsync(Mark, 2800 * Ms, c)).Triggered);
        Assert.Equal(_begun.Take(10).Select(b => b.X), _begun.Skip(10).Select(b => b.X));
    }

    [Fact]
    public void A_jump_of_the_encoder_fails_the_take_by_name_and_keeps_what_was_captured()
    {
        _bench.ConnectAndStage();
        _bench.Do(c => _bench.Driver.LoadAsync(Mark, new TriggerProgramme([Row("x", true)]), c));
        _bench.Do(c => _bench.Driver.EnableAsync(Mark, c));
        var start = _bench.World.NowNs;
        _bench.X.Move((start, 900), (start + 350 * Ms, 1250), (start + 350 * Ms + 1, 1650), (start + 800 * Ms, 2100));

        var status = _bench.Do(c => _bench.Driver.WaitDoneAsync(Mark, 1300 * Ms, c));

        Assert.Equal((BoxPhase.Faulted, 3), (status.Phase, status.Triggered));
        Assert.Equal("PCOMP1: Position jumped by more than STEP, after 3 pulses of the window", status.Fault);
        // The next programme waits for its window and is not blamed for it.
        var next = new TakeMark(100);
        _bench.Do(c => _bench.Driver.LoadAsync(next, new TriggerProgramme([Row("x", true) with { WaitForLive = true }]), c));
        Assert.Null(_bench.Do(c => _bench.Driver.EnableAsync(next, c)).Fault);
        Assert.Equal((BoxPhase.Waiting, null), _bench.Do(_bench.Driver.GetBoxStatusAsync) is var now ? (now.Phase, now.Fault) : default);
        Assert.Null(_bench.Do(_bench.Driver.HaltAsync).Fault);
        Assert.Equal(3, _bench.Do(c => _bench.Driver.UnstageAsync([], c)));
    }

    [Fact]
    public void Closing_the_gate_ends_after_a_whole_exposure_and_the_rest_is_a_programme_of_its_own()
    {
        _bench.ConnectAndStage();
        _bench.Do(c => _bench.Driver.LoadAsync(Mark, new TriggerProgramme([Row("x", true)]), c));
        _bench.Do(c => _bench.Driver.EnableAsync(Mark, c));
        var start = _bench.World.NowNs;
        _bench.X.Move((start, 900), (start + 1200 * Ms, 2100), (start + 1500 * Ms, 1250), (start + 2500 * Ms, 2100));
        _bench.World.RunUntil(start + 405 * Ms);
        Assert.Equal(new BoxStatus(BoxPhase.Idle, Mark, 4, null), _bench.Do(_bench.Driver.HaltAsync));
        _bench.World.RunUntil(start + 1500 * Ms);
        Assert.Equal(4, _begun.Count);
        var next = new TakeMark(100);
        _bench.Do(c => _bench.Driver.LoadAsync(next, new TriggerProgramme([Row("x", true, from: 4)]), c));
        _bench.Do(c => _bench.Driver.EnableAsync(next, c));
        Assert.Equal(10, _bench.Do(c => _bench.Driver.WaitDoneAsync(next, 1100 * Ms, c)).Triggered);
        Assert.Equal(Enumerable.Range(0, 10).Select(i => 1000 + 100 * i), _begun.Select(b => (b.X + 5) / 10 * 10));
    }

    [Fact]
    public void An_axis_that_begins_beyond_the_start_makes_no_frame_and_is_named()
    {
        _bench.ConnectAndStage();
        _bench.Do(c => _bench.Driver.LoadAsync(Mark, new TriggerProgramme([Row("x", true)]), c));
        _bench.X.Move((_bench.World.NowNs, 1000), (_bench.World.NowNs + 1200 * Ms, 2200));
        _bench.World.RunUntil(_bench.World.NowNs + Ms);
        _bench.Do(c => _bench.Driver.EnableAsync(Mark, c));
        Assert.Contains("the end of the sequence", _bench.Problem(c => _bench.Driver.WaitDoneAsync(Mark, 1300 * Ms, c)));
        Assert.Empty(_begun);
    }

    [Fact]
    public void Where_a_plain_compare_is_not_enough_the_sequencer_compares()
    {
        var encoders = _bench.Settings.Encoders;
        var row = Row("x", true);
        string Why(params TriggerWindow[] windows) =>
            CompareProgramme.Of(new([.. windows]), encoders, out var problem) is null ? problem : "it can";
        Assert.Equal("it can", Why(row));
        Assert.Equal(
            "the window at frame 0 has other places than the one at frame 0, and a compare is set once for all windows",
            Why(row, Row("x", false)));
        Assert.Equal(
            "frame 1 begins at count 1100 of x, and equal steps of 96 from 1033 would have it begin at 1129",
            Why(row with { DelayNs = 50 * Ms }));
        Assert.Equal("the window at frame 0 does not begin by position", Why(row with { Compare = null }));
        Assert.Equal(
            "frame 3 begins at count 1350 of x, and equal steps of 100 from 1000 would have it begin at 1300",
            Why(With(row, 3, t => t with { At = 6.35 })));
        Assert.Equal(
            "the window at frame 0 has exposures of different lengths", Why(With(row, 3, t => t with { ExposureNs = 5 * Ms })));
        Assert.Equal("the window at frame 0 has frames by time", Why(With(row, 3, t => t with { At = null })));
        Assert.Equal(
            "the window at frame 0 compares axis z, which has no encoder at the box", Why(row with { Compare = new("z", 6, true) }));
        Assert.Equal("the window at frame 0 has no second frame by position", Why(row with { Trains = [row.Trains[0]] }));
        Assert.Equal("there are none", Why());
        // Against its own direction the compare would be past all its places at once.
        Assert.Equal("x travels against the steps of its frames from frame 0 on", Why(row with { Compare = new("x", 6, false) }));
    }

    /// <summary>As the planner has it: 10 ms of a frame of 100 ms before each exposure are a tenth of its way.</summary>
    [Fact]
    public void Exposures_in_the_middle_of_their_frames_begin_at_their_places_the_first_as_all_others()
    {
        var row = Row("x", true);
        var late = row with
        {
            DelayNs = 10 * Ms,
            Trains = row.Trains.Select(t => t with { At = t.At + 0.01 }).ToEquatableArray(),
        };
        var compare = CompareProgramme.Of(new([late]), _bench.Settings.Encoders, out var problem);
        Assert.Equal("", problem);
        Assert.Equal((1010, 100, 10), (compare!.Start, compare.Step, compare.Pulses));
        Assert.Equal(0, compare.Led(new([late]), new("PCOMP1", "LUT2")).Windows[0].DelayNs);
    }

    [Fact]
    public void Where_only_the_block_may_begin_frames_it_refuses_by_name_what_it_cannot()
    {
        var bench = new PandABench(adjust: s => s with { Compare = new("PCOMP1", "LUT2", IsOnly: true) });
        bench.ConnectAndStage();
        Assert.Equal(
            "refused: panda: PCOMP1 cannot begin these frames: frame 3 begins at count 1350 of x, and equal steps of 100 from 1000 "
                + "would have it begin at 1300. Without position-compare.only the sequencer compares, two rows a frame",
            bench.Problem(c => bench.Driver.LoadAsync(
                Mark, new TriggerProgramme([With(Row("x", true), 3, t => t with { At = 6.35 })]), c)));
        // Frames by time are none of its business, and those that it can begin are loaded.
        bench.Do(c => bench.Driver.LoadAsync(Mark, PandABench.Burst(10), c));
        bench.Do(c => bench.Driver.LoadAsync(new TakeMark(100), new TriggerProgramme([Row("x", true)]), c));
        Assert.Equal("OK =1000\n", bench.Ask("PCOMP1.START?\n"));
    }

    private static TriggerWindow With(TriggerWindow row, int at, Func<PulseTrain, PulseTrain> change) =>
        row with { Trains = row.Trains.Select((t, i) => i == at ? change(t) : t).ToEquatableArray() };

    private void Fly(string axis, bool up, long start, long lastsNs)
    {
        if (axis == "x")
            _bench.X.Move((start, up ? 900 : 2100), (start + lastsNs, up ? 2100 : 900));
        else
            _bench.Y.Move((start, up ? -5900 : -7100), (start + lastsNs, up ? -7100 : -5900));
        _bench.World.RunUntil(start);
    }

    /// <summary>Ten frames of 0.1 mm from 6 mm on, or back from 7 mm.</summary>
    private static TriggerWindow Row(string axis, bool up, int from = 0)
    {
        double At(int i) => Math.Round(up ? 6.0 + 0.1 * i : 7.0 - 0.1 * i, 6);
        var trains = Enumerable.Range(from, 10 - from)
            .Select(i => new PulseTrain(1, 10 * Ms, 100 * Ms) { At = i == from ? null : At(i) });
        return new TriggerWindow(from, false, new PositionCompare(axis, At(from), up), trains.ToEquatableArray());
    }
}
