using Flyscan.Hardware.Contracts;

namespace Flyscan.Tests.Hardware.PandA;

public sealed class PandAContractTests : TriggerBoxContract
{
    private protected override ITriggerBoxBench NewBench() => new Bench();

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
