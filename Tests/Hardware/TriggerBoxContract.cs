using Flyscan.Hardware.Contracts;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Triggering;
using Flyscan.Scanning.Units;
using Flyscan.Tests.Hardware.PandA;
using Xunit;

namespace Flyscan.Tests.Hardware;

/// <summary>A box under test on one virtual clock: what every <see cref="ITriggerBox"/> is judged with.</summary>
internal interface ITriggerBoxBench
{
    FakeWorld World { get; }

    TestFrameStores Stores { get; }

    /// <summary>The driver, not connected at first.</summary>
    ITriggerBox Driver { get; }

    /// <summary>The level that detectors see.</summary>
    bool Output { get; }

    /// <summary>Every edge of that level.</summary>
    IReadOnlyList<(long AtNs, bool High)> Edges { get; }

    /// <summary>Another driver for the same box, as a process that comes after has one; it becomes <see cref="Driver"/>.</summary>
    ITriggerBox NewDriver();

    /// <summary>The connection breaks; the box goes on.</summary>
    void Cut();

    /// <summary>The box can no longer take part: its capture is over, its buffer full, its output stuck. Names what the fault must
    /// say.</summary>
    string Break();
}

/// <summary>What a trigger box must do, whatever it is. Derive, say how the bench is made, and every fact here is asked of it.</summary>
/// <remarks>Programmes are bursts of equal frames, which any box can do.</remarks>
public abstract class TriggerBoxContract
{
    private const long Ms = 1_000_000;
    private const long ExposureNs = 10 * Ms;

    // A box may begin its first pulse a tick of its clock earlier than those that follow from its table.
    private const long TickNs = 8;
    private const long PeriodNs = 11 * Ms;
    private static readonly TakeMark Mark = new(0x2345_6789);

    private protected abstract ITriggerBoxBench NewBench();

    [Fact]
    public void Arming_is_proved_by_the_box_and_not_assumed()
    {
        var bench = NewBench();
        Assert.NotNull(Problem(bench, c => bench.Driver.ArmAsync(10, c)));
        Do(bench, bench.Driver.ConnectAsync);
        Assert.NotNull(Problem(bench, c => bench.Driver.ArmAsync(10, c)));
        var session = Stage(bench);
        Load(bench, Mark, 10);
        var armed = Do(bench, c => bench.Driver.ArmAsync(10, c));
        Assert.Equal((session.Session, true, 0L, null), (armed.Session, armed.Accepting, armed.Acquired, armed.Fault));
        Assert.Empty(bench.Edges);
    }

    [Fact]
    public void Nothing_is_triggered_before_the_handover()
    {
        var bench = Staged();
        Assert.Equal(new BoxStatus(BoxPhase.Idle, Mark, 0, null), Load(bench, Mark, 10));
        bench.World.RunUntil(bench.World.NowNs + 1000 * Ms);
        Assert.Empty(bench.Edges);
        Assert.Equal((BoxPhase.Idle, Mark), Do(bench, bench.Driver.GetBoxStatusAsync) is var idle ? (idle.Phase, idle.Mark) : default);
    }

    [Fact]
    public void Enabling_returns_when_the_box_waits_or_runs()
    {
        var bench = Staged();
        Load(bench, Mark, 10);
        var status = Do(bench, c => bench.Driver.EnableAsync(Mark, c));
        Assert.Contains(status.Phase, new[] { BoxPhase.Waiting, BoxPhase.Running });
        Assert.Equal((Mark, null), (status.Mark, status.Fault));
    }

    [Fact]
    public void What_is_not_loaded_or_was_enabled_is_not_enabled()
    {
        var bench = Staged();
        Load(bench, Mark, 10);
        Assert.Contains("refused", Problem(bench, c => bench.Driver.EnableAsync(new TakeMark(7), c)));
        Do(bench, c => bench.Driver.EnableAsync(Mark, c));
        Assert.Contains("refused", Problem(bench, c => bench.Driver.EnableAsync(Mark, c)));
    }

    [Fact]
    public void Every_frame_has_its_exposure_and_its_row()
    {
        var bench = Staged();
        Run(bench, Mark, 10, before: 0);
        Assert.Equal(20, bench.Edges.Count);
        Assert.All(bench.Edges.Chunk(2), e => Assert.True(e[0].High));
        Assert.All(bench.Edges.Chunk(2), e => Assert.InRange(e[1].AtNs - e[0].AtNs, ExposureNs, ExposureNs + TickNs));
        Assert.All(
            bench.Edges.Where(e => e.High).Zip(bench.Edges.Where(e => e.High).Skip(1)),
            pair => Assert.InRange(pair.Second.AtNs - pair.First.AtNs, PeriodNs, PeriodNs + TickNs));
        Close(bench, 10);
        Rows(bench, 0, 10);
    }

    [Fact]
    public void Progress_is_told_while_it_flies_and_at_once_when_it_is_watched_for()
    {
        var bench = Staged();
        var told = new List<(long Frames, long AtNs)>();
        bench.Driver.Recorded += frames => told.Add((frames, bench.World.NowNs));
        bench.Driver.WatchFor(100);
        Load(bench, Mark, 100);
        var began = bench.World.NowNs;
        Do(bench, c => bench.Driver.EnableAsync(Mark, c));
        bench.World.RunUntil(began + 550 * Ms);
        var status = Do(bench, bench.Driver.GetBoxStatusAsync);
        Assert.Equal(BoxPhase.Running, status.Phase);
        Assert.InRange(status.Triggered, 48, 51);
        Assert.InRange(Do(bench, bench.Driver.FlushAsync).Recorded, 45, 51);
        Do(bench, c => bench.Driver.WaitDoneAsync(Mark, 551 * Ms, c));
        bench.World.RunUntil(bench.World.NowNs + 500 * Ms);
        var whole = told.First(t => t.Frames == 100);
        Assert.InRange(whole.AtNs - began, 100 * PeriodNs - PeriodNs, 100 * PeriodNs + 100 * Ms);
        Assert.Equal(told.Select(t => t.Frames).Order(), told.Select(t => t.Frames));
    }

    [Fact]
    public void Stopped_in_mid_take_it_ends_after_an_exposure_and_its_count_is_exact()
    {
        var bench = Staged();
        Load(bench, Mark, 100);
        Do(bench, c => bench.Driver.EnableAsync(Mark, c));
        bench.World.RunUntil(bench.World.NowNs + 36 * Ms);
        var halted = Do(bench, bench.Driver.HaltAsync);
        Assert.Equal((BoxPhase.Idle, Mark, null), (halted.Phase, halted.Mark, halted.Fault));
        var fired = bench.Edges.Count / 2;
        Assert.Equal(fired, halted.Triggered);
        Assert.All(bench.Edges.Chunk(2), e => Assert.InRange(e[1].AtNs - e[0].AtNs, ExposureNs, ExposureNs + TickNs));
        bench.World.RunUntil(bench.World.NowNs + 1000 * Ms);
        Assert.Equal(2 * fired, bench.Edges.Count);
        Close(bench, fired);
        Rows(bench, 0, fired);
    }

    [Fact]
    public void From_frame_k_it_goes_on_in_the_same_session()
    {
        var bench = Staged();
        Load(bench, Mark, 20);
        Do(bench, c => bench.Driver.EnableAsync(Mark, c));
        bench.World.RunUntil(bench.World.NowNs + 36 * Ms);
        var k = Do(bench, bench.Driver.HaltAsync).Triggered;
        Assert.InRange(k, 3, 5);
        Load(bench, new TakeMark(8), (int)(20 - k));
        Assert.Equal(k, Do(bench, c => bench.Driver.ArmAsync(20 - k, c)).Acquired);
        Do(bench, c => bench.Driver.EnableAsync(new TakeMark(8), c));
        Assert.Equal(20, Do(bench, c => bench.Driver.WaitDoneAsync(new TakeMark(8), (20 - k) * PeriodNs, c)).Triggered);
        Assert.Equal(40, bench.Edges.Count);
        Close(bench, 20);
        Rows(bench, 0, 20);
    }

    [Fact]
    public void A_wait_that_is_given_up_leaves_the_take_running()
    {
        var bench = Staged();
        Load(bench, Mark, 50);
        Do(bench, c => bench.Driver.EnableAsync(Mark, c));
        using var cancel = new CancellationTokenSource();
        bench.World.At(bench.World.NowNs + 100 * Ms, cancel.Cancel);
        Assert.IsType<Outcome<BoxStatus>.Cancelled>(bench.World.Run(() => bench.Driver.WaitDoneAsync(Mark, 550 * Ms, cancel.Token)));
        Assert.Equal(BoxPhase.Running, Do(bench, bench.Driver.GetBoxStatusAsync).Phase);
        Assert.Equal(50, Do(bench, c => bench.Driver.WaitDoneAsync(Mark, 450 * Ms, c)).Triggered);
    }

    [Fact]
    public void Made_safe_its_output_is_low_and_stays_low()
    {
        var bench = Staged();
        Load(bench, Mark, 100);
        Do(bench, c => bench.Driver.EnableAsync(Mark, c));
        bench.World.RunUntil(bench.World.NowNs + 5 * Ms);
        Assert.True(bench.Output);
        Do(bench, bench.Driver.MakeSafeAsync);
        Assert.False(bench.Output);
        var edges = bench.Edges.Count;
        bench.World.RunUntil(bench.World.NowNs + 1000 * Ms);
        Assert.Equal(edges, bench.Edges.Count);
    }

    [Fact]
    public void A_fault_names_the_box_and_what_is_wrong()
    {
        var bench = Staged();
        var saying = bench.Break();
        var problem = Problem(bench, c => bench.Driver.ArmAsync(10, c));
        Assert.Contains(bench.Driver.Name, problem);
        Assert.Contains(saying, problem);
    }

    [Fact]
    public void A_loss_is_told_once_and_it_connects_again()
    {
        var bench = Staged();
        var losses = new List<string>();
        bench.Driver.Lost += losses.Add;
        Run(bench, Mark, 10, before: 0);
        var session = Do(bench, bench.Driver.GetStatusAsync).Session!;
        bench.Cut();
        bench.World.RunUntil(bench.World.NowNs + Ms);
        Assert.StartsWith(bench.Driver.Name + ": ", Assert.Single(losses));
        Assert.NotNull(Problem(bench, bench.Driver.GetBoxStatusAsync));

        Do(bench, bench.Driver.ConnectAsync);
        Assert.Equal(bench.Driver.WritesHere, bench.Driver.HoldsSession(session));
        var adopted = Do(bench, c => bench.Driver.AdoptAsync(Staging(2), session, 0, c));
        Assert.Equal((session, false), (adopted!.Session.Session, adopted.NewSegment));
        Assert.Equal((BoxPhase.Idle, Mark), Do(bench, bench.Driver.GetBoxStatusAsync) is var idle ? (idle.Phase, idle.Mark) : default);
        Run(bench, new TakeMark(8), 5, before: 10);
        Close(bench, 15);
        Rows(bench, 0, 15);
        Assert.Single(losses);
    }

    [Fact]
    public void A_loss_in_flight_costs_named_frames_and_shifts_none()
    {
        var bench = Staged();
        var session = Do(bench, bench.Driver.GetStatusAsync).Session!;
        Load(bench, Mark, 40);
        Do(bench, c => bench.Driver.EnableAsync(Mark, c));
        bench.World.RunUntil(bench.World.NowNs + 100 * Ms);
        bench.Cut();
        bench.World.RunUntil(bench.World.NowNs + 50 * Ms);
        Do(bench, bench.Driver.ConnectAsync);
        Assert.NotNull(Do(bench, c => bench.Driver.AdoptAsync(Staging(2), session, 0, c)));
        Assert.Equal(40, Do(bench, c => bench.Driver.WaitDoneAsync(Mark, 290 * Ms, c)).Triggered);
        var status = Do(bench, bench.Driver.FlushAsync);
        var missed = RangeSet.Of(status.Missed);
        Assert.Equal(40, status.Recorded + missed.Count);
        var rows = bench.Stores.Stores.SelectMany(Identities).ToList();
        Assert.Equal(RangeSet.Of(new FrameRange(0, 40)).Subtract(missed.Ranges), RangeSet.Of(rows.Select(r => new FrameRange(r, r + 1))));
    }

    [Fact]
    public void Another_process_adopts_the_session_or_is_told_that_it_is_gone()
    {
        var bench = Staged();
        var session = Do(bench, bench.Driver.GetStatusAsync).Session!;
        Run(bench, Mark, 10, before: 0);
        bench.Cut();
        bench.World.RunUntil(bench.World.NowNs + Ms);
        var heir = bench.NewDriver();
        Do(bench, heir.ConnectAsync);
        Assert.False(heir.HoldsSession(session));
        Assert.Equal(Mark, Do(bench, heir.GetBoxStatusAsync).Mark);
        if (Do(bench, c => heir.AdoptAsync(Staging(2), session, 10, c)) is { } adopted)
        {
            // A file that another process writes goes on.
            var isNew = heir.WritesHere;
            Assert.Equal((session, isNew, isNew ? 10L : 0), (adopted.Session.Session, adopted.NewSegment, adopted.FirstPosition));
            Run(bench, new TakeMark(8), 5, before: 10);
            Assert.Equal(isNew ? 5 : 15, Do(bench, c => heir.UnstageAsync([], c)));
        }
        else
        {
            Do(bench, c => heir.StageAsync(Staging(2), c));
            Run(bench, new TakeMark(8), 5, before: 0);
            Assert.Equal(5, Do(bench, c => heir.UnstageAsync([], c)));
        }
    }

    [Fact]
    public void Each_segment_says_which_trigger_a_row_is_of_and_when_it_began()
    {
        var bench = NewBench();
        Do(bench, bench.Driver.ConnectAsync);
        var session = Stage(bench);
        Assert.Single(session.Segment.Datasets, d => d.Role == "identity");
        Assert.Contains(session.Segment.Datasets, d => d.Role == "timestamp");
        Run(bench, Mark, 5, before: 0);
        var stamp = session.Segment.Datasets.First(d => d.Role == "timestamp");
        var unitNs = stamp.Unit == "s" ? 1e9 : 1;
        var starts = bench.Stores.Stores[0].Numbers(stamp.Path).Select(t => t * unitNs).ToList();
        Assert.All(starts.Zip(starts.Skip(1)), pair => Assert.Equal(PeriodNs, pair.Second - pair.First, 0.01));
    }

    private protected static RecorderStaging Staging(int segment) =>
        new("scan", 1, "/runs/scan", segment, ExposureNs, 1000, ["cam"]);

    private ITriggerBoxBench Staged()
    {
        var bench = NewBench();
        Do(bench, bench.Driver.ConnectAsync);
        Stage(bench);
        return bench;
    }

    private static RecorderSession Stage(ITriggerBoxBench bench) => Do(bench, c => bench.Driver.StageAsync(Staging(1), c));

    private static BoxStatus Load(ITriggerBoxBench bench, TakeMark mark, int frames) => Do(bench, c => bench.Driver.LoadAsync(
        mark, new TriggerProgramme([new TriggerWindow(0, false, null, [new PulseTrain(frames, ExposureNs, PeriodNs)])]), c));

    private static void Run(ITriggerBoxBench bench, TakeMark mark, int frames, long before)
    {
        Load(bench, mark, frames);
        Do(bench, c => bench.Driver.EnableAsync(mark, c));
        Assert.Equal(
            new BoxStatus(BoxPhase.Idle, mark, before + frames, null),
            Do(bench, c => bench.Driver.WaitDoneAsync(mark, frames * PeriodNs, c)));
    }

    private static void Close(ITriggerBoxBench bench, long frames)
    {
        Assert.Equal(frames, Do(bench, bench.Driver.FlushAsync).Recorded);
        Assert.Equal(frames, Do(bench, c => bench.Driver.UnstageAsync([], c)));
    }

    private static void Rows(ITriggerBoxBench bench, long first, long count)
    {
        var store = Assert.Single(bench.Stores.Stores);
        Assert.Equal(Enumerable.Range((int)first, (int)count).Select(i => (long)i), Identities(store));
    }

    /// <summary>Which triggers the rows are of, by the dataset that each kind of file has for that.</summary>
    private static IEnumerable<long> Identities(TestFrameStores.Store store)
    {
        var path = store.Segment.Datasets.Select(d => d.Path)
            .Single(p => p.Split('/')[^1] is "sample_index" or "frame_number" or "COUNTER8.OUT.Value");
        return store.Numbers(path).Select(n => (long)n);
    }

    private static T Do<T>(ITriggerBoxBench bench, Func<CancellationToken, Task<Outcome<T>>> what)
    {
        var outcome = bench.World.Run(() => what(CancellationToken.None));
        return outcome is Outcome<T>.Completed completed
            ? completed.Value
            : throw new Xunit.Sdk.XunitException($"{outcome}: {outcome.Problem}");
    }

    private static string Problem<T>(ITriggerBoxBench bench, Func<CancellationToken, Task<Outcome<T>>> what) =>
        bench.World.Run(() => what(CancellationToken.None)).Problem ?? throw new Xunit.Sdk.XunitException("It was completed.");
}
