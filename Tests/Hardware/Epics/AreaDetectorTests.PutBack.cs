using Flyscan.Hardware.Epics;
using Flyscan.Hardware.Epics.ChannelAccess;
using Flyscan.Scanning.Units;
using Flyscan.Tests.Hardware.Epics.ChannelAccess;
using Xunit;

namespace Flyscan.Tests.Hardware.Epics;

/// <content>What staging changes and unstaging puts back, whoever dies in between.</content>
public sealed partial class AreaDetectorTests
{
    [Fact]
    public async Task What_was_changed_is_put_back()
    {
        await using var bench = await ConnectedAsync();
        var (camera, writer) = (bench.Detector.Camera, bench.Detector.Writer);
        var session = await bench.StageAsync();
        await bench.EndAsync(bench.Driver.UnstageAsync(session.Restore, None));
        Assert.Equal(
            (0.1, 0.1, 1.0), (camera.Number("AcquireTime_RBV"), camera.Number("AcquirePeriod_RBV"), camera.Number("NumImages_RBV")));
        Assert.Equal(("Continuous", "Off"), (camera.Text("ImageMode_RBV"), camera.Text("TriggerMode_RBV")));
        Assert.Equal(
            ("layout.xml", "Single", ""),
            (writer.Text("XMLFileName_RBV"), writer.Text("FileWriteMode_RBV"), writer.Text("FilePath_RBV")));
        Assert.Equal((0.0, 0.0), (writer.Number("LazyOpen_RBV"), writer.Number("EnableCallbacks_RBV")));
    }

    /// <summary>What was found is journaled before anything is changed; a process that dies later leaves that word.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_was_found_before_staging_puts_back_what_a_process_changed_that_died(bool hasStaged)
    {
        await using var bench = await ConnectedAsync();
        var before = bench.SettingsNow();
        var found = DetectorBench.Value(await bench.EndAsync(bench.Driver.ReadSettingsAsync(bench.Staging(), None)));
        Assert.Equal(before, bench.SettingsNow());
        if (hasStaged)
        {
            await bench.StageAsync();
            await bench.Driver.DisposeAsync();
            bench.Driver = bench.NewDriver();
        }
        else
        {
            await bench.DieWhileStagingAsync();
        }
        Assert.NotEqual(before, bench.SettingsNow());
        await bench.ConnectAsync();
        // Only what is not changed yet is told now, and all of it was told before.
        var again = DetectorBench.Value(await bench.EndAsync(bench.Driver.ReadSettingsAsync(bench.Staging(2), None)));
        Assert.Empty(again.Select(s => s.Name).Except(found.Select(s => s.Name)));
        await bench.StageAsync(2);
        await bench.EndAsync(bench.Driver.UnstageAsync(found, None));
        Assert.Equal(before, bench.SettingsNow());
    }

    [Fact]
    public async Task An_IOC_that_dies_while_it_is_unstaged_is_waited_for_and_its_settings_are_put_back()
    {
        await using var bench = await ConnectedAsync();
        var before = bench.SettingsNow();
        var session = await bench.StageAsync();
        await bench.ArmAsync(2);
        bench.Fire(2);
        await bench.CollectAsync(2);
        var lost = 0;
        bench.Driver.Lost += _ => lost++;
        // It does not close its file any more.
        bench.Detector.Writer["Capture"].Written = (_, complete) =>
        {
            complete();
            return CaStatus.Normal;
        };
        var unstaging = bench.Driver.UnstageAsync(session.Restore, None);
        bench.Ca.Pass(CaBench.Second);
        bench.Ca.KillServer();
        bench.Ca.Pass(5 * CaBench.Second);
        Assert.False(unstaging.IsCompleted);
        bench.RestartIoc();
        bench.Detector.Camera.Set("AcquireTime", new PvValue.Number(3));
        var outcome = await bench.EndAsync(unstaging);
        // The session is gone with the IOC; whoever asked reads the file back.
        Assert.Contains("the IOC began anew", outcome.Problem);
        Assert.True(outcome is Outcome<long>.Refused, $"{outcome}");
        Assert.Equal((0, before), (lost, bench.SettingsNow()));
    }

    [Fact]
    public async Task A_connection_that_is_cut_while_it_is_armed_costs_nothing()
    {
        await using var bench = await ConnectedAsync();
        await bench.StageAsync();
        var arming = bench.Driver.ArmAsync(2, None);
        bench.Ca.Run();
        bench.Ca.Network.Cut();
        Assert.Equal((true, 0L), Armed(DetectorBench.Value(await bench.EndAsync(arming))));
        bench.Fire(2);
        Assert.Equal(2, (await bench.CollectAsync(2)).Recorded);
    }
}
