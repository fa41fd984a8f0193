using Akka.Actor;
using Akka.Configuration;
using Akka.Persistence;
using Flyscan.Engine.Simulation;
using Xunit;
using static Flyscan.Tests.EmbeddedOnly.Simulation.Sim;

namespace Flyscan.Tests.EmbeddedOnly.Simulation;

public sealed class CrashTests
{
    private static readonly Config Settings = ConfigurationFactory.ParseString(
        """
        akka.loglevel = OFF
        akka.persistence.journal.plugin = "akka.persistence.journal.inmem"
        akka.persistence.snapshot-store.plugin = "akka.persistence.snapshot-store.inmem"
        """);

    private readonly List<string> _said = [];

    [Fact]
    public void A_crash_takes_actors_timers_continuations_and_messages_without_a_word()
    {
        var run = Sim.Run();
        var node = run.Add("a");
        var closed = false;
        node.OnCrash(() => closed = true);
        var actor = node.System.ActorOf(Props.Create(() => new Talkative(_said)));
        node.System.Scheduler.ScheduleTellOnce(TimeSpan.FromSeconds(2), actor, "timer", ActorRefs.NoSender);
        node.At(2 * Second, () => _said.Add("callback"));
        var time = node.Time;
        node.Post(() => _ = Later());
        run.RunFor(Second);
        actor.Tell("never", ActorRefs.NoSender);

        node.Crash();
        run.RunFor(10 * Second);

        Assert.Equal(["started"], _said);
        Assert.True(closed);
        Assert.False(node.IsUp);

        async Task Later()
        {
            await Task.Delay(TimeSpan.FromSeconds(2), time);
            _said.Add("continuation");
        }
    }

    [Fact]
    public void What_was_acknowledged_is_there_after_a_crash_and_the_actor_goes_on_from_it()
    {
        var run = Sim.Run(1, new Fault.Crash("a", 3 * Second, 0, Second));
        var node = Store(run);
        Note(run, node, "one", "two");
        run.RunFor(Second);
        Assert.Equal(["kept one", "kept two"], _said);

        run.RunFor(5 * Second);
        Note(run, node, "three");
        run.RunFor(Second);

        Assert.Equal(["kept one", "kept two", "recovered one two", "kept three"], _said);
        Assert.Equal(["one", "two", "three"], node.Disk.Events("store"));
    }

    [Fact]
    public void A_write_under_way_at_the_crash_survives_or_not_as_the_seed_says()
    {
        var survived = 0;
        for (var seed = 1UL; seed <= 40; seed++)
        {
            var run = new SimulationRun(new SimulationOptions { Seed = seed, WriteNs = 10 * Ms });
            _said.Clear();
            var node = Store(run);
            Note(run, node, "one");
            run.RunFor(5 * Ms);
            node.Restart();
            run.RunFor(Second);

            Assert.DoesNotContain("kept one", _said);
            Assert.Equal(node.Disk.Events("store").Count > 0 ? ["recovered one"] : [], _said);
            survived += _said.Count;
        }

        Assert.InRange(survived, 8, 32);
    }

    [Fact]
    public void A_crash_after_so_many_deliveries_meets_the_node_at_work()
    {
        var run = Sim.Run(1, new Fault.Crash("a", Second, 3, long.MaxValue));
        var node = run.Add("a");
        var count = 0;
        var actor = node.Actor("counter", (_, _) => count++);
        run.At(2 * Second, () =>
        {
            for (var i = 0; i < 10; i++)
                actor.Tell("work", ActorRefs.NoSender);
        });

        run.RunFor(5 * Second);

        Assert.Equal(3, count);
        Assert.False(node.IsUp);
        Assert.Contains(run.Trace.Lines, line => line.Contains("2.000000000  crash      a", StringComparison.Ordinal));
    }

    [Fact]
    public void A_failed_write_stops_the_actor_and_leaves_nothing_and_a_slow_one_is_slow()
    {
        var run = Sim.Run(1, new Fault.DelayWrite("a", 0, 700 * Ms), new Fault.FailWrite("a", 1));
        var node = Store(run);
        Note(run, node, "slow");
        run.RunFor(699 * Ms);
        Assert.Empty(_said);
        run.RunFor(2 * Ms);
        Assert.Equal(["kept slow"], _said);

        Note(run, node, "failing");
        run.RunFor(Second);

        Assert.Equal(["kept slow", "failed write #1: simulated I/O error"], _said);
        Assert.Equal(["slow"], node.Disk.Events("store"));
    }

    [Fact]
    public void An_event_without_a_serialiser_is_rejected_as_by_a_real_journal()
    {
        var run = Sim.Run();
        var node = Store(run);
        node.System.ActorSelection("/user/store").Tell(new object(), ActorRefs.NoSender);

        run.RunFor(Second);

        Assert.Equal("rejected", Assert.Single(_said)[..8]);
        Assert.Empty(node.Disk.PersistenceIds);
    }

    [Fact]
    public void Snapshots_outlive_a_crash()
    {
        var run = Sim.Run();
        var node = Store(run);
        Note(run, node, "one", "two", "snapshot");
        run.RunFor(Second);
        Note(run, node, "three");
        run.RunFor(Second);

        node.Restart();
        run.RunFor(Second);

        Assert.Equal("recovered snapshot: one two three", _said[^1]);
    }

    [Fact]
    public void A_reference_to_an_earlier_life_fits_nobody()
    {
        var run = Sim.Run();
        var heard = new List<(long, object)>();
        var b = run.Add("b", node => node.Ear("ear", heard));
        var old = b.System.ActorSelection("/user/ear").ResolveOne(TimeSpan.FromSeconds(1));
        run.RunFor(Second);
#pragma warning disable xUnit1031 // The task has ended in the simulation.
        var mouth = run.Add("a").Mouth("mouth", old.Result);
#pragma warning restore xUnit1031
        mouth.Tell("first", ActorRefs.NoSender);
        run.RunFor(Second);
        b.Restart();
        mouth.Tell("second", ActorRefs.NoSender);

        run.RunFor(Second);

        Assert.Equal("first", Assert.Single(heard).Item2);
    }

    [Fact]
    public void A_system_can_end_in_good_order_too()
    {
        var run = Sim.Run();
        var node = run.Add("a");
        node.System.ActorOf(Props.Create(() => new Talkative(_said)));

        run.Run(() => node.System.Terminate(), withinNs: 30 * Second);

        Assert.Equal(["started", "stopped"], _said);
    }

    [Fact]
    public void The_journal_is_near_the_actors_of_every_group()
    {
        var run = Sim.Run();
        var node = Store(run, new NodeGroup("stores", "/user/store"));
        Note(run, node, "one");

        run.RunFor(Second);

        Assert.Equal(["kept one"], _said);
        Assert.DoesNotContain(run.Trace.Lines, line => line.Contains("send", StringComparison.Ordinal));
    }

    private SimulatedNode Store(SimulationRun run, params NodeGroup[] groups) => run.AddNode("a", new NodeOptions
    {
        Config = Settings,
        Groups = groups,
        Boot = node => node.System.ActorOf(Props.Create(() => new Keeping(_said)), "store"),
    });

    private static void Note(SimulationRun run, SimulatedNode node, params string[] words)
    {
        foreach (var word in words)
            run.At(run.NowNs, () => node.System.ActorSelection("/user/store").Tell(word, ActorRefs.NoSender));
        run.RunFor(0);
    }

    private sealed class Talkative(List<string> said) : UntypedActor
    {
        protected override void PreStart() => said.Add("started");

        protected override void PostStop() => said.Add("stopped");

        protected override void OnReceive(object message) => said.Add($"{message}");
    }

    private sealed class Keeping : ReceivePersistentActor
    {
        private readonly List<string> _said;
        private readonly List<string> _events = [];

        public Keeping(List<string> said)
        {
            _said = said;
            Recover<SnapshotOffer>(offer => _events.Add($"snapshot: {offer.Snapshot}"));
            Recover<string>(text => _events.Add(text));
            Recover<RecoveryCompleted>(_ =>
            {
                if (_events.Count > 0)
                    said.Add("recovered " + string.Join(' ', _events));
            });
            Command<string>(text => text == "snapshot", _ => SaveSnapshot(string.Join(' ', _events)));
            Command<SaveSnapshotSuccess>(_ => { });
            CommandAny(message => Persist(message, m =>
            {
                _events.Add($"{m}");
                said.Add($"kept {m}");
            }));
        }

        public override string PersistenceId => "store";

        protected override void OnPersistFailure(Exception cause, object @event, long sequenceNr) => _said.Add("failed " + cause.Message);

        protected override void OnPersistRejected(Exception cause, object @event, long sequenceNr) =>
            _said.Add("rejected " + cause.Message);
    }
}
