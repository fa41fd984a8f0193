using Akka.Actor;
using Akka.Configuration;
using Akka.Persistence;
using Xunit;

namespace Flyscan.Tests.Engine;

public sealed class PersistenceTests : PatientTestKit
{
    public PersistenceTests()
        : base(ConfigurationFactory.ParseString(
            """
            akka.persistence.journal.plugin = "akka.persistence.journal.inmem"
            akka.persistence.snapshot-store.plugin = "akka.persistence.snapshot-store.inmem"
            """))
    {
    }

    [Fact]
    public void Events_are_handled_in_order_and_recovered()
    {
        var actor = Start("ordered");
        actor.Tell("persist a");
        actor.Tell("all b c");
        actor.Tell("persist d");
        Assert.Equal(["a", "b", "c", "d"], ReceiveN(4).Cast<string>());
        StopAndWait(actor);

        var again = Start("ordered");
        again.Tell("state");

        ExpectMsg("a b c d (4)");
    }

    [Fact]
    public void Commands_wait_while_an_event_is_being_written()
    {
        var actor = Start("stashing");

        for (var i = 0; i < 50; i++)
        {
            actor.Tell($"persist {i}");
            actor.Tell("number");
        }

        for (var i = 0; i < 50; i++)
        {
            ExpectMsg(i.ToString());
            ExpectMsg((long)i + 1);
        }
    }

    [Fact]
    public void Asynchronous_events_let_commands_pass_and_defer_comes_after_them()
    {
        var actor = Start("async");

        actor.Tell("async x");

        ExpectMsg("command done");
        ExpectMsg("x");
        ExpectMsg("deferred");
    }

    [Fact]
    public void An_event_persisted_in_a_handler_is_written_before_the_next_command()
    {
        var actor = Start("nested");

        actor.Tell("nested");
        actor.Tell("state");

        ExpectMsg("outer");
        ExpectMsg("inner");
        ExpectMsg("outer inner (2)");
    }

    [Fact]
    public void A_snapshot_shortens_the_recovery_and_old_events_can_go()
    {
        var actor = Start("snapshots");
        actor.Tell("persist a");
        actor.Tell("persist b");
        ReceiveN(2);
        actor.Tell("snapshot");
        Assert.Equal(2, ExpectMsg<SaveSnapshotSuccess>().Metadata.SequenceNr);
        actor.Tell("delete 2");
        Assert.Equal(2, ExpectMsg<DeleteMessagesSuccess>().ToSequenceNr);
        actor.Tell("persist c");
        ExpectMsg("c");
        StopAndWait(actor);

        var again = Start("snapshots");
        again.Tell("state");

        ExpectMsg("a b c (3)");
    }

    [Fact]
    public void A_failing_handler_restarts_the_actor_which_recovers_what_was_written()
    {
        var actor = Start("failing");
        actor.Tell("persist a");
        ExpectMsg("a");

        actor.Tell("persist and fail");
        actor.Tell("state");

        ExpectMsg("a written (2)");
    }

    [Fact]
    public void Events_can_be_persisted_on_recovery_completed_but_not_before()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Starter("starter", TestActor)));

        ExpectMsg("started");
        StopAndWait(actor);
        Sys.ActorOf(Props.Create(() => new Starter("starter", TestActor)));
        ExpectMsg("refused");
        ExpectMsg("started");
    }

    [Fact]
    public void A_failing_recovery_stops_the_actor()
    {
        var actor = Start("poisoned");
        actor.Tell("persist poison");
        ExpectMsg("poison");
        StopAndWait(actor);

        var again = Start("poisoned");
        Watch(again);

        ExpectMsg("recovery failed: poison");
        ExpectTerminated(again);
    }

    private IActorRef Start(string id) => Sys.ActorOf(Props.Create(() => new Notebook(id, TestActor)));

    private void StopAndWait(IActorRef actor)
    {
        Watch(actor);
        Sys.Stop(actor);
        ExpectTerminated(actor);
    }

    private sealed class Notebook : ReceivePersistentActor
    {
        private readonly IActorRef _to;
        private List<string> _notes = [];

        public Notebook(string id, IActorRef to)
        {
            PersistenceId = id;
            _to = to;
            Recover<SnapshotOffer>(offer => _notes = [.. ((string)offer.Snapshot).Split(' ')]);
            Recover<string>(e => e == "poison", _ => throw new InvalidOperationException("poison"));
            Recover<string>(e => _notes.Add(e));
            Command<string>(m => m.StartsWith("persist and fail", StringComparison.Ordinal), _ =>
                Persist("written", _ => throw new InvalidOperationException("boom")));
            Command<string>(m => m.StartsWith("persist ", StringComparison.Ordinal), m => Persist(m[8..], Note));
            Command<string>(m => m.StartsWith("all ", StringComparison.Ordinal), m => PersistAll(m[4..].Split(' '), Note));
            Command<string>(m => m.StartsWith("async ", StringComparison.Ordinal), m =>
            {
                PersistAsync(m[6..], Note);
                DeferAsync("deferred", _to.Tell);
                _to.Tell("command done");
            });
            Command<string>(m => m == "nested", _ => Persist("outer", outer =>
            {
                Note(outer);
                Persist("inner", Note);
            }));
            Command<string>(m => m == "state", _ => Sender.Tell($"{string.Join(' ', _notes)} ({LastSequenceNr})"));
            Command<string>(m => m == "number", _ => Sender.Tell(LastSequenceNr));
            Command<string>(m => m == "snapshot", _ => SaveSnapshot(string.Join(' ', _notes)));
            Command<string>(m => m.StartsWith("delete ", StringComparison.Ordinal), m => DeleteMessages(long.Parse(m[7..])));
            Command<SaveSnapshotSuccess>(to.Tell);
            Command<DeleteMessagesSuccess>(to.Tell);
        }

        public override string PersistenceId { get; }

        protected override void OnRecoveryFailure(Exception reason, object? message = null) =>
            _to.Tell("recovery failed: " + reason.Message);

        private void Note(string note)
        {
            _notes.Add(note);
            _to.Tell(note);
        }
    }

    private sealed class Starter : ReceivePersistentActor
    {
        public Starter(string id, IActorRef to)
        {
            PersistenceId = id;
            Recover<string>(_ =>
            {
                if (Record.Exception(() => Persist("no", _ => { })) is InvalidOperationException)
                    to.Tell("refused");
            });
            Recover<RecoveryCompleted>(_ =>
            {
                if (LastSequenceNr == 0)
                    Persist("started", to.Tell);
                else
                    to.Tell("started");
            });
        }

        public override string PersistenceId { get; }
    }
}
