using Flyscan.Scanning.Runs;
using Xunit;

namespace Flyscan.Tests.Hardware.PandA;

public sealed class PandARecoveryTests
{
    [Fact]
    public void A_box_that_restarted_holds_an_empty_table_and_says_that_it_is_idle()
    {
        var bench = new PandABench();
        bench.Do(bench.Driver.ConnectAsync);
        Assert.Equal(new BoxStatus(BoxPhase.Idle, default, 0, null), bench.Do(bench.Driver.GetBoxStatusAsync));
    }

    [Fact]
    public void What_it_records_dies_with_its_process_and_only_its_own_session_is_open_here()
    {
        var bench = new PandABench();
        var session = bench.ConnectAndStage();
        Assert.True(bench.Driver.WritesHere);
        Assert.True(bench.Driver.HoldsSession(session.Session));
        Assert.False(bench.NewDriver().HoldsSession(session.Session));
    }

    /// <summary>The box keeps 9.5 s: whoever comes later is told how many samples it missed.</summary>
    [Fact]
    public void Samples_that_the_box_no_longer_has_are_a_named_gap_and_shift_none()
    {
        const int Frames = 2500;
        var bench = new PandABench(dataPeriodNs: 100 * PandABench.Ms);
        var session = bench.ConnectAndStage();
        var mark = new TakeMark(5);
        bench.Do(c => bench.Driver.LoadAsync(mark, PandABench.Burst(Frames), c));
        bench.Do(c => bench.Driver.EnableAsync(mark, c));
        bench.World.RunUntil(bench.World.NowNs + 1000 * PandABench.Ms);
        bench.Network.Cut();
        bench.World.RunUntil(bench.World.NowNs + 20_000 * PandABench.Ms);
        var heir = bench.NewDriver();
        bench.Do(heir.ConnectAsync);

        var adopted = bench.Do(c => heir.AdoptAsync(PandABench.Staging(2), session.Session, 50, c));

        Assert.InRange(adopted!.FirstPosition, 500, Frames - 100);
        var gap = Assert.Single(bench.Stores.Stores[^1].Segment.Attributes, a => a.Name == "gap").Value;
        Assert.Equal($"samples 50 to {adopted.FirstPosition - 1} were lost: the box kept no more", gap);
        bench.Do(c => heir.WaitDoneAsync(mark, 8000 * PandABench.Ms, c));
        Assert.Equal(Frames - adopted.FirstPosition, bench.Do(c => heir.UnstageAsync([], c)));
        Assert.Equal(
            Enumerable.Range((int)adopted.FirstPosition, (int)(Frames - adopted.FirstPosition)).Select(i => (long)i),
            bench.Stores.Stores[^1].Longs("sample_index"));
    }
}
