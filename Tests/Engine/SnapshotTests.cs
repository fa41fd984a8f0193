using Akka.Actor;
using Akka.Configuration;
using Akka.Persistence;
using Xunit;

namespace Flyscan.Tests.Engine;

public sealed class SnapshotTests : PatientTestKit
{
    public SnapshotTests()
        : base(ConfigurationFactory.ParseString(
            """
            akka.persistence.journal.plugin = "akka.persistence.journal.inmem"
            akka.persistence.snapshot-store.plugin = "akka.persistence.snapshot-store.inmem"
            """))
    {
        var actor = Start("notes", Recovery.Default);
        ExpectMsg("recovered  (0)");
        foreach (var note in new[] { "a", "b", "c" })
        {
            actor.Tell(note);
            ExpectMsg(note);
            actor.Tell("snapshot");
            ExpectMsg<SaveSnapshotSuccess>();
        }

        actor.Tell("d");
        ExpectMsg("d");
        Stop(actor);
    }

    [Fact]
    public void The_latest_snapshot_is_offered_and_only_later_events_follow()
    {
        Start("notes", Recovery.Default);

        ExpectMsg("offer 3 a,b,c");
        ExpectMsg("event d");
        ExpectMsg("recovered a,b,c,d (4)");
    }

    [Fact]
    public void A_recovery_can_ask_for_an_older_snapshot_or_none()
    {
        var actor = Start("notes", new Recovery(new SnapshotSelectionCriteria(2)));
        ExpectMsg("offer 2 a,b");
        Assert.Equal(["event c", "event d", "recovered a,b,c,d (4)"], ReceiveN(3).Cast<string>());
        Stop(actor);

        Start("notes", new Recovery(SnapshotSelectionCriteria.None));
        Assert.Equal(["event a", "event b", "event c", "event d", "recovered a,b,c,d (4)"], ReceiveN(5).Cast<string>());
    }

    [Fact]
    public void A_recovery_can_end_early()
    {
        Start("notes", new Recovery(SnapshotSelectionCriteria.None, toSequenceNr: 2));

        Assert.Equal(["event a", "event b"], ReceiveN(2).Cast<string>());
        Assert.StartsWith("recovered a,b ", ExpectMsg<string>());
    }

    [Fact]
    public void Deleted_snapshots_are_not_offered()
    {
        var actor = Start("notes", Recovery.Default);
        ReceiveN(3);
        actor.Tell("delete 3");
        Assert.Equal(3, ExpectMsg<DeleteSnapshotSuccess>().Metadata.SequenceNr);
        Stop(actor);

        actor = Start("notes", Recovery.Default);
        ExpectMsg("offer 2 a,b");
        ReceiveN(3);
        actor.Tell("delete all to 2");
        ExpectMsg<DeleteSnapshotsSuccess>();
        Stop(actor);

        Start("notes", Recovery.Default);
        ExpectMsg("event a");
    }

    [Fact]
    public void Sequence_numbers_go_on_where_all_events_are_deleted()
    {
        var actor = Start("notes", Recovery.Default);
        ReceiveN(3);
        actor.Tell("forget");
        Assert.Equal(4, ExpectMsg<DeleteMessagesSuccess>().ToSequenceNr);
        Stop(actor);

        var again = Start("notes", new Recovery(SnapshotSelectionCriteria.None));
        ExpectMsg("recovered  (4)");
        again.Tell("e");
        ExpectMsg("e");
        Stop(again);

        Start("notes", new Recovery(SnapshotSelectionCriteria.None));
        ExpectMsg("event e");
        ExpectMsg("recovered e (5)");
    }

    private IActorRef Start(string id, Recovery recovery) =>
        Sys.ActorOf(Props.Create(() => new Keeper(id, TestActor, recovery)));

    private void Stop(IActorRef actor)
    {
        var probe = CreateTestProbe();
        probe.Watch(actor);
        actor.Tell(PoisonPill.Instance);
        probe.ExpectTerminated(actor);
    }

    private sealed class Keeper : ReceivePersistentActor
    {
        private List<string> _notes = [];

        public Keeper(string id, IActorRef to, Recovery recovery)
        {
            PersistenceId = id;
            Recovery = recovery;
            Recover<SnapshotOffer>(offer =>
            {
                to.Tell($"offer {offer.Metadata.SequenceNr} {offer.Snapshot}");
                _notes = [.. ((string)offer.Snapshot).Split(',')];
            });
            Recover<string>(note =>
            {
                _notes.Add(note);
                to.Tell("event " + note);
            });
            Recover<RecoveryCompleted>(_ => to.Tell($"recovered {string.Join(',', _notes)} ({LastSequenceNr})"));
            Command<string>(m => m == "snapshot", _ => SaveSnapshot(string.Join(',', _notes)));
            Command<string>(m => m == "delete 3", _ => DeleteSnapshot(3));
            Command<string>(m => m == "delete all to 2", _ => DeleteSnapshots(new SnapshotSelectionCriteria(2)));
            Command<string>(m => m == "forget", _ => DeleteMessages(LastSequenceNr));
            Command<string>(note => Persist(note, written =>
            {
                _notes.Add(written);
                to.Tell(written);
            }));
            CommandAny(to.Tell);
        }

        public override string PersistenceId { get; }

        public override Recovery Recovery { get; }
    }
}
