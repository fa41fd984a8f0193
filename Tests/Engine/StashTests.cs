using Akka.Actor;
using Akka.TestKit.Xunit2;
using Xunit;

namespace Flyscan.Tests.Engine;

public sealed class StashTests : TestKit
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
