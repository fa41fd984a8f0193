using Flyscan.Hardware.Contracts;
using Xunit;

namespace Flyscan.Tests.Hardware.PandA;

public sealed class PandAContractTests : TriggerBoxContract
{
    private protected override ITriggerBoxBench NewBench() => new Bench();

    [Fact]
    public void Who_subscribes_after_a_loss_hears_of_it_until_it_is_connected_again()
    {
        var bench = new PandABench();
        bench.ConnectAndStage();
        bench.Network.Cut();
        bench.World.RunUntil(bench.World.NowNs + PandABench.Ms);
        List<string> heard = [];
        bench.Driver.Lost += heard.Add;
        Assert.StartsWith("panda: ", Assert.Single(heard));
        bench.Do(bench.Driver.ConnectAsync);
        bench.Driver.Lost += heard.Add;
        Assert.Single(heard);
    }

    private sealed class Bench : ITriggerBoxBench
    {
        private readonly PandABench _bench = new();
        private readonly Flyscan.Hardware.Simulation.IBitSignal _output;
        private readonly List<(long, bool)> _edges = [];

        public Bench()
        {
            _output = _bench.Box.TtlOut(1);
            _output.Changed += high => _edges.Add((World.NowNs, high));
        }

        public FakeWorld World => _bench.World;

        public TestFrameStores Stores => _bench.Stores;

        public ITriggerBox Driver => _bench.Driver;

        public bool Output => _output.Value;

        public IReadOnlyList<(long AtNs, bool High)> Edges => _edges;

        public ITriggerBox NewDriver() => _bench.NewDriver();

        public void Cut() => _bench.Network.Cut();

        public string Break()
        {
            _bench.Ask("*PCAP.DISARM=\n");
            return "the capture ended";
        }
    }
}
