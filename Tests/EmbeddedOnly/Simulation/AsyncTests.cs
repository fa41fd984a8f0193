using Akka.Actor;
using Flyscan.Engine.Simulation;
using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Devices;
using Flyscan.Hardware.Hdf5;
using Flyscan.Hardware.Simulation.Line;
using Flyscan.Hardware.Transport;
using Flyscan.Scanning.Planning;
using Flyscan.Scanning.Units;
using Xunit;
using static Flyscan.Tests.EmbeddedOnly.Simulation.Sim;

namespace Flyscan.Tests.EmbeddedOnly.Simulation;

public sealed class AsyncTests
{
    private static readonly AxisDescription Z = new("z", "mm", -20, 20, 20, 200, null, null, 10 * Ms);

    private readonly List<string> _said = [];

    [Fact]
    public void An_asynchronous_receive_waits_in_virtual_time_and_holds_its_mailbox()
    {
        var run = Sim.Run();
        var node = run.Add("a");
        var actor = node.System.ActorOf(Props.Create(() => new Sleeper(node, _said)), "sleeper");
        actor.Tell("one", ActorRefs.NoSender);
        actor.Tell("two", ActorRefs.NoSender);

        run.RunFor(10 * Second);

        Assert.Equal(["one at 2 in sleeper", "two at 4 in sleeper"], _said);
    }

    [Fact]
    public void Continuations_take_their_turns_as_the_seed_says()
    {
        var orders = Enumerable.Range(1, 20).Select(seed => Order((ulong)seed)).ToArray();

        Assert.True(orders.Distinct().Count() > 3, string.Join(' ', orders));
        Assert.Equal(orders, Enumerable.Range(1, 20).Select(seed => Order((ulong)seed)));
    }

    [Fact]
    public void What_escapes_to_the_thread_pool_is_found()
    {
        var run = Sim.Run(seed: 3);
        using var escaped = new ManualResetEventSlim();
        var actor = run.Add("a").Actor("any", (_, _) => { });
        ThreadPool.QueueUserWorkItem(_ =>
        {
            Assert.Throws<SimulationException>(() => actor.Tell("from outside", ActorRefs.NoSender));
            escaped.Set();
        });
        escaped.Wait();

        var error = Assert.Throws<SimulationException>(() => run.RunUntilIdle());

        Assert.Contains("seed 3", error.Message, StringComparison.Ordinal);
        Assert.Contains("from outside of the simulation's thread", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_real_driver_moves_a_simulated_motor_inside_of_the_run()
    {
        var (run, bench) = Bench(seed: 1, latencyNs: Ms);

        bench.Mover.Tell(10.0, ActorRefs.NoSender);
        run.RunFor(5 * Second);

        // 610 ms of motion; connecting takes three round trips, the move one, each 2 ms.
        Assert.Equal(["0.618 s: Completed 10.000"], _said);
        Assert.Equal(10, bench.Motor.ValueAt(run.NowNs), 3);
    }

    [Fact]
    public void The_driver_with_its_waits_is_the_same_run_for_the_same_seed()
    {
        var hashes = new List<ulong>();
        foreach (var seed in (ulong[])[5, 5, 6])
        {
            var (run, bench) = Bench(seed, latencyNs: Ms);
            bench.Mover.Tell(10.0, ActorRefs.NoSender);
            run.RunFor(5 * Second);
            hashes.Add(run.Trace.Hash);
        }

        Assert.Equal(hashes[0], hashes[1]);
        Assert.NotEqual(hashes[0], hashes[2]);
    }

    [Fact]
    public void A_device_that_falls_silent_runs_into_the_drivers_deadline_in_no_time()
    {
        var (run, bench) = Bench(seed: 1, latencyNs: Ms);
        bench.Mover.Tell(10.0, ActorRefs.NoSender);
        run.RunFor(100 * Ms);

        bench.Network.Silent = true;
        run.RunFor(60 * Second);

        Assert.Contains("TimedOut", Assert.Single(_said), StringComparison.Ordinal);
    }

    [Fact]
    public void A_crash_of_the_control_node_leaves_the_device_moving_and_its_driver_silent()
    {
        var (run, bench) = Bench(seed: 1, latencyNs: Ms);
        bench.Mover.Tell(10.0, ActorRefs.NoSender);
        run.RunFor(100 * Ms);

        run.Node("control").Crash();
        run.RunFor(5 * Second);

        Assert.Empty(_said);
        Assert.Equal(10, bench.Motor.ValueAt(run.NowNs), 3);
    }

    private string Order(ulong seed)
    {
        var run = Sim.Run(seed);
        var node = run.Add("a");
        var order = "";
        for (var i = 0; i < 4; i++)
        {
            var name = i;
            node.Post(() => _ = Walk(name));
        }

        run.RunUntilIdle();
        return order;

        async Task Walk(int name)
        {
            for (var step = 0; step < 2; step++)
            {
                await Task.Yield();
                order += name;
            }
        }
    }

    private (SimulationRun Run, DriverBench Bench) Bench(ulong seed, long latencyNs)
    {
        var run = Sim.Run(seed);
        var motor = new SimulatedMotor(Z, 1);
        MemoryNetwork? network = null;
        run.AddNode("device", new NodeOptions
        {
            Config = null,
            MayCrash = false,
            Boot = node =>
            {
                var clock = new LaneClock(node.NewLane());
                var device = new SettableLineDevice(clock, motor, VirtualMotorFactory.KindName);
                var server = new LineServer(clock, "w", [device], new LineLimits());
                var wire = node.NewLane();
                network = new MemoryNetwork(action => wire.At(run.NowNs + latencyNs, action));
                network.Listen(1, connection => server.Serve(connection));
            },
        });
        var control = run.Add("control", node => node.System.ActorOf(
            Props.Create(() => new Mover(node, network!, Z, _said)), "mover"));
        control.OnCrash(() => network!.Cut());
        var mover = (IActorRef)run.Run(() => control.System.ActorSelection("/user/mover").ResolveOne(TimeSpan.FromSeconds(1)), Second);
        return (run, new DriverBench(mover, motor, network!));
    }

    private sealed record DriverBench(IActorRef Mover, SimulatedMotor Motor, MemoryNetwork Network);

    private sealed class Sleeper : ReceiveActor
    {
        public Sleeper(SimulatedNode node, List<string> said) => ReceiveAsync<string>(async word =>
        {
            await Task.Delay(TimeSpan.FromSeconds(1), node.Time);
            await Task.Delay(TimeSpan.FromSeconds(1), node.Time);
            said.Add($"{word} at {node.NowNs / Second} in {Context.Self.Path.Name}");
        });
    }

    /// <summary>An actor with a driver of its own, as a device actor: its calls come back by pipe.</summary>
    private sealed class Mover : ReceiveActor
    {
        private readonly VirtualMotorDriver _driver;

        public Mover(SimulatedNode node, IConnector network, AxisDescription axis, List<string> said)
        {
            var environment = new DeviceEnvironment(
                new NodeClock(node), network, new InMemoryFrameStoreFactory(), 1, EndpointOverrides.None);
            _driver = new VirtualMotorDriver(
                new LineAddress(axis.Name, "device", 1, 1), new VirtualMotorSettings("device", 1, axis), environment);
            Receive<double>(target => MoveAsync(target).PipeTo(Self));
            Receive<Outcome<double>>(outcome => said.Add(FormattableString.Invariant(
                $"{node.NowNs / 1e9:F3} s: {outcome.GetType().Name.Split('`')[0]}{ValueOf(outcome)}")));
        }

        private async Task<Outcome<double>> MoveAsync(double target)
        {
            await _driver.ConnectAsync(CancellationToken.None);
            return await _driver.MoveAsync(target, CancellationToken.None);
        }

        private static string ValueOf(Outcome<double> outcome) =>
            outcome is Outcome<double>.Completed done ? FormattableString.Invariant($" {done.Value:F3}") : "";
    }
}
