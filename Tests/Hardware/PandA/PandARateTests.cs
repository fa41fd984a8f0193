using Flyscan.Hardware.PandA.Simulator;
using Flyscan.Hardware.Simulation;
using Flyscan.Scanning.Planning;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Specs;
using Flyscan.Scanning.Triggering;
using Flyscan.Scanning.Units;
using Flyscan.Tests.Scanning.Planning;
using Xunit;

namespace Flyscan.Tests.Hardware.PandA;

/// <summary>Detectors at rates of their own, from the plan to the edges at the box's outputs.</summary>
public sealed class PandARateTests
{
    private const long Ms = PandABench.Ms;
    private const long LatencyNs = 8 * PandASimulator.TickNs;

    private static readonly TakeMark Mark = new(4711);

    private static readonly DetectorDescription Camera = Beamlines.Virtual.Detectors[1];

    private readonly PandABench _bench = new(adjust: s => s with
    {
        Outputs =
        [
            new("cam400", "TTLOUT2", "PULSE1", null), new("cam600", "TTLOUT3", "PULSE2", null), new("cam50", "TTLOUT4", "PULSE3", "DIV1"),
        ],
    });

    private readonly List<(long StartNs, long EndNs)>[] _exposures;

    public PandARateTests() => _exposures = [.. Enumerable.Range(1, 4).Select(n => Watch(_bench.Box.TtlOut(n)))];

    /// <summary>200 Hz frames in 20 windows of 100; detectors at 400 Hz, 600 Hz (3:1) and 50 Hz (1:4) beside them.</summary>
    [Fact]
    public void Detectors_of_200_400_600_and_50_Hz_have_every_sample_at_its_time()
    {
        var plan = Plan(frames: 2000);
        _bench.ConnectAndStage();

        Fly(plan.Compile(plan.NextTake(new FrameRange(0, plan.Frames))).Triggers, Mark);

        Assert.Equal(2000, _bench.Do(c => _bench.Driver.UnstageAsync([], c)));
        var store = Assert.Single(_bench.Stores.Stores);
        Assert.Equal(Enumerable.Range(0, 2000).Select(i => (long)i), store.Longs("sample_index"));
        var frames = _exposures[0];
        Assert.Equal(2000, frames.Count);
        // What the box captured with each frame is the frame at its output, on the capture's own clock.
        var zeroNs = frames[0].StartNs - store.Longs("timestamp_start")[0];
        for (var i = 0; i < 2000; i++)
            Assert.InRange(store.Longs("timestamp_start")[i] + zeroNs - frames[i].StartNs, -PandASimulator.TickNs, PandASimulator.TickNs);
        Matches(frames, _exposures[1], plan.FurtherOutputs[0]);
        Matches(frames, _exposures[2], plan.FurtherOutputs[1]);
        Matches(frames, _exposures[3], plan.FurtherOutputs[2]);
    }

    [Fact]
    public void A_take_that_follows_a_halt_in_mid_group_begins_with_the_first_of_a_group()
    {
        var plan = Plan(frames: 400);
        _bench.ConnectAndStage();
        var programme = plan.Compile(plan.NextTake(new FrameRange(0, plan.Frames))).Triggers;
        _bench.Do(c => _bench.Driver.LoadAsync(Mark, programme, c));
        _bench.Do(c => _bench.Driver.EnableAsync(Mark, c));
        _bench.World.RunUntil(_bench.World.NowNs + 28 * Ms);

        var halted = _bench.Do(_bench.Driver.HaltAsync);

        Assert.Equal(6, halted.Triggered);
        // The slow exposure that frame 4 began has ended, so that the detector can take the next one.
        Assert.Equal([6, 12, 18, 2], _exposures.Select(e => e.Count));
        _bench.World.RunUntil(_bench.World.NowNs + 100 * Ms);
        Assert.Equal([6, 12, 18, 2], _exposures.Select(e => e.Count));
        foreach (var exposures in _exposures)
            exposures.Clear();
        // Frame 6 is in the group of four that began with frame 4: the rewind goes there.
        var from = 6 / plan.EventGroup * plan.EventGroup;
        Fly(plan.Compile(plan.NextTake(new FrameRange(from, plan.Frames))).Triggers, new TakeMark(2));
        Assert.Equal([396, 792, 1188, 99], _exposures.Select(e => e.Count));
        Matches(_exposures[0], _exposures[3], plan.FurtherOutputs[2]);
    }

    [Fact]
    public void Without_rates_an_output_of_its_own_shows_the_frames_and_unstaging_puts_its_blocks_back()
    {
        const string asked = "PULSE1.ENABLE?\nPULSE1.TRIG?\nPULSE1.WIDTH?\nPULSE1.PULSES?\nDIV1.DIVISOR?\nDIV1.INP?\nTTLOUT2.VAL?\n";
        _bench.Ask("PULSE1.TRIG=SEQ2.OUTA\nPULSE1.WIDTH=0.5\nPULSE1.PULSES=7\nDIV1.DIVISOR=9\nTTLOUT2.VAL=PULSE1.OUT\n");
        var before = _bench.Ask(asked);
        var session = _bench.ConnectAndStage();
        Fly(PandABench.Burst(10, Ms, 2 * Ms), Mark);
        Assert.Equal([10, 10, 10, 10], _exposures.Select(e => e.Count));
        _bench.Do(c => _bench.Driver.UnstageAsync(session.Restore, c));
        Assert.Equal(before, _bench.Ask(asked));
    }

    [Fact]
    public void A_rate_without_an_output_or_a_divider_or_whole_groups_is_refused_by_name()
    {
        _bench.ConnectAndStage();
        Assert.Contains("detector other at 2 times the base rate has no output of its own", Refused("other", new(2, 1)));
        Assert.Contains("detector cam400 at 1/4 times the base rate has no DIV block", Refused("cam400", new(1, 4)));
        Assert.Contains("has 10 frames, no whole groups of 4", Refused("cam50", new(1, 4)));
    }

    private string Refused(string detector, DetectorRate rate)
    {
        var programme = PandABench.Burst(10, Ms, 2 * Ms) with { Outputs = [new FurtherOutput(detector, rate, Ms, 2 * Ms)] };
        return _bench.Problem(c => _bench.Driver.LoadAsync(Mark, programme, c));
    }

    private static ScanPlan Plan(long frames)
    {
        var beamline = Beamlines.Virtual with
        {
            Box = Beamlines.Virtual.Box with { OwnOutputs = ["cam400", "cam600", "cam50"] },
            Detectors = [.. Beamlines.Virtual.Detectors, .. new[] { "cam400", "cam600", "cam50" }.Select(n => Camera with { Name = n })],
        };
        // 5.000016 ms: a third of it is whole ticks.
        var spec = new Product(
            Planned.Line("z", 0, 1, 1), new Product(new ConstantDuration(0.005000016), new Repeat(frames)));
        return Planned.Of(spec, beamline, r => r with
        {
            Detectors = ["cam", "cam400", "cam600", "cam50"],
            Rates = [new("cam400", new(2, 1)), new("cam600", new(3, 1)), new("cam50", new(1, 4))],
        });
    }

    private void Fly(TriggerProgramme programme, TakeMark mark)
    {
        var before = _bench.Do(c => _bench.Driver.LoadAsync(mark, programme, c)).Triggered;
        _bench.Do(c => _bench.Driver.EnableAsync(mark, c));
        var done = _bench.Do(c => _bench.Driver.WaitDoneAsync(mark, programme.Windows.Sum(w => w.DurationNs), c));
        Assert.Equal(new BoxStatus(BoxPhase.Idle, mark, before + programme.Frames, null), done);
    }

    /// <summary>As many exposures as the rate says, each where its frame, or its part of one, is.</summary>
    private static void Matches(
        List<(long StartNs, long EndNs)> frames, List<(long StartNs, long EndNs)> exposures, FurtherOutput output)
    {
        var rate = output.Rate;
        Assert.Equal(frames.Count / rate.Divide * rate.Multiple, exposures.Count);
        for (var i = 0; i < exposures.Count; i++)
        {
            var frame = frames[i / rate.Multiple * rate.Divide];
            Assert.InRange(exposures[i].StartNs - frame.StartNs - i % rate.Multiple * output.PeriodNs, 0, LatencyNs);
            // The world's clock stands while an edge goes from block to block, a tick each.
            Assert.InRange(exposures[i].EndNs - exposures[i].StartNs - output.ExposureNs, 0, LatencyNs);
        }
    }

    private List<(long StartNs, long EndNs)> Watch(IBitSignal output)
    {
        var exposures = new List<(long, long)>();
        var startNs = 0L;
        output.Changed += high =>
        {
            if (high)
                startNs = _bench.World.NowNs;
            else
                exposures.Add((startNs, _bench.World.NowNs));
        };
        return exposures;
    }
}
