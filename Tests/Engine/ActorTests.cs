using Akka.Actor;
using Akka.Event;
using Xunit;

namespace Flyscan.Tests.Engine;

public sealed class ActorTests : PatientTestKit
{
    [Fact]
    public void Messages_of_one_sender_arrive_in_order()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Forwarder(TestActor)));

        for (var i = 0; i < 2000; i++)
            actor.Tell(i);

        Assert.Equal(Enumerable.Range(0, 2000).Cast<object>(), ReceiveN(2000));
    }

    [Fact]
    public void Many_senders_lose_nothing_and_keep_their_own_order()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Forwarder(TestActor)));

        Parallel.For(0, 4, sender =>
        {
            for (var i = 0; i < 1000; i++)
                actor.Tell((sender, i));
        });

        var received = ReceiveN(4000).Cast<(int Sender, int Number)>().ToArray();
        for (var sender = 0; sender < 4; sender++)
            Assert.Equal(Enumerable.Range(0, 1000), received.Where(m => m.Sender == sender).Select(m => m.Number));
    }

    [Fact]
    public void Two_actors_that_keep_each_other_busy_do_not_starve_a_third()
    {
        var partner = Sys.ActorOf(Props.Create(() => new Returner()));
        var busy = Sys.ActorOf(Props.Create(() => new Returner()));
        busy.Tell(new Ball(), partner);
        var third = Sys.ActorOf(Props.Create(() => new Forwarder(TestActor)));

        third.Tell("heard");

        ExpectMsg("heard");
    }

    [Fact]
    public void A_selection_finds_by_path_by_wildcard_and_relative_to_a_parent()
    {
        var parent = Sys.ActorOf(Props.Create(() => new Parent()), "parent");
        parent.Tell("child-a");
        ExpectMsg<IActorRef>();
        parent.Tell("child-b");
        ExpectMsg<IActorRef>();

        Sys.ActorSelection("/user/parent/child-a").Tell("one");
        ExpectMsg("child-a:one");
        Sys.ActorSelection("akka://" + Sys.Name + "/user/parent/child-b").Tell("two");
        ExpectMsg("child-b:two");
        Sys.ActorSelection("/user/parent/*").Tell("all");
        ExpectMsgAllOf("child-a:all", "child-b:all");
        Sys.ActorSelection(parent, "../parent/child-b").Tell("three");
        ExpectMsg("child-b:three");
    }

    [Fact]
    public async Task A_selection_resolves_one_actor_and_fails_where_there_is_none()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Returner()), "here");

        Assert.Equal(actor, await Sys.ActorSelection("/user/here").ResolveOne(TimeSpan.FromSeconds(3)));
        await Assert.ThrowsAnyAsync<AkkaException>(() => Sys.ActorSelection("/user/nowhere").ResolveOne(TimeSpan.FromSeconds(3)));
    }

    [Fact]
    public void Identify_is_answered_by_the_actor_and_by_nobody_for_an_empty_path()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Returner()), "someone");

        actor.Tell(new Identify(1));
        Assert.Equal(actor, ExpectMsg<ActorIdentity>(m => Equals(m.MessageId, 1)).Subject);
        Sys.ActorSelection("/user/nobody").Tell(new Identify(2));
        Assert.Null(ExpectMsg<ActorIdentity>(m => Equals(m.MessageId, 2)).Subject);
    }

    [Fact]
    public void Become_replaces_and_stacked_behaviours_come_back()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Moody()));

        actor.Tell("state");
        ExpectMsg("first");
        actor.Tell("push");
        actor.Tell("state");
        ExpectMsg("second");
        actor.Tell("pop");
        actor.Tell("state");
        ExpectMsg("first");
        actor.Tell("replace");
        actor.Tell("state");
        ExpectMsg("third");
    }

    [Fact]
    public void The_first_handler_that_fits_is_called_and_the_rest_is_unhandled()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Choosy()));
        Sys.EventStream.Subscribe(TestActor, typeof(UnhandledMessage));

        actor.Tell(7);
        ExpectMsg("big 7");
        actor.Tell(3);
        ExpectMsg("small 3");
        actor.Tell("text");
        Assert.Equal("text", ExpectMsg<UnhandledMessage>().Message);
    }

    [Fact]
    public void A_name_is_taken_until_its_actor_has_ended()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Returner()), "unique");
        Assert.Throws<InvalidActorNameException>(() => Sys.ActorOf(Props.Create(() => new Returner()), "unique"));
        Assert.Throws<InvalidActorNameException>(() => Sys.ActorOf(Props.Create(() => new Returner()), "$bad"));

        Watch(actor);
        Sys.Stop(actor);
        ExpectTerminated(actor);

        AwaitAssert(() => Sys.ActorOf(Props.Create(() => new Returner()), "unique"));
    }

    [Fact]
    public void An_incarnation_of_the_same_name_is_another_actor()
    {
        var first = Sys.ActorOf(Props.Create(() => new Returner()), "again");
        Watch(first);
        Sys.Stop(first);
        ExpectTerminated(first);
        IActorRef? second = null;
        AwaitAssert(() => second = Sys.ActorOf(Props.Create(() => new Returner()), "again"));

        Assert.NotEqual(first, second);
        Assert.Equal(first.Path, second!.Path);
        Sys.EventStream.Subscribe(TestActor, typeof(DeadLetter));
        first.Tell("late");
        Assert.Equal("late", ExpectMsg<DeadLetter>().Message);
    }

    [Fact]
    public void Forward_keeps_the_sender_and_no_sender_is_the_dead_letters()
    {
        var probe = CreateTestProbe();
        var actor = Sys.ActorOf(Props.Create(() => new Passer(probe.Ref)));

        actor.Tell("told", TestActor);
        probe.ExpectMsg("told");
        Assert.Equal(TestActor, probe.LastSender);
        actor.Tell("anonymous", ActorRefs.NoSender);
        probe.ExpectMsg("anonymous");
        Assert.Equal(Sys.DeadLetters, probe.LastSender);
    }

    [Fact]
    public void What_is_sent_to_an_ended_actor_becomes_a_dead_letter()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Returner()));
        Watch(actor);
        actor.Tell(PoisonPill.Instance);
        ExpectTerminated(actor);
        Sys.EventStream.Subscribe(TestActor, typeof(DeadLetter));

        actor.Tell("too late");

        var letter = ExpectMsg<DeadLetter>();
        Assert.Equal(("too late", TestActor, actor), (letter.Message, letter.Sender, letter.Recipient));
    }

    [Fact]
    public void Actors_are_made_by_contexts_only() => Assert.Throws<ActorInitializationException>(() =>
    {
        ClearCurrent();
        return new Returner();
    });

    private static void ClearCurrent()
    {
        // Another thread has no actor at work.
        Exception? thrown = null;
        var thread = new Thread(() => thrown = Record.Exception(() => new Returner()));
        thread.Start();
        thread.Join();
        if (thrown is not null)
            throw thrown;
    }

    private sealed record Ball;

    private sealed class Forwarder : ReceiveActor
    {
        public Forwarder(IActorRef to) => ReceiveAny(to.Tell);
    }

    private sealed class Passer : ReceiveActor
    {
        public Passer(IActorRef to) => ReceiveAny(to.Forward);
    }

    private sealed class Returner : ReceiveActor
    {
        public Returner() => ReceiveAny(m => Sender.Tell(m));
    }

    private sealed class Parent : ReceiveActor
    {
        public Parent() => Receive<string>(name => Sender.Tell(Context.ActorOf(Props.Create(() => new Named()), name)));
    }

    private sealed class Named : ReceiveActor
    {
        public Named() => Receive<string>(m => Sender.Tell($"{Self.Path.Name}:{m}"));
    }

    private sealed class Choosy : ReceiveActor
    {
        public Choosy()
        {
            Receive<int>(n => n > 5, n => Sender.Tell($"big {n}"));
            Receive<int>(n => Sender.Tell($"small {n}"));
        }
    }

    private sealed class Moody : ReceiveActor
    {
        public Moody() => First();

        private void First()
        {
            Receive<string>(m => m == "state", _ => Sender.Tell("first"));
            Receive<string>(m => m == "push", _ => BecomeStacked(Second));
            Receive<string>(m => m == "replace", _ => Become(Third));
        }

        private void Second()
        {
            Receive<string>(m => m == "state", _ => Sender.Tell("second"));
            Receive<string>(m => m == "pop", _ => UnbecomeStacked());
        }

        private void Third() => Receive<string>(m => m == "state", _ => Sender.Tell("third"));
    }
}
