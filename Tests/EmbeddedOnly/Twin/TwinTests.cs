using System.Text.RegularExpressions;
using Flyscan.Twin;
using Xunit;

namespace Flyscan.Tests.EmbeddedOnly.Twin;

public sealed class TwinTests
{
    private const int Seeds = 300;

    [Fact]
    public void Three_hundred_scans_with_faults_keep_every_invariant()
    {
        var output = new StringWriter();

        var code = SimulateCommand.Run(["--seed", "1", "--seeds", $"{Seeds}"], output, output);

        Assert.True(code == 0, output.ToString());
    }

    [Fact]
    public void A_seed_is_the_same_run_each_time_and_when_its_faults_are_given_back()
    {
        var first = Simulator.WithAll.Play(12, new Coverage());

        Assert.Equal(first.Hash, Simulator.WithAll.Play(12, new Coverage()).Hash);
        Assert.Equal(first.EndNs, Simulator.WithAll.Replay(12, first.Faults, records: true).EndNs);
    }

    [Fact]
    public void Wrong_words_are_refused_with_what_is_allowed()
    {
        var error = new StringWriter();

        Assert.Equal(2, SimulateCommand.Run(["--faults", "earthquake"], TextWriter.Null, error));
        Assert.Contains("power failure", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Help_names_every_kind_of_fault_and_a_report_is_what_was_printed()
    {
        var (help, output) = (new StringWriter(), new StringWriter());
        var report = Path.GetTempFileName();

        Assert.Equal(0, SimulateCommand.Run(["--help"], help, TextWriter.Null));
        Assert.Equal(0, SimulateCommand.Run(["--seed", "5", "--report", report], output, TextWriter.Null));

        Assert.All(FaultMaker.Kinds, kind => Assert.Contains(kind, help.ToString(), StringComparison.Ordinal));
        Assert.Equal(output.ToString(), File.ReadAllText(report));
        Assert.Contains("1 seeds from 5", output.ToString(), StringComparison.Ordinal);
        File.Delete(report);
    }

    [Theory]
    [InlineData("Staging", 500)]
    [InlineData("Preparing", 3_000)]
    [InlineData("Enabling", 30_000)]
    [InlineData("Flying", 5)]
    [InlineData("Flying", 2_000)]
    [InlineData("Flying", 40_000)]
    [InlineData("AwaitingRecords", 1_000)]
    [InlineData("Unstaging", 1_000)]
    public void A_journal_that_is_gone_for_a_while_stops_nothing_but_the_scan(string phase, long ms)
    {
        for (ulong seed = 1; seed <= 5; seed++)
        {
            var gone = new TwinFault.JournalGone(new(phase, 1, 1_000_000), ms * 1_000_000);
            var outcome = Simulator.WithAll.Replay(seed, [gone], records: true);

            Assert.True(outcome.Failure is null, $"seed {seed}: {outcome.Failure}\n{string.Join('\n', outcome.Lines.TakeLast(40))}");
            Assert.DoesNotContain(outcome.Lines, l => l.Contains("process ends", StringComparison.Ordinal));
            if (ms >= 500 && outcome.Lines.Any(l => l.Contains("fault JournalGone", StringComparison.Ordinal)))
                Assert.Contains(outcome.Lines, l => l.Contains("the journal is away", StringComparison.Ordinal));
        }
    }

    /// <summary>What two triggers without frames cost, by what frames are known by.</summary>
    [Theory]
    [InlineData("stamps", false)]
    [InlineData("counter", false)]
    [InlineData("counts", true)]
    public void A_camera_known_by_the_boxs_count_loses_the_frames_that_it_missed_and_no_others(string by, bool isWholeTake)
    {
        var lost = new List<long>();
        for (ulong seed = 1; seed <= 12; seed++)
        {
            object[] faults = [new TwinFault.CameraKnownBy(by), new TwinFault.MissFrames(new("Flying", 1, 1_000_000), 2)];
            var outcome = Simulator.WithAll.Replay(seed, faults, records: true);
            Assert.True(outcome.Failure is null, outcome.Failure);
            lost.Add(outcome.Lines.Select(l => Regex.Match(l, @"FramesRejected .*Frames = \[(.*?)\], Cause")).Where(m => m.Success)
                .Select(m => m.Groups[1].Value).Distinct().SelectMany(ranges => Regex.Matches(ranges, @"\[(\d+), (\d+)\)"))
                .Sum(m => long.Parse(m.Groups[2].Value) - long.Parse(m.Groups[1].Value)));
        }
        Assert.True(lost.Count(l => l > 0) >= 6, string.Join(", ", lost));
        Assert.True(lost.Any(l => l > 2) == isWholeTake, string.Join(", ", lost));
    }

    /// <summary>Each of these failed once; the name says what was wrong.</summary>
    [Theory]
    [MemberData(nameof(FoundSeeds.All), MemberType = typeof(FoundSeeds))]
    public void What_a_seed_found_stays_repaired(string what, ulong seed, object[] faults)
    {
        var outcome = Simulator.WithAll.Replay(seed, faults, records: true);

        Assert.True(outcome.Failure is null, $"{what}: {outcome.Failure}\n{string.Join('\n', outcome.Lines.TakeLast(40))}");
    }

    /// <summary>Seeds that failed and were repaired before their fewest faults were looked for.</summary>
    [Theory]
    [InlineData(9583)]
    public void What_a_whole_seed_found_stays_repaired(ulong seed) => Assert.Null(Simulator.WithAll.Play(seed, new Coverage()).Failure);
}
