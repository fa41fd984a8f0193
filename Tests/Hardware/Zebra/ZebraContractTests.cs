using Flyscan.Hardware.Contracts;
using Flyscan.Tests.Hardware.PandA;

namespace Flyscan.Tests.Hardware.Zebra;

public sealed class ZebraContractTests : TriggerBoxContract
{
    private protected override ITriggerBoxBench NewBench() => new Bench();

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
