using Akka.Actor;
using Akka.Configuration;
using Akka.Persistence;
using Xunit;

namespace Flyscan.Tests.Engine;

/// <summary>In what order commands, handlers and deferred handlers run, and who their sender is.</summary>
public sealed class PersistenceOrderTests : PatientTestKit
{
    public PersistenceOrderTests()
        : base(ConfigurationFactory.ParseString(
            """
            akka.persistence.journal.plugin = "akka.persistence.journal.inmem"
            akka.persistence.snapshot-store.plugin = "akka.persistence.snapshot-store.inmem"
            """))
    {
    }

    [Fact]
    public void Asynchronous_events_and_deferred_handlers_keep_their_order()
    {
        var actor = Start("async");

        actor.Tell("mixed");

        Assert.Equal(["command", "a1", "defer 1", "a2", "a3", "defer 2"], ReceiveN(6).Cast<string>());
    }

    [Fact]
    public void A_deferred_handler_runs_at_once_where_nothing_is_being_written()
    {
        var actor = Start("defer");

        actor.Tell("defer only");

        Assert.Equal(["deferred", "command"], ReceiveN(2).Cast<string>());
    }

    [Fact]
    public void Handlers_of_all_kinds_have_the_sender_of_their_command()
    {
        var actor = Start("sender");
        var probe = CreateTestProbe();

        probe.Send(actor, "reply");

        Assert.Equal(["persisted", "persisted all", "persisted async", "deferred"], probe.ReceiveN(4).Cast<string>());
    }

    [Fact]
    public void A_command_sees_the_handlers_of_the_one_before_it_done()
    {
        var actor = Start("strict");

        for (var i = 0; i < 100; i++)
            actor.Tell("three");
        actor.Tell("count");

        Assert.Equal("300 of 300", FishForMessage<string>(m => m.Contains(" of ", StringComparison.Ordinal)));
    }

    [Fact]
    public void Commands_that_come_during_recovery_wait_and_keep_their_order()
    {
        var actor = Start("recovering");
        for (var i = 0; i < 100; i++)
            actor.Tell("three");
        actor.Tell("count");
        ExpectMsg("300 of 300");
        StopAndWait(actor);

        var again = Start("recovering");
        again.Tell("count");
        again.Tell("three");
        again.Tell("count");

        ExpectMsg("300 of 300");
        ExpectMsg("303 of 303");
    }

    [Fact]
    public void An_asynchronous_command_holds_back_the_next_and_can_persist_at_its_end()
    {
        var actor = Start("command-async");

        actor.Tell("async command");
        actor.Tell("count");

        ExpectMsg("after await");
        ExpectMsg("late event");
        ExpectMsg("1 of 1");
    }

    [Fact]
    public void An_actor_s_own_stash_is_apart_from_the_one_of_writing()
    {
        var actor = Start("stash");

        actor.Tell("stash me");
        actor.Tell("three");
        actor.Tell("unstash");

        ExpectMsg("unstashed after 3");
    }

    [Fact]
    public void A_behaviour_of_a_persistent_actor_can_change()
    {
        var actor = Start("become");

        actor.Tell("become");
        actor.Tell("count");

        ExpectMsg("other: count");
    }

    [Fact]
    public void What_another_incarnation_wrote_is_recovered_and_its_handlers_are_not_called()
    {
        var actor = Start("restart");

        actor.Tell("persist two and fail");
        actor.Tell("count");

        ExpectMsg("2 of 2");
    }

    private IActorRef Start(string id) => Sys.ActorOf(Props.Create(() => new Clerk(id, TestActor)));

    private void StopAndWait(IActorRef actor)
    {
        Watch(actor);
        Sys.Stop(actor);
        ExpectTerminated(actor);
    }

    private sealed class Clerk : ReceivePersistentActor
    {
        private readonly IActorRef _to;
        private int _events;

        public Clerk(string id, IActorRef to)
        {
            PersistenceId = id;
            _to = to;
            Recover<string>(_ => _events++);
            Command<string>(m => m == "mixed", _ => Mix());
            Command<string>(m => m == "defer only", _ =>
            {
                DeferAsync("deferred", _to.Tell);
                _to.Tell("command");
            });
            Command<string>(m => m == "reply", _ => Reply());
            Command<string>(m => m == "three", _ => PersistAll(["x", "y", "z"], (string _) => _events++));
            Command<string>(m => m == "count", _ => _to.Tell($"{_events} of {LastSequenceNr}"));
            Command<string>(m => m == "become", _ => Become(() => Command<string>(m => _to.Tell("other: " + m))));
            Command<string>(m => m == "stash me", _ =>
            {
                if (_events == 0)
                    Stash.Stash();
                else
                    _to.Tell($"unstashed after {_events}");
            });
            Command<string>(m => m == "unstash", _ => Stash.UnstashAll());
            Command<string>(m => m == "persist two and fail", _ => PersistAll(["x", "y"], (string _) =>
                throw new InvalidOperationException("boom")));
            CommandAsync<string>(m => m == "async command", async _ =>
            {
                await Task.Yield();
                _to.Tell("after await");
                Persist("late event", Note);
            });
        }

        public override string PersistenceId { get; }

        private void Mix()
        {
            PersistAsync("a1", Note);
            DeferAsync("defer 1", Note);
            PersistAllAsync(["a2", "a3"], Note);
            DeferAsync("defer 2", Note);
            _to.Tell("command");
        }

        private void Reply()
        {
            Persist("persisted", e => Sender.Tell(e));
            PersistAll(["persisted all"], (string e) => Sender.Tell(e));
            PersistAsync("persisted async", e => Sender.Tell(e));
            DeferAsync("deferred", e => Sender.Tell(e));
        }

        private void Note(string note)
        {
            _events++;
            _to.Tell(note);
        }
    }
}
