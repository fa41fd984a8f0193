using Flyscan.Scanning.Runs;
using Xunit;

namespace Flyscan.Tests.Hardware.PandA;

/// <summary>Disks that fail and boxes that fall silent under the driver.</summary>
public sealed class PandADriverFaultTests
{
    private const long Ms = PandABench.Ms;
    private static readonly TakeMark Mark = new(12345);

    [Fact]
    public void A_full_disk_is_a_fault_that_names_file_and_cause()
    {
        var bench = new PandABench();
        bench.Stores.FullAfter = 5;
        bench.ConnectAndStage();
        bench.Do(c => bench.Driver.LoadAsync(Mark, PandABench.Burst(10, Ms, 2 * Ms), c));
        bench.Do(c => bench.Driver.EnableAsync(Mark, c));
        bench.Do(c => bench.Driver.WaitDoneAsync(Mark, 20 * Ms, c));
        // What is not a whole chunk is written at the next flush.
        bench.World.RunUntil(bench.World.NowNs + 250 * Ms);

        Assert.Equal("/runs/scan/data/panda.0001.h5: no space left on device", bench.Do(bench.Driver.GetStatusAsync).Fault);
        Assert.True(bench.Do(c => bench.Driver.ArmAsync(1, c)) is { CannotWrite: true, Accepting: false });
        Assert.Contains("no space left", bench.Problem(c => bench.Driver.UnstageAsync([], c)));
    }

    [Fact]
    public void A_disk_slower_than_the_box_is_a_fault_and_not_growth()
    {
        var bench = new PandABench(adjust: s => s with { MostPendingBytes = 1 });
        var slow = new TaskCompletionSource();
        bench.Stores.Slow = slow.Task;
        bench.ConnectAndStage();
        bench.Do(c => bench.Driver.LoadAsync(Mark, PandABench.Burst(60_000, 8_000, 16_000), c));
        bench.Do(c => bench.Driver.EnableAsync(Mark, c));
        bench.Do(c => bench.Driver.WaitDoneAsync(Mark, 960 * Ms, c));

        Assert.StartsWith("the disk takes samples more slowly than the box makes them", bench.Do(bench.Driver.GetStatusAsync).Fault);
        slow.SetResult();
    }

    [Fact]
    public void A_box_that_falls_silent_is_lost_after_its_deadline()
    {
        var bench = new PandABench();
        var losses = new List<string>();
        bench.Driver.Lost += losses.Add;
        bench.ConnectAndStage();
        bench.Network.Silent = true;
        var before = bench.World.NowNs;

        Assert.Equal("panda: read the status: no reply to *PCAP.STATUS?: no answer within 2 s", bench.Problem(bench.Driver.GetStatusAsync));
        Assert.Equal(2000 * Ms, bench.World.NowNs - before);
        Assert.Equal(["panda: no reply to *PCAP.STATUS?"], losses);
    }

    [Fact]
    public void A_box_that_nobody_asks_is_watched_by_the_health_question()
    {
        var bench = new PandABench();
        var losses = new List<string>();
        bench.Driver.Lost += losses.Add;
        bench.Do(bench.Driver.ConnectAsync);
        bench.Network.Silent = true;
        bench.World.RunUntil(bench.World.NowNs + 8000 * Ms);
        Assert.Single(losses);
    }
}
