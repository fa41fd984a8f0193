using Akka.Actor;
using Akka.Configuration;
using Akka.Persistence;
using Flyscan.Persistence.Journal;

namespace Flyscan.Benchmarks;

/// <summary>How fast the actor engine is: telling, ping-pong, asking, persisting.</summary>
public static class EngineBenchmarks
{
    private const int Rounds = 5;
    private const int ArchiveSize = 100_000;
    private const string Archive = "archive";

    /// <summary>Prints a line per measure; rates are the best of the rounds, so that the first one's compilation does not count.</summary>
    public static void Run(TextWriter output)
    {
        var folder = Directory.CreateTempSubdirectory("flyscan-bench-").FullName;
        SqliteLibrary.Initialise();
        var system = ActorSystem.Create("bench", ConfigurationFactory.ParseString(Settings(folder)));
        try
        {
            output.WriteLine($"tell to one actor      {Best(() => Tell(system, 5_000_000)) / 1e6,10:F2} M messages/s");
            output.WriteLine($"allocated per tell     {BytesPerTell(system),10:F2} bytes");
            output.WriteLine($"ping-pong              {Best(() => PingPong(system, 2_000_000)) / 1e6,10:F2} M messages/s");
            output.WriteLine($"ask, median            {Ask(system, 200_000),10:F2} us");
            output.WriteLine($"ask, two pipelines     {Best(() => AskMany(system, 200_000)) / 1e6,10:F2} M/s");
            output.WriteLine("SQLite in WAL mode, synchronous=FULL, 100 bytes an event:");
            output.WriteLine($"persist one at a time  {Best(() => Persist(system, 2_000, batched: false)),10:F0} events/s");
            output.WriteLine($"persist batched        {Best(() => Persist(system, 20_000, batched: true)),10:F0} events/s");
            output.WriteLine($"recover {ArchiveSize:N0} events {Best(() => Recover(system)),9:F0} events/s");
        }
        finally
        {
            system.Terminate().Wait();
            Directory.Delete(folder, recursive: true);
        }
    }

    private static double Best(Func<double> measure) => Enumerable.Range(0, Rounds).Max(_ => measure());

    private static double Rate(long count, long start) => count / TimeProvider.System.GetElapsedTime(start).TotalSeconds;

    private static double Tell(ActorSystem system, int count)
    {
        using var done = new ManualResetEventSlim();
        var actor = system.ActorOf(Props.Create(() => new Counter(count, done)));
        var message = new object();
        var start = TimeProvider.System.GetTimestamp();
        for (var i = 0; i < count; i++)
            actor.Tell(message, ActorRefs.NoSender);
        done.Wait();
        return Rate(count, start);
    }

    // Bursts that the receiver has taken before the next one, so that it is the mailbox that is measured and not a backlog.
    private static double BytesPerTell(ActorSystem system)
    {
        const int burst = 500;
        const int bursts = 2_000;
        using var taken = new CountdownEvent(1);
        var actor = system.ActorOf(Props.Create(() => new Taker(taken)));
        var message = new object();
        Run(50);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Run(bursts);
        return (GC.GetAllocatedBytesForCurrentThread() - before) / (double)(burst * bursts);

        void Run(int times)
        {
            for (var i = 0; i < times; i++)
            {
                taken.Reset(burst);
                for (var m = 0; m < burst; m++)
                    actor.Tell(message, ActorRefs.NoSender);
                taken.Wait();
            }
        }
    }

    private static double Recover(ActorSystem system)
    {
        using var written = new ManualResetEventSlim();
        using var recovered = new ManualResetEventSlim();
        var writer = system.ActorOf(Props.Create(() => new Reader(written, recovered)));
        recovered.Wait();
        writer.Tell(new byte[100], ActorRefs.NoSender);
        written.Wait();
        writer.GracefulStop(TimeSpan.FromSeconds(30)).Wait();
        recovered.Reset();
        var start = TimeProvider.System.GetTimestamp();
        system.ActorOf(Props.Create(() => new Reader(written, recovered)));
        recovered.Wait();
        return Rate(ArchiveSize, start);
    }

    private static double PingPong(ActorSystem system, int rounds)
    {
        using var done = new ManualResetEventSlim();
        var pong = system.ActorOf(Props.Create(() => new Echo()));
        var ping = system.ActorOf(Props.Create(() => new Ping(pong, rounds, done)));
        var start = TimeProvider.System.GetTimestamp();
        ping.Tell(new object(), ActorRefs.NoSender);
        done.Wait();
        return Rate(2L * rounds, start);
    }

    private static double Ask(ActorSystem system, int count)
    {
        var echo = system.ActorOf(Props.Create(() => new Echo()));
        return Measure().GetAwaiter().GetResult();

        async Task<double> Measure()
        {
            var message = new object();
            var micros = new double[count];
            for (var round = 0; round < 2; round++)
            {
                for (var i = 0; i < count; i++)
                {
                    var start = TimeProvider.System.GetTimestamp();
                    await echo.Ask<object>(message, TimeSpan.FromSeconds(5)).ConfigureAwait(false);
                    micros[i] = TimeProvider.System.GetElapsedTime(start).TotalMicroseconds;
                }
            }

            Array.Sort(micros);
            return micros[count / 2];
        }
    }

    private static double AskMany(ActorSystem system, int count)
    {
        var start = TimeProvider.System.GetTimestamp();
        Task.WaitAll(Enumerable.Range(0, 2).Select(async _ =>
        {
            var echo = system.ActorOf(Props.Create(() => new Echo()));
            for (var i = 0; i < count; i++)
                await echo.Ask<object>(new object(), TimeSpan.FromSeconds(5)).ConfigureAwait(false);
        }).ToArray());
        return Rate(2L * count, start);
    }

    private static double Persist(ActorSystem system, int count, bool batched)
    {
        using var done = new ManualResetEventSlim();
        var id = $"p-{TimeProvider.System.GetTimestamp()}";
        var actor = system.ActorOf(Props.Create(() => new Writer(id, count, batched, done)));
        var start = TimeProvider.System.GetTimestamp();
        for (var i = 0; i < count; i++)
            actor.Tell(new byte[100], ActorRefs.NoSender);
        done.Wait();
        return Rate(count, start);
    }

    private static string Settings(string folder) =>
        $$"""
        akka.loglevel = OFF
        akka.stdout-loglevel = OFF
        akka.persistence.journal.plugin = "akka.persistence.journal.sql"
        akka.persistence.journal.sql {
          class = "Akka.Persistence.Sql.Journal.SqlWriteJournal, Akka.Persistence.Sql"
          connection-string = "Data Source={{folder}}/journal.db"
          provider-name = "SQLite.MS"
          auto-initialize = on
        }
        """;

    private sealed class Counter : ReceiveActor
    {
        private int _count;

        public Counter(int until, ManualResetEventSlim done) => ReceiveAny(_ =>
        {
            if (++_count == until)
                done.Set();
        });
    }

    private sealed class Taker : ReceiveActor
    {
        public Taker(CountdownEvent taken) => ReceiveAny(_ => taken.Signal());
    }

    /// <summary>Fills the archive up where it is not yet full, and says when it has been read.</summary>
    private sealed class Reader : ReceivePersistentActor
    {
        private int _events;

        public Reader(ManualResetEventSlim written, ManualResetEventSlim recovered)
        {
            Recover<byte[]>(_ => _events++);
            Recover<RecoveryCompleted>(_ => recovered.Set());
            Command<byte[]>(bytes =>
            {
                var missing = Enumerable.Repeat(bytes, ArchiveSize - _events).ToArray();
                if (missing.Length == 0)
                    written.Set();
                PersistAllAsync(missing, (byte[] _) =>
                {
                    if (++_events == ArchiveSize)
                        written.Set();
                });
            });
        }

        public override string PersistenceId => Archive;
    }

    private sealed class Echo : ReceiveActor
    {
        public Echo() => ReceiveAny(m => Sender.Tell(m));
    }

    private sealed class Ping : ReceiveActor
    {
        private int _rounds;

        public Ping(IActorRef pong, int until, ManualResetEventSlim done) => ReceiveAny(m =>
        {
            if (_rounds++ == until)
                done.Set();
            else
                pong.Tell(m);
        });
    }

    private sealed class Writer : ReceivePersistentActor
    {
        private int _written;

        public Writer(string id, int until, bool batched, ManualResetEventSlim done)
        {
            PersistenceId = id;
            Command<byte[]>(bytes =>
            {
                if (batched)
                    PersistAsync(bytes, Count);
                else
                    Persist(bytes, Count);
            });

            void Count(byte[] _)
            {
                if (++_written == until)
                    done.Set();
            }
        }

        public override string PersistenceId { get; }
    }
}
