using Flyscan.Scanning.Runs;
using Xunit;

namespace Flyscan.Tests.Scanning.Runs;

public sealed class PutBackTests
{
    [Fact]
    public void What_is_put_back_is_what_was_found_first()
    {
        ScanEvent[] events =
        [
            new ScanEvent.SettingsFound(0, "cam", [new SavedSetting("exposure", "before")]),
            new ScanEvent.Staged(0, 1, [new StagedDevice("cam", "s1", [new SavedSetting("exposure", "before")])]),
            new ScanEvent.SettingsFound(0, "cam", [new SavedSetting("exposure", "ours"), new SavedSetting("gain", "1")]),
            new ScanEvent.Staged(0, 2, [new StagedDevice("cam", "s2", [new("exposure", "ours"), new("gain", "2")])]),
        ];
        Assert.Equal(
            [new SavedSetting("exposure", "before"), new SavedSetting("gain", "1")],
            events.Aggregate(ScanState.New, (s, e) => s.Evolve(e)).ToPutBack["cam"]);
    }

    [Fact]
    public void A_journal_of_before_settings_were_told_ahead_still_puts_back_what_staging_saved()
    {
        var staged = new ScanEvent.Staged(0, 1, [new StagedDevice("cam", "s1", [new SavedSetting("exposure", "before")])]);
        Assert.Equal([new SavedSetting("exposure", "before")], ScanState.New.Evolve(staged).ToPutBack["cam"]);
    }

    [Fact]
    public void Nothing_is_staged_before_what_it_changes_is_in_the_journal()
    {
        for (var seed = 0; seed < 50; seed++)
        {
            var runner = new ScanRunner((ulong)seed, 2, 3, 3);
            runner.Submit();
            runner.Run(r => r.Hardware.Settings.Any(s => s.Value == FakeHardware.Needed));
            foreach (var (recorder, _) in runner.Hardware.Settings.Where(s => s.Value == FakeHardware.Needed))
                Assert.Equal(
                    $"as the user had {recorder}",
                    runner.Journal.OfType<ScanEvent.SettingsFound>().Single(f => f.Device == recorder).Settings.Single().Value);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_process_that_dies_in_the_instant_after_it_staged_leaves_nothing_changed(int nth)
    {
        for (var seed = 0; seed < 100; seed++)
        {
            var runner = new ScanRunner((ulong)seed, 2, 3, 3);
            runner.Submit();
            // A device is changed, and its word of it dies with the process that was to hear it.
            for (var staged = 0; staged < nth;)
                if (runner.Hardware.Answer() is ScanCommand answer
                    && !(answer is ScanCommand.RecorderStaged && ++staged == nth))
                    runner.Tell(answer);
            Assert.True(
                runner.Journal.OfType<ScanEvent.Staged>().Count() < runner.Hardware.Settings.Count(s => s.Value == FakeHardware.Needed));
            runner.Hardware.SupervisorDied();
            runner.TakeOver();
            if (seed % 2 == 0)
                runner.Tell(new ScanCommand.AbortScan(0, "test", "enough"));
            runner.Run();
            Assert.Equal(seed % 2 == 0 ? ScanStatus.Aborted : ScanStatus.Finished, runner.State.Status);
            runner.CheckPutBack();
        }
    }
}
