using Akka.Actor;
using Akka.Event;
using Flyscan.Engine.Simulation;
using Xunit;
using static Flyscan.Tests.EmbeddedOnly.Simulation.Sim;

namespace Flyscan.Tests.EmbeddedOnly.Simulation;

public sealed class SoakTests
{
    private const int Nodes = 4;
    private const int ActorsOfANode = 50;
    private const long Hour = 3_600 * Second;
    private const long MostGrowth = 16L << 20;

    private readonly List<Watched> _watches = [];
    private long _answers;

    [Fact]
    public void An_hour_of_200_actors_and_many_crashes_tells_every_end_once_and_leaves_no_memory()
    {
        var run = new SimulationRun(new SimulationOptions { Seed = 1 });
        var draw = run.GeneratorFor("crashes");
        for (var i = 0; i < Nodes; i++)
        {
            var next = $"n{(i + 1) % Nodes}";
            run.AddNode($"n{i}", new NodeOptions { Config = Quiet, Boot = node => Boot(node, next) });
        }

        for (var atNs = 60 * Second; atNs < Hour - (60 * Second); atNs += 30 * Second)
            run.At(atNs + draw.Below(20 * Second), () => CrashOne(run, draw));

        run.RunFor(Hour / 6);
        _watches.RemoveAll(w => !IsCurrent(w));
        var early = GC.GetTotalMemory(forceFullCollection: true);
        run.RunFor(Hour - run.NowNs);

        Assert.Equal(Hour, run.NowNs);
        Assert.True(_answers > 300_000, $"{_answers} answers");
        Assert.All(_watches, w => Assert.True(w.Told <= 1, $"{w} was told {w.Told} times"));
        var open = _watches.Where(w => IsCurrent(w) && !(w.Target.IsUp && w.Target.Lives == w.TargetLife)).ToArray();
        Assert.All(open, w => Assert.True(w.Told == 1, $"{w} was never told"));
        Assert.True(_watches.Count(w => w.Told == 1) > 2_000);
        _watches.Clear();
        var growth = GC.GetTotalMemory(forceFullCollection: true) - early;
        Assert.True(growth < MostGrowth, $"the heap grew by {growth} bytes");
        Assert.Equal(Nodes, run.Nodes.Count(n => n.IsUp));
    }

    private static bool IsCurrent(Watched watch) => watch.Watcher.IsUp && watch.Watcher.Lives == watch.WatcherLife;

    private static void CrashOne(SimulationRun run, SimulationGenerator draw)
    {
        var node = run.Nodes[draw.Below(Nodes)];
        node.Crash();
        run.At(run.NowNs + 1 + draw.Below(8 * Second), () =>
        {
            if (!node.IsUp)
                node.Restart();
        });
    }

    private void Boot(SimulatedNode node, string next)
    {
        for (var i = 0; i < ActorsOfANode; i++)
        {
            var name = $"x{i}";
            node.System.ActorOf(Props.Create(() => new Peer(node, next, name, this)), name);
        }
    }

    /// <summary>One watch of one life of an actor for one life of a node.</summary>
    private sealed record Watched(SimulatedNode Watcher, int WatcherLife, SimulatedNode Target, int TargetLife)
    {
        public int Told { get; set; }
    }

    /// <summary>Asks its peer on the next node every two seconds and watches it; after its end it waits and watches the next one.</summary>
    private sealed class Peer : ReceiveActor, IWithTimers
    {
        private readonly SimulatedNode _node;
        private readonly string _next;
        private readonly string _name;
        private readonly SoakTests _soak;
        private Watched? _watched;

        public Peer(SimulatedNode node, string next, string name, SoakTests soak)
        {
            (_node, _next, _name, _soak) = (node, next, name, soak);
            Receive<int>(_ => Sender.Tell("answer"));
            Receive<string>(_ => soak._answers++);
            Receive<Tick>(_ => Tell());
            Receive<Terminated>(_ =>
            {
                _watched!.Told++;
                _watched = null;
                Timers.StartSingleTimer("watch", new WatchAgain(), TimeSpan.FromSeconds(10));
            });
            Receive<WatchAgain>(_ => Watch());
        }

        public ITimerScheduler Timers { get; set; } = null!;

        protected override void PreStart()
        {
            Timers.StartPeriodicTimer("tick", new Tick(), TimeSpan.FromSeconds(2));
            Timers.StartSingleTimer("watch", new WatchAgain(), TimeSpan.FromSeconds(10));
        }

        private void Tell() => _node.RefTo(_node.Run.Node(_next), "/user/" + _name).Tell(1, Self);

        private void Watch()
        {
            var target = _node.Run.Node(_next);
            _watched = new Watched(_node, _node.Lives, target, target.Lives);
            _soak._watches.Add(_watched);
            Context.Watch(_node.RefTo(target, "/user/" + _name));
        }

        private sealed class Tick : IDeadLetterSuppression;

        private sealed class WatchAgain : IDeadLetterSuppression;
    }
}
