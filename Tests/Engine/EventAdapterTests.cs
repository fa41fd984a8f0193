using System.Collections.Immutable;
using Akka.Actor;
using Akka.Configuration;
using Akka.Persistence;
using Akka.Persistence.Journal;
using Xunit;

namespace Flyscan.Tests.Engine;

/// <summary>Adapters change events on their way into the journal and out of it.</summary>
public sealed class EventAdapterTests : PatientTestKit
{
    public EventAdapterTests()
        : base(ConfigurationFactory.ParseString(
            $$"""
            akka.persistence.journal.plugin = "akka.persistence.journal.inmem"
            akka.persistence.journal.inmem {
              event-adapters { words = "{{typeof(Words).FullName}}, {{typeof(Words).Assembly.GetName().Name}}" }
              event-adapter-bindings { "{{typeof(Said).FullName}}, {{typeof(Said).Assembly.GetName().Name}}" = words }
            }
            """))
    {
    }

    [Fact]
    public void An_event_is_stored_as_the_adapter_makes_it_and_comes_back_as_many_as_it_says()
    {
        var speaker = Sys.ActorOf(Props.Create(() => new Speaker("speaker", TestActor)));
        speaker.Tell("hello world");
        ExpectMsg("handled hello world");
        speaker.Tell("secret");
        ExpectMsg("handled secret");
        Watch(speaker);
        Sys.Stop(speaker);
        ExpectTerminated(speaker);

        Sys.ActorOf(Props.Create(() => new Speaker("speaker", TestActor)));

        ExpectMsg("recovered HELLO (said/1)");
        ExpectMsg("recovered WORLD (said/1)");
        ExpectMsg("2 events");
    }

    [Fact]
    public void A_tagged_event_is_recovered_without_its_tags()
    {
        var speaker = Sys.ActorOf(Props.Create(() => new Speaker("tags", TestActor)));
        speaker.Tell(7);
        ExpectMsg("tagged 7");
        Watch(speaker);
        Sys.Stop(speaker);
        ExpectTerminated(speaker);

        Sys.ActorOf(Props.Create(() => new Speaker("tags", TestActor)));

        ExpectMsg("recovered number 7");
        ExpectMsg("1 events");
    }

    public sealed record Said(string Text);

    public sealed class Words : IEventAdapter
    {
        public string Manifest(object evt) => "said/1";

        public object ToJournal(object evt) => new Said(((Said)evt).Text.ToUpperInvariant());

        public IEventSequence FromJournal(object evt, string manifest)
        {
            var text = ((Said)evt).Text;
            return text == "SECRET"
                ? EventSequence.Empty
                : EventSequence.Create(text.Split(' ').Select(word => (object)new Said($"{word} ({manifest})")));
        }
    }

    private sealed class Speaker : ReceivePersistentActor
    {
        public Speaker(string id, IActorRef to)
        {
            PersistenceId = id;
            Recover<Said>(said => to.Tell("recovered " + said.Text));
            Recover<int>(number => to.Tell($"recovered number {number}"));
            Recover<RecoveryCompleted>(_ =>
            {
                if (LastSequenceNr > 0)
                    to.Tell($"{LastSequenceNr} events");
            });
            Command<string>(text => Persist(new Said(text), said => to.Tell("handled " + said.Text)));
            Command<int>(number => Persist(
                new Tagged(number, ImmutableHashSet.Create("numbers")), tagged => to.Tell($"tagged {tagged.Payload}")));
        }

        public override string PersistenceId { get; }
    }
}
