using Flyscan.Hardware.Contracts;
using Flyscan.Tests.Hardware.PandA;
using Xunit;

namespace Flyscan.Tests.Hardware.Zebra;

public sealed class ZebraContractTests : TriggerBoxContract
{
    private protected override ITriggerBoxBench NewBench() => new Bench();

    [Fact]
    public void Who_subscribes_after_a_loss_hears_of_it_until_it_is_connected_again()
    {
        var bench = new ZebraBench();
        bench.ConnectAndStage();
        bench.Network.Cut();
        bench.World.RunUntil(bench.World.NowNs + ZebraBench.Ms);
        List<string> heard = [];
        bench.Driver.Lost += heard.Add;
        Assert.StartsWith("zebra: ", Assert.Single(heard));
        bench.Do(bench.Driver.ConnectAsync);
        bench.Driver.Lost += heard.Add;
        Assert.Single(heard);
    }

    private sealed class Bench : ITriggerBoxBench
    {
        private readonly ZebraBench _bench = new();

        public FakeWorld World => _bench.World;

        public TestFrameStores Stores => _bench.Stores;

        public ITriggerBox Driver => _bench.Driver;

        public bool Output => _bench.Output.Value;

        public IReadOnlyList<(long AtNs, bool High)> Edges => _bench.Edges;

        public ITriggerBox NewDriver() => _bench.NewDriver();

        public void Cut() => _bench.Network.Cut();

        public string Break()
        {
            _bench.Box.Overflow();
            return "ran over";
        }
    }
}
