using Flyscan.Hardware.Contracts;
using Flyscan.Tests.Hardware.PandA;

namespace Flyscan.Tests.Hardware.Zebra.Ioc;

/// <summary>A Zebra through its IOC, over Channel Access.</summary>
public sealed class ZebraIocContractTests : TriggerBoxContract
{
    private protected override ITriggerBoxBench NewBench() => new Bench();

    private sealed class Bench : ITriggerBoxBench
    {
        private readonly ZebraIocBench _bench = new();

        public FakeWorld World => _bench.World;

        public TestFrameStores Stores => _bench.Stores;

        public ITriggerBox Driver => _bench.Driver;

        public bool Output => _bench.Bench.Output.Value;

        public IReadOnlyList<(long AtNs, bool High)> Edges => _bench.Bench.Edges;

        public ITriggerBox NewDriver() => _bench.NewDriver();

        public void Cut() => _bench.Network.Cut();

        public string Break()
        {
            _bench.Box.Overflow();
            // The IOC reads it with the slow registers, one after the other.
            World.RunUntil(World.NowNs + 1000 * ZebraBench.Ms);
            return "ran over";
        }
    }
}
