using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Simulation;

namespace Flyscan.Tests.Hardware.PandA.Ioc;

/// <summary>A PandA through its IOC, which writes the file, over pvAccess.</summary>
public sealed class PandAIocContractTests : TriggerBoxContract
{
    private protected override ITriggerBoxBench NewBench() => new Bench();

    private sealed class Bench : ITriggerBoxBench
    {
        private readonly PandAIocDriverBench _bench = new(PandAIocDriverBench.Quick);
        private readonly IBitSignal _output;
        private readonly List<(long, bool)> _edges = [];

        public Bench()
        {
            _output = _bench.Ioc.Box.Box.TtlOut(1);
            _output.Changed += high => _edges.Add((World.NowNs, high));
        }

        public FakeWorld World => _bench.Ioc.World;

        public TestFrameStores Stores => _bench.Stores;

        public ITriggerBox Driver => _bench.Driver;

        public bool Output => _output.Value;

        public IReadOnlyList<(long AtNs, bool High)> Edges => _edges;

        public ITriggerBox NewDriver() => _bench.NewDriver();

        public void Cut() => _bench.Ioc.Network.Cut();

        public string Break()
        {
            _bench.Ioc.Ask("*PCAP.DISARM=");
            _bench.Ioc.Pass(PandAIocBench.Ms * 100);
            return "the capture ended, and nobody here disarmed it";
        }
    }
}
