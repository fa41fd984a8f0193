using Flyscan.Scanning.Planning;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Triggering;
using Flyscan.Scanning.Units;
using Xunit;

namespace Flyscan.Tests.Scanning.Runs;

/// <summary>Detectors at rates of their own, through whole scans with everything that can happen to them.</summary>
public sealed class MultiRateTests
{
    private static readonly RatedDetector[][] Sets =
    [
        [new("fast", new(2, 1)), new("slow", new(1, 4))],
        [new("faster", new(3, 1))],
        [new("slow", new(1, 3))],
        [new("slow", new(1, 2)), new("slower", new(1, 3)), new("faster", new(5, 1))],
    ];

    [Fact]
    public void Every_frame_and_every_one_of_each_detector_is_committed_once()
    {
        for (var seed = 0; seed < 200; seed++)
            Named(seed, runner =>
            {
                runner.Submit();
                runner.Run();
                runner.CheckFinished();
                Assert.Equal(0, runner.State.Rewinds);
            });
    }

    [Fact]
    public void Each_detector_is_armed_for_its_own_number_of_frames()
    {
        var runner = new ScanRunner(1, 1, 24, 24, rated: [.. Sets[0]]);
        var armed = new Dictionary<string, long>();
        runner.Hardware.Armed = e => armed[e.Recorder] = e.Frames;
        runner.Submit();
        runner.Run();
        Assert.Equal(
            [new("cam", 24), new("fast", 48), new("panda", 24), new("slow", 6)], armed.OrderBy(a => a.Key, StringComparer.Ordinal));
        var unstaged = Assert.Single(runner.Journal.OfType<ScanEvent.Unstaged>());
        Assert.Equal(armed.OrderBy(a => a.Key), unstaged.Segments.ToDictionary(s => s.Recorder, s => s.Frames).OrderBy(s => s.Key));
    }

    [Fact]
    public void Missed_triggers_of_any_detector_are_retaken_in_whole_groups()
    {
        for (var seed = 0; seed < 300; seed++)
            Named(seed, runner =>
            {
                runner.Submit();
                runner.Run();
                runner.CheckFinished();
            }, missRate: 0.03);
    }

    [Fact]
    public void Deaths_and_missed_triggers_together_lose_and_repeat_nothing()
    {
        for (var seed = 0; seed < 400; seed++)
            Named(seed, runner => ScanDeciderTests.Live(runner, powerToo: seed % 2 == 0), missRate: seed % 3 == 0 ? 0.03 : 0);
    }

    [Fact]
    public void Frames_told_at_once_and_committed_at_the_end_are_whole_groups()
    {
        for (var seed = 0; seed < 300; seed++)
            Named(
                seed, runner => ScanDeciderTests.Live(runner, powerToo: seed % 2 == 0), missRate: seed % 3 == 0 ? 0.03 : 0,
                beam: seed % 5 == 0 ? new FakeBeam(0.003, keepsRecord: true) : null,
                change: s => s with { CommitsAtEnd = seed % 4 > 0, TellsRecorded = true });
    }

    [Fact]
    public void Going_back_over_kept_frames_gives_up_whole_groups()
    {
        for (var seed = 0; seed < 200; seed++)
            Named(seed, runner =>
            {
                runner.Submit();
                var after = runner.Random.Next(80);
                runner.Run(_ => after-- == 0);
                runner.Tell(new ScanCommand.PauseScan(0, "test"));
                runner.Run();
                // It stands, and the last frames are read back meanwhile.
                for (var i = 0; i < 10_000 && runner.State.OpenTakes.Count > 0; i++)
                    if (runner.Hardware.Answer() is ScanCommand answer)
                        runner.Tell(answer);
                if (runner.State.Status is not null || runner.State.Kept.Count < 2)
                    return;
                var to = runner.Random.Next((int)runner.State.Kept.Count);
                runner.Tell(new ScanCommand.SeekScan(0, "test", to));
                Assert.Equal(new ScanReply.Paused(runner.State.Rates.Floor(to)), runner.Heard[^1]);
                Assert.Equal(RangeSet.Of(new FrameRange(0, runner.State.Rates.Floor(to))), runner.State.Kept);
                runner.Tell(new ScanCommand.ResumeScan(0, "test"));
                runner.Run();
                runner.CheckFinished();
            }, change: s => s with { CommitsAtEnd = true });
    }

    [Fact]
    public void Detectors_that_only_count_have_the_frames_of_a_group_that_was_cut_short_too()
    {
        for (var seed = 0; seed < 300; seed++)
            Named(seed, runner =>
            {
                foreach (var detector in Sets[seed % Sets.Length].Select(r => r.Detector).Append("cam"))
                    runner.Hardware.CameraOnlyCounts(detector);
                runner.Submit();
                var after = runner.Random.Next(80);
                runner.Run(_ => after-- == 0);
                runner.Tell(new ScanCommand.PauseScan(0, "test"));
                runner.Run();
                runner.Tell(new ScanCommand.ResumeScan(0, "test"));
                runner.Run();
                runner.CheckFinished();
                if (seed % 3 > 0)
                    Assert.All(runner.Journal.OfType<ScanEvent.FramesRejected>(), r => Assert.Contains("no whole group", r.Cause));
            }, missRate: seed % 3 == 0 ? 0.01 : 0, change: s => s with
            {
                Identities = s.Recorders.Where(r => r != s.Box).Select(r => KeyValuePair.Create(r, FrameIdentity.CountOnly))
                    .ToEquatableArray(),
            });
    }

    [Fact]
    public void Pause_in_any_state_stands_where_all_detectors_are_in_step_and_resume_goes_on_from_there()
    {
        var cut = 0;
        for (var seed = 0; seed < 400; seed++)
            Named(seed, runner =>
            {
                runner.Submit();
                var after = runner.Random.Next(80);
                runner.Run(_ => after-- == 0);
                runner.Tell(new ScanCommand.PauseScan(0, "test"));
                if (runner.Heard[^1] is ScanReply.Refused)
                    return;
                runner.Run();
                var paused = Assert.IsType<ScanReply.Paused>(runner.Heard[^1]);
                Assert.Equal(0, paused.AtFrame % runner.State.Rates.Group);
                Assert.Equal(runner.State.NextWanted()?.First ?? runner.State.Frames, paused.AtFrame);
                var cutShort = runner.Journal.OfType<ScanEvent.FramesRejected>().SelectMany(r => r.Frames).ToList();
                cut += cutShort.Count;
                Assert.All(cutShort, r => Assert.True(r.First == paused.AtFrame && r.Count < runner.State.Rates.Group));
                runner.Tell(new ScanCommand.ResumeScan(0, "test"));
                runner.Run();
                runner.CheckFinished();
                // Frames of a group that was cut short were exposed: going back over them is a rewind, and says why.
                Assert.Equal(cutShort.Count, runner.State.Rewinds);
                if (cutShort.Count > 0)
                    Assert.Contains("are no whole group of", Assert.Single(runner.Journal.OfType<ScanEvent.Rewound>()).Cause);
            });
        Assert.InRange(cut, 20, 400);
    }

    [Fact]
    public void Seek_and_rewind_round_down_to_a_boundary_of_all_detectors()
    {
        var sought = 0;
        for (var seed = 0; seed < 300; seed++)
            Named(seed, runner =>
            {
                runner.Submit();
                var after = runner.Random.Next(60);
                runner.Run(_ => after-- == 0);
                runner.Tell(new ScanCommand.PauseScan(0, "test"));
                runner.Run(r => r.Step is ScanStep.Held && r.State.OpenTakes.Count == 0);
                if (runner.State.Status is not null || runner.State.NextWanted() is not FrameRange wanted)
                    return;
                var to = wanted.First + runner.Random.Next((int)(runner.State.Frames - wanted.First));
                runner.Tell(new ScanCommand.SeekScan(0, "test", to));
                if (runner.Heard[^1] is ScanReply.Refused)
                    return;
                sought++;
                var at = runner.State.Rates.Floor(to);
                Assert.Equal(new ScanReply.Paused(at), runner.Heard[^1]);
                Assert.Equal(RangeSet.Of(new FrameRange(wanted.First, at)), runner.State.Skipped);
                runner.Tell(new ScanCommand.ResumeScan(0, "test"));
                runner.Run();
                Assert.Equal(ScanStatus.Finished, runner.State.Status);
                Assert.Equal(
                    RangeSet.Of(new FrameRange(0, runner.State.Frames)), runner.State.Committed.Union(runner.State.Skipped.Ranges));
                Assert.Equal(runner.State.Frames, runner.State.Committed.Count + runner.State.Skipped.Count);
            });
        Assert.InRange(sought, 100, 300);
    }

    [Fact]
    public void Bad_frames_are_marked_in_whole_groups()
    {
        for (var seed = 0; seed < 50; seed++)
        {
            var runner = new ScanRunner(
                (ulong)seed, 2, 12, 12, change: s => s with { OnBadFrames = OnBadFrames.Mark }, misses: frame => frame is 5 or 17,
                rated: [.. Sets[0]]);
            runner.Submit();
            runner.Run();
            Assert.Equal(RangeSet.Of([new FrameRange(4, 8), new FrameRange(16, 20)]), runner.State.Skipped);
            Assert.Equal(16, runner.State.Committed.Count);
        }
    }

    [Fact]
    public void A_slow_detector_is_exposed_between_frames_and_needs_beam_there_too()
    {
        var dumps = 0;
        for (var seed = 0; seed < 200; seed++)
        {
            var beam = new FakeBeam(0.004, keepsRecord: seed % 2 == 0);
            Named(seed, runner =>
            {
                runner.Submit();
                runner.Run();
                runner.CheckFinished();
            }, beam: beam);
            dumps += beam.Dumps;
        }
        Assert.True(dumps > 100);
        var query = new BeamQuery(0, 1000, [new BeamSpan(17, 19)]);
        Assert.Empty(query.Judge(new FrameRange(0, 4), [0, 10, 20, 30], 6).Lost);
        Assert.Equal([new FrameRange(1, 2)], query.Judge(new FrameRange(0, 4), [0, 10, 20, 30], new ExposureTimes(6, 4, 10)).Lost);
        Assert.Empty(query.Judge(new FrameRange(2, 4), [10, 20], new ExposureTimes(6, 1, 10)).Lost);
    }

    [Theory]
    [InlineData(2, 1, 7, 4, 3)]
    [InlineData(3, 1, 9, 3, 3)]
    [InlineData(1, 4, 2, 8, 8)]
    public void Own_frames_become_whole_frames_of_the_scan(int multiple, int divide, long own, long from, long whole)
    {
        var rate = new DetectorRate(multiple, divide);
        Assert.Equal((from, whole), (rate.FrameFrom(own), rate.FramesIn(own)));
        Assert.Equal(rate.Of(whole), own / multiple * multiple);
    }

    [Fact]
    public void Groups_of_several_rates_are_their_least_common_multiple()
    {
        var rates = new DetectorRates([new("a", new(1, 4)), new("b", new(1, 6)), new("c", new(7, 1)), new("d", new(1, 1))]);
        Assert.Equal((12L, 3), (rates.Group, rates.Rated.Count));
        Assert.Equal(RangeSet.Of(new FrameRange(12, 24)), rates.Inwards(RangeSet.Of([new FrameRange(5, 25), new FrameRange(30, 35)])));
        Assert.Equal(RangeSet.Of(new FrameRange(0, 36)), rates.Outwards(RangeSet.Of([new FrameRange(5, 25), new FrameRange(30, 35)])));
        var most = new DetectorRates([.. Enumerable.Range(900, 100).Select(n => new RatedDetector($"{n}", new(1, n)))]);
        Assert.True(most.Group > 0);
    }

    private static void Named(int seed, Action<ScanRunner> scenario, double missRate = 0, FakeBeam? beam = null,
        Func<RunSetup, RunSetup>? change = null)
    {
        var set = Sets[seed % Sets.Length];
        var group = (int)new DetectorRates([.. set]).Group;
        var shape = new Seeded((ulong)seed + 2000);
        var runner = new ScanRunner(
            (ulong)seed, 1 + shape.Next(3), group * (1 + shape.Next(4)), group * (1 + shape.Next(4)), missRate, beam, change,
            rated: [.. set]);
        try
        {
            scenario(runner);
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"seed {seed}: {e.Message}\n{string.Join("\n", runner.Journal.TakeLast(12))}", e);
        }
    }
}
