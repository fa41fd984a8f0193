using Akka.Actor;
using Akka.Configuration;
using Flyscan.Persistence.Journal;
using Flyscan.Persister;

if (args.Length != 1)
{
    Console.Error.WriteLine("Flyscan.Persister DATABASE: persists events until it is killed, and prints each one that is acknowledged.");
    return 2;
}

SqliteLibrary.Initialise();
var system = ActorSystem.Create("persister", ConfigurationFactory.ParseString(
    $$"""
    akka.loglevel = OFF
    akka.stdout-loglevel = OFF
    akka.persistence.journal.plugin = "akka.persistence.journal.sql"
    akka.persistence.journal.sql {
      class = "Akka.Persistence.Sql.Journal.SqlWriteJournal, Akka.Persistence.Sql"
      connection-string = "Data Source={{args[0]}}"
      provider-name = "SQLite.MS"
      auto-initialize = on
    }
    akka.actor {
      serializers { numbers = "{{typeof(NumberSerializer).FullName}}, {{typeof(NumberSerializer).Assembly.GetName().Name}}" }
      serialization-bindings { "{{typeof(Number).FullName}}, {{typeof(Number).Assembly.GetName().Name}}" = numbers }
    }
    """));
foreach (var way in new[] { "one", "all", "async" })
    system.ActorOf(Props.Create(() => new Writer(way)), way);
await system.WhenTerminated;
return 0;
