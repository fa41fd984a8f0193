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
}
