using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Triggering;
using Flyscan.Scanning.Units;
using Xunit;

namespace Flyscan.Tests.Scanning.Runs;

/// <summary>Lives a whole scan: decider, journal and fake hardware, with deaths where the seed says.</summary>
internal sealed class ScanRunner
{
    public const string Uid = "5b0e0a3e";

    private readonly Seeded _random;
    private readonly FakePlan _plan;
    private readonly DetectorRates _rates;
    private readonly RunSetup _setup;
    private ScanState _state = ScanState.New;
    private ScanWork _work = ScanWork.Fresh;
    private long _epoch;

    public ScanRunner(ulong seed, int outer, int inner, int atMost, double missRate = 0, FakeBeam? beam = null,
        Func<RunSetup, RunSetup>? change = null, Func<long, bool>? misses = null, params EquatableArray<RatedDetector> rated)
    {
        _random = new Seeded(seed);
        _rates = new DetectorRates(rated);
        _plan = new FakePlan(outer, inner, atMost, _rates.Group);
        Hardware = new FakeHardware(_plan, Uid, _random, missRate, _rates) { HasShutter = true, Beam = beam, Misses = misses };
        _setup = new RunSetup(
            _plan, "panda", "motion", ["z"], ["panda", "cam", .. rated.Select(r => r.Detector)], "shutter", [new EncoderCheck("x", 0.01)])
        {
            Rates = rated,
            MaxExposuresPerFrame = 100,
            ShutterPerTake = seed % 2 == 1,
            Suspenders = beam is null ? [] : [FakeBeam.Suspender],
        };
        _setup = change?.Invoke(_setup) ?? _setup;
    }

    public FakeHardware Hardware { get; }

    public List<ScanEvent> Journal { get; } = [];

    public List<ScanReply> Heard { get; } = [];

    public ScanState State => _state;

    public ScanStep Step => _work.Step;

    public Seeded Random => _random;

    /// <summary>Held by something that does not pass by itself, as beam does.</summary>
    public bool IsStanding => Step is ScanStep.Held && _state.Holds.Keys.Any(h => h != FakeBeam.Suspender.Hold);

    public void Submit() => Tell(new ScanCommand.SubmitScan(0, ++_epoch, Uid, "{}", "virtual", "run", "test"));

    /// <summary>One command through the decider; true when the process died of it (before its events were written, or with effects
    /// undone).</summary>
    public bool Tell(ScanCommand command, double deathRate = 0)
    {
        command = command with { AtNs = Math.Max(command.AtNs, Hardware.NowNs) };
        var decision = ScanDecider.Decide(_setup, _state, _work, command);
        if (_random.NextDouble() < deathRate)
            return true;
        Journal.AddRange(decision.Events);
        (_state, _work) = (decision.State, decision.Work);
        foreach (var effect in decision.Effects)
        {
            if (_random.NextDouble() < deathRate)
                return true;
            Hardware.Carry(effect);
        }
        Heard.AddRange(new[] { decision.Reply, decision.Notice }.OfType<ScanReply>());
        return false;
    }

    /// <summary>A successor folds the journal and takes over.</summary>
    public void TakeOver()
    {
        _state = Journal.Aggregate(ScanState.New, (s, e) => s.Evolve(e));
        _work = ScanWork.Fresh;
        if (_state.Uid is null)
            Submit();
        else
            Tell(new ScanCommand.TakeOver(0, ++_epoch, "second"));
    }

    /// <summary>Steps until the scan ends or stands; fails when it takes unreasonably long.</summary>
    public void Run(Func<ScanRunner, bool>? until = null)
    {
        for (var i = 0; i < 200_000; i++)
        {
            if (_state.Status is not null || IsStanding || until?.Invoke(this) == true)
                return;
            if (Hardware.Answer() is ScanCommand answer)
                Tell(answer);
        }
        Assert.Fail($"the scan hangs in {Step}; journal ends with {string.Join("\n", Journal.TakeLast(5))}");
    }

    /// <summary>Invariants 1 and 2 of the scan model, judged by what the files really hold.</summary>
    public void CheckFinished()
    {
        Assert.Equal(ScanStatus.Finished, _state.Status);
        CheckPutBack();
        var seen = new HashSet<long>();
        foreach (var committed in Journal.OfType<ScanEvent.FramesCommitted>())
        {
            for (var frame = committed.Frames.First; frame < committed.Frames.End; frame++)
                Assert.True(seen.Add(frame), $"frame {frame} was committed twice");
            foreach (var recorder in _setup.Recorders)
            {
                var rate = _rates.Of(recorder);
                var mine = committed.Extents.Where(e => e.Recorder == recorder).ToList();
                Assert.Equal(committed.Frames.Count, mine.Sum(e => e.Count));
                foreach (var e in mine)
                {
                    for (var i = 0; i < rate.Of(e.Count); i++)
                        Assert.Equal(rate.Of(e.Frame) + i, Hardware.Files[(recorder, e.Segment)][(int)(e.Position + i)]);
                    for (var i = 0; recorder == "panda" && i < e.Count; i++)
                        CheckBeam(e.Frame + i, Hardware.Exposures[e.Segment][(int)(e.Position + i)], committed.Frames);
                }
            }
        }
        Assert.Equal(_plan.Frames, seen.Count);
        Assert.Equal(_state.Committed, RangeSet.Of(new FrameRange(0, _plan.Frames)));
        Assert.Equal(Fold().Committed, _state.Committed);
    }

    /// <summary>The last part of invariant 8.</summary>
    public void CheckPutBack() => Assert.All(Hardware.Settings, s => Assert.Equal($"as the user had {s.Key}", s.Value));

    /// <summary>Invariant 3: a slow detector goes on being exposed from frame to frame of its group.</summary>
    private void CheckBeam(long frame, long startNs, FrameRange committed)
    {
        Assert.True(committed.First % _rates.Group == 0 && committed.Count % _rates.Group == 0, $"{committed} are no whole groups");
        var endNs = startNs + ((frame + 1) % _rates.Group == 0 ? FakeBeam.ExposureNs : FakeBeam.FrameNs);
        Assert.True(Hardware.Beam?.WasGood(startNs, endNs) != false, $"frame {frame}, exposed at {startNs}, had no beam");
    }

    public ScanState Fold() => Journal.Aggregate(ScanState.New, (s, e) => s.Evolve(e));
}
