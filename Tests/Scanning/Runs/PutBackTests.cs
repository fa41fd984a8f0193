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

    [Fact]
    public void A_process_that_dies_in_the_instant_after_it_staged_leaves_nothing_changed()
    {
        for (var seed = 0; seed < 100; seed++)
        {
            var runner = new ScanRunner((ulong)seed, 2, 3, 3);
            runner.Submit();
            // The devices are changed, and nobody has heard of it.
            runner.Run(r => r.Hardware.Settings.Any(s => s.Value == FakeHardware.Needed));
            var untold = runner.Journal.OfType<ScanEvent.Staged>().Count() < runner.Hardware.Settings.Count(s => s.Value == FakeHardware.Needed);
            Assert.True(untold || seed > 0, "no seed dies before the answer is journaled");
            runner.Hardware.SupervisorDied();
            runner.TakeOver();
            if (seed % 2 == 0)
                runner.Tell(new ScanCommand.AbortScan(0, "test", "enough"));
            runner.Run();
            Assert.NotNull(runner.State.Status);
            runner.CheckPutBack();
        }
    }
}
