using Akka.Actor;
using Akka.Event;
using Flyscan.Engine.Simulation;
using Xunit;
using static Flyscan.Tests.EmbeddedOnly.Simulation.Sim;

namespace Flyscan.Tests.EmbeddedOnly.Simulation;

public sealed class NetworkTests
{
    private readonly List<(long AtNs, object Message)> _heard = [];

    [Fact]
    public void Messages_between_nodes_arrive_in_order_after_the_latency()
    {
        var run = Sim.Run();

        Send(run, 3);

        Assert.Equal([(Ms, (object)"m0"), (Ms, "m1"), (Ms, "m2")], _heard);
    }

    [Fact]
    public void A_lost_message_is_lost_and_a_duplicated_one_comes_twice()
    {
        var run = Sim.Run(1, new Fault.Lose("a", "b", 1), new Fault.Duplicate("a", "b", 2, 5 * Ms));

        Send(run, 4);

        Assert.Equal(["m0", "m2", "m3", "m2"], _heard.Select(h => h.Message));
        Assert.Equal(6 * Ms, _heard[^1].AtNs);
        Assert.Equal([new Fault.Lose("a", "b", 1), new Fault.Duplicate("a", "b", 2, 5 * Ms)], run.Faults);
    }

    [Fact]
    public void A_delay_holds_up_what_follows()
    {
        var run = Sim.Run(1, new Fault.Delay("a", "b", 1, 10 * Ms));

        Send(run, 3);

        Assert.Equal([(Ms, (object)"m0"), (11 * Ms, "m1"), (11 * Ms, "m2")], _heard);
    }

    [Fact]
    public void Nothing_passes_a_partition_until_it_ends()
    {
        var run = Sim.Run(1, new Fault.Partition("a", "b", 2 * Ms, 10 * Ms));
        var (mouth, _) = Connect(run);
        foreach (var at in (long[])[0, 1_500_000, 5 * Ms, 13 * Ms])
            run.At(at, () => mouth.Tell($"at {at}", ActorRefs.NoSender));

        run.RunFor(Second);

        Assert.Equal(["at 0", $"at {13 * Ms}"], _heard.Select(h => h.Message));
    }

    [Fact]
    public void What_has_no_serialiser_cannot_cross_and_the_run_says_so()
    {
        var run = Sim.Run(seed: 9);
        var (mouth, _) = Connect(run);
        mouth.Tell(new Private(), ActorRefs.NoSender);

        var error = Assert.Throws<SimulationException>(() => run.RunUntilIdle());

        Assert.Contains("seed 9", error.Message, StringComparison.Ordinal);
        Assert.Contains($"{typeof(Private)} cannot cross from a to b: No serializer is bound", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_reference_that_came_the_wrong_way_still_goes_over_the_network()
    {
        var run = Sim.Run(1, new Fault.Lose("a", "b", 0));
        var b = run.Add("b");
        var direct = b.Ear("ear", _heard);
        var mouth = run.Add("a").Mouth("mouth", direct);
        mouth.Tell("lost", ActorRefs.NoSender);
        mouth.Tell("found", ActorRefs.NoSender);

        Assert.True(run.RunUntilIdle());

        Assert.Equal([(Ms, (object)"found")], _heard);
    }

    [Fact]
    public void Answers_asks_and_selections_find_their_way_back()
    {
        var run = Sim.Run();
        var b = run.Add("b", node => node.Actor("echo", (context, message) => context.Sender.Tell($"{message}!")));
        var a = run.Add("a");
        var ear = a.Ear("ear", _heard);
        var asker = a.Actor("asker", (_, message) => a.RefTo(b, "/user/echo").Ask<string>(message, TimeSpan.FromSeconds(1)).PipeTo(ear));
        asker.Tell("hello", ActorRefs.NoSender);

        run.RunUntilIdle();
        var found = run.Run(() => a.System.ActorSelection("akka://b/user/echo").ResolveOne(TimeSpan.FromSeconds(1)), 2 * Second);
        var missing = Assert.Throws<ActorNotFoundException>(() =>
            run.Run(() => a.System.ActorSelection("akka://b/user/nobody").ResolveOne(TimeSpan.FromSeconds(1)), 2 * Second));

        Assert.Equal([(2 * Ms, (object)"hello!")], _heard);
        Assert.Equal("akka://b/user/echo", found.Path.ToString());
        Assert.Contains("No actor is at", missing.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_watcher_hears_of_a_remote_end_once_and_of_who_was_never_there()
    {
        var run = Sim.Run();
        var b = run.Add("b");
        var mortal = b.Actor("mortal", (_, _) => { });
        Watcher(run.Add("a"), b, "/user/mortal", "/user/never");
        run.RunFor(10 * Ms);
        Assert.Equal(["never gone"], _heard.Select(h => h.Message));

        mortal.Tell(PoisonPill.Instance, ActorRefs.NoSender);
        run.RunFor(Ms);
        b.Crash();
        run.RunFor(60 * Second);

        Assert.Equal([(2 * Ms, (object)"never gone"), (11 * Ms, "mortal gone")], _heard);
    }

    [Fact]
    public void A_crash_of_the_node_is_a_remote_end_after_the_time_of_detection()
    {
        var run = Sim.Run(1, new Fault.Crash("b", Second, 0, Second));
        var b = run.Add("b", node => node.Actor("one", (_, _) => { }));
        Watcher(run.Add("a"), b, "/user/one");

        run.RunFor(20 * Second);

        Assert.Equal([(6 * Second, (object)"one gone")], _heard);
        Assert.Equal(2, b.Lives);
    }

    [Fact]
    public void A_partition_ends_watches_only_when_it_outlasts_the_detection()
    {
        var run = Sim.Run();
        var b = run.Add("b", node => node.Actor("one", (_, _) => { }));
        Watcher(run.Add("a"), b, "/user/one");
        run.RunFor(Second);

        run.Network.Partition("a", "b", 4 * Second);
        run.RunFor(10 * Second);
        Assert.Empty(_heard);
        run.Network.Partition("a", "b", 6 * Second);
        run.RunFor(10 * Second);

        Assert.Equal([(16 * Second, (object)"one gone")], _heard);
    }

    [Fact]
    public void Groups_of_one_system_talk_over_the_network_and_keep_their_objects()
    {
        var run = Sim.Run(1, new Fault.Lose("a/left", "a/right", 0));
        var node = run.AddNode("a", new NodeOptions
        {
            Config = Quiet,
            Groups = [new NodeGroup("left", "/user/mouth"), new NodeGroup("right", "/user/ear")],
        });
        var mouth = node.Mouth("mouth", node.Ear("ear", _heard));
        var message = new Private();
        mouth.Tell("lost", ActorRefs.NoSender);
        mouth.Tell(message, ActorRefs.NoSender);

        Assert.True(run.RunUntilIdle());

        Assert.Equal([(Ms, (object)message)], _heard);
    }

    private (IActorRef Mouth, SimulatedNode B) Connect(SimulationRun run)
    {
        var b = run.Add("b");
        b.Ear("ear", _heard);
        var a = run.Add("a");
        return (a.Mouth("mouth", a.RefTo(b, "/user/ear")), b);
    }

    private void Send(SimulationRun run, int count)
    {
        var (mouth, _) = Connect(run);
        for (var i = 0; i < count; i++)
            mouth.Tell($"m{i}", ActorRefs.NoSender);
        Assert.True(run.RunUntilIdle());
    }

    private void Watcher(SimulatedNode node, SimulatedNode other, params string[] paths) => node.System.ActorOf(Props.Create(() =>
        new Watching(paths.Select(p => node.RefTo(other, p)).ToArray(), node.Run, _heard)));

    private sealed class Private : IDeadLetterSuppression;

    private sealed class Watching : ReceiveActor
    {
        public Watching(IActorRef[] watched, SimulationRun run, List<(long, object)> heard)
        {
            foreach (var actor in watched)
                Context.Watch(actor);
            Receive<Terminated>(ended => heard.Add((run.NowNs, $"{ended.ActorRef.Path.Name} gone")));
        }
    }
}
