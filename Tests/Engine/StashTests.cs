using Akka.Actor;
using Akka.Event;
using Xunit;

namespace Flyscan.Tests.Engine;

public sealed class StashTests : PatientTestKit
{
    [Fact]
    public void Unstashed_messages_come_first_and_in_order()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Keeper(TestActor)));

        foreach (var message in new[] { "a", "b", "open", "c" })
            actor.Tell(message);

        ExpectMsg("a");
        ExpectMsg("b");
        ExpectMsg("c");
    }

    [Fact]
    public void Prepended_messages_come_before_what_is_stashed()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Keeper(TestActor)));

        foreach (var message in new[] { "a", "prepend", "open" })
            actor.Tell(message);

        ExpectMsg("first");
        ExpectMsg("a");
    }

    [Fact]
    public void A_restart_unstashes()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Keeper(TestActor)));

        foreach (var message in new[] { "a", "fail", "open" })
            actor.Tell(message);

        ExpectMsg("a");
    }

    [Fact]
    public void One_message_cannot_be_stashed_twice()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Keeper(TestActor)));

        actor.Tell("twice");

        ExpectMsg("refused");
    }

    [Fact]
    public void Stashed_messages_come_back_one_by_one_or_chosen()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Chooser(TestActor)));

        foreach (var message in new[] { "a", "b", "c", "one" })
            actor.Tell(message);
        ExpectMsg("a");
        ExpectNoMsg(TimeSpan.FromMilliseconds(30));
        actor.Tell("only c");

        ExpectMsg("c");
        ExpectNoMsg(TimeSpan.FromMilliseconds(30));
    }

    [Fact]
    public void A_stash_says_what_it_has_and_keeps_the_senders()
    {
        var probe = CreateTestProbe();
        var actor = Sys.ActorOf(Props.Create(() => new Chooser(TestActor)));
        probe.Send(actor, "x");

        actor.Tell("count");
        ExpectMsg("1 False True");
        actor.Tell("clear");

        ExpectMsg<(string Text, IActorRef Sender)>(m => m == ("x", probe.Ref));
        actor.Tell("count");
        ExpectMsg("0 True False");
    }

    [Fact]
    public void What_is_stashed_when_an_actor_stops_is_dead()
    {
        var actor = Watch(Sys.ActorOf(Props.Create(() => new Chooser(TestActor))));
        actor.Tell("kept");
        var dead = CreateTestProbe();
        Sys.EventStream.Subscribe(dead.Ref, typeof(DeadLetter));

        Sys.Stop(actor);

        ExpectTerminated(actor);
        Assert.Equal("kept", dead.ExpectMsg<DeadLetter>().Message);
    }

    private sealed class Chooser : ReceiveActor, IWithUnboundedStash
    {
        private bool _open;

        public Chooser(IActorRef to)
        {
            Receive<string>(m => m == "one", _ =>
            {
                _open = true;
                Stash.Unstash();
            });
            Receive<string>(m => m == "only c", _ =>
            {
                _open = true;
                Stash.UnstashAll(envelope => Equals(envelope.Message, "c"));
            });
            Receive<string>(m => m == "count", _ => to.Tell($"{Stash.Count} {Stash.IsEmpty} {Stash.NonEmpty}"));
            Receive<string>(m => m == "clear", _ =>
            {
                foreach (var envelope in Stash.ClearStash())
                    to.Tell(((string)envelope.Message, envelope.Sender));
            });
            Receive<string>(m =>
            {
                if (_open)
                    to.Tell(m);
                else
                    Stash.Stash();
            });
        }

        public IStash Stash { get; set; } = null!;
    }

    private sealed class Keeper : ReceiveActor, IWithUnboundedStash
    {
        public Keeper(IActorRef to)
        {
            Receive<string>(m => m == "open", _ =>
            {
                Stash.UnstashAll();
                Become(() => Receive<string>(to.Tell));
            });
            Receive<string>(m => m == "prepend", _ => Stash.Prepend([new Envelope("first", Self)]));
            Receive<string>(m => m == "fail", _ => throw new InvalidOperationException("boom"));
            Receive<string>(m => m == "twice", _ =>
            {
                Stash.Stash();
                if (Record.Exception(Stash.Stash) is not null)
                    to.Tell("refused");
            });
            Receive<string>(_ => Stash.Stash());
        }

        public IStash Stash { get; set; } = null!;
    }
}
