using Flyscan.Hardware.PandA.Simulator;
using Flyscan.Scanning.Planning;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Triggering;
using Flyscan.Scanning.Units;
using Flyscan.Tests.Scanning.Planning;
using Xunit;

namespace Flyscan.Tests.Hardware.PandA;

/// <summary>Frames that a detector begins by itself, inside a gate of the simulated box.</summary>
public sealed class PandAFollowTests
{
    private const long Ms = PandABench.Ms;
    private const long LatencyNs = 8 * PandASimulator.TickNs;

    private static readonly TakeMark Mark = new(31);

    private readonly PandABench _bench = new(adjust: s => s with { Followed = [new("cam", "TTLIN2.VAL", "LUT1")] });
    private readonly TestBit _pulse = new();
    private readonly List<long> _frames = [];
    private readonly List<(long AtNs, bool Open)> _gates = [];
    private long _ownPeriodNs = 2 * Ms;
    private bool _running;

    public PandAFollowTests()
    {
        _bench.Box.WireTtlIn(2, _pulse);
        _bench.Box.TtlOut(1).Changed += open =>
        {
            _gates.Add((_bench.World.NowNs, open));
            if (open && !_running)
                Run(1000);
        };
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    [InlineData(-100)]
    public void Each_window_has_as_many_frames_as_planned_at_the_detector_s_own_times(int clockErrorPpm)
    {
        _ownPeriodNs += _ownPeriodNs * clockErrorPpm / 1_000_000;
        _bench.ConnectAndStage();
        var plan = Plan();
        var programme = plan.Compile(plan.NextTake(new FrameRange(0, plan.Frames))).Triggers;
        Assert.Equal("cam", programme.FramesBy);

        _bench.Do(c => _bench.Driver.LoadAsync(Mark, programme, c));
        _bench.Do(c => _bench.Driver.EnableAsync(Mark, c));
        Fly(programme);
        var done = _bench.Do(c => _bench.Driver.WaitDoneAsync(Mark, 0, c));

        Assert.Equal(new BoxStatus(BoxPhase.Idle, Mark, 30, null), done);
        Assert.Equal(30, _frames.Count);
        Assert.Equal([true, false, true, false, true, false], _gates.Select(g => g.Open));
        _bench.World.RunUntil(_bench.World.NowNs + 100 * Ms);
        Assert.Equal(30, _frames.Count);
        Assert.Equal(30, _bench.Do(c => _bench.Driver.UnstageAsync([], c)));
        var store = Assert.Single(_bench.Stores.Stores);
        var starts = store.Longs("timestamp_start");
        Assert.Equal(Enumerable.Range(0, 30).Select(i => (long)i), store.Longs("sample_index"));
        for (var i = 1; i < 30; i++)
            Assert.InRange(starts[i] - starts[0] - (_frames[i] - _frames[0]), -LatencyNs, LatencyNs);
        Assert.All(store.Longs("gate_duration"), ns => Assert.Equal(plan.ExposureNs, ns));
    }

    [Fact]
    public void A_halt_closes_the_gate_after_a_whole_frame_and_the_detector_takes_no_other()
    {
        _bench.ConnectAndStage();
        var plan = Plan();
        _bench.Do(c => _bench.Driver.LoadAsync(Mark, plan.Compile(new FrameRange(0, 10)).Triggers, c));
        _bench.Do(c => _bench.Driver.EnableAsync(Mark, c));
        Live();
        _bench.X.Move((_bench.World.NowNs, 0), (_bench.World.NowNs + 60_000 * Ms, 60_000));
        var begun = _bench.World.NowNs;
        while (_frames.Count < 4)
            _bench.World.RunUntil(begun += Ms / 4);

        var halted = _bench.Do(_bench.Driver.HaltAsync);

        _bench.World.RunUntil(_bench.World.NowNs + 100 * Ms);
        Assert.InRange(_frames.Count, 4, 5);
        Assert.Equal(new BoxStatus(BoxPhase.Idle, Mark, _frames.Count, null), halted);
        Assert.Equal(_frames.Count, _bench.Do(c => _bench.Driver.UnstageAsync([], c)));
        Assert.All(_bench.Stores.Stores[0].Longs("gate_duration"), ns => Assert.Equal(plan.ExposureNs, ns));
    }

    [Fact]
    public void The_next_programme_has_its_output_back_and_unstaging_puts_the_gate_s_block_back()
    {
        const string asked = "LUT1.FUNC?\nLUT1.INPA?\nLUT1.INPB?\nSEQ1.BITC?\nTTLOUT1.VAL?\n";
        _bench.Ask("LUT1.FUNC=A|B\nLUT1.INPA=TTLIN5.VAL\nTTLOUT1.VAL=LUT1.OUT\n");
        var before = _bench.Ask(asked);
        var session = _bench.ConnectAndStage();
        _bench.Do(c => _bench.Driver.LoadAsync(Mark, Plan().Compile(new FrameRange(0, 10)).Triggers, c));
        _bench.Do(c => _bench.Driver.LoadAsync(Mark, PandABench.Burst(5, Ms, 2 * Ms), c));
        _running = true;
        _bench.Do(c => _bench.Driver.EnableAsync(Mark, c));
        Assert.Equal(5, _bench.Do(c => _bench.Driver.WaitDoneAsync(Mark, 10 * Ms, c)).Triggered);
        Assert.Equal(10, _gates.Count);
        _bench.Do(c => _bench.Driver.UnstageAsync(session.Restore, c));
        Assert.Equal(before, _bench.Ask(asked));
    }

    [Fact]
    public void A_detector_that_the_box_cannot_see_is_refused_by_name()
    {
        _bench.ConnectAndStage();
        Assert.Contains("detector other begins the frames, and the box cannot see them", _bench.Problem(c => _bench.Driver.LoadAsync(
            Mark, PandABench.Burst(5, Ms, 2 * Ms) with { FramesBy = "other" }, c)));
    }

    private static ScanPlan Plan() => Planned.Of(
        Planned.Grid(3, 10, 0.002, width: 1), FrameTriggerTests.Beamline,
        r => r with { FrameTrigger = FrameTrigger.Detector, WindowTrigger = WindowTrigger.SetPoint, Detectors = ["cam"] });

    /// <summary>Live for each window, as long as its frames may take.</summary>
    private void Fly(TriggerProgramme programme)
    {
        foreach (var window in programme.Windows)
        {
            Live();
            _bench.World.RunUntil(_bench.World.NowNs + window.FramesNs + Ms);
            _bench.Live.Set(false);
        }
    }

    private void Live()
    {
        _bench.Live.Set(false);
        _bench.World.RunUntil(_bench.World.NowNs + 5 * Ms);
        _bench.Live.Set(true);
    }

    /// <summary>Frame after frame while the gate is open, by its own clock, from when it has seen the gate.</summary>
    private void Run(long afterNs)
    {
        _running = true;
        _bench.World.At(_bench.World.NowNs + afterNs, () =>
        {
            _running = _bench.Box.TtlOut(1).Value;
            if (!_running)
                return;
            _frames.Add(_bench.World.NowNs);
            _pulse.Set(true);
            _bench.World.At(_bench.World.NowNs + 1_800_000, () => _pulse.Set(false));
            Run(_ownPeriodNs);
        });
    }
}
