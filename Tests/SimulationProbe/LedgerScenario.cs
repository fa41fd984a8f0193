using Akka.Actor;
using Akka.Configuration;
using Akka.Event;
using Akka.Persistence;
using Flyscan.Engine.Simulation;

namespace Flyscan.SimulationProbe;

/// <summary>Two clients have a ledger on a third node note numbered entries, over a network that loses and nodes that crash; each asks
/// again until it is told that its entry is noted.</summary>
/// <remarks>What must hold: an entry that was reported as noted is in the journal, once.</remarks>
internal static class LedgerScenario
{
    internal const int Entries = 8;

    private const long Second = 1_000_000_000;

    private static readonly Config Settings = ConfigurationFactory.ParseString("akka.loglevel = OFF");

    internal static FaultProfile Profile { get; } = new()
    {
        LossPerMillion = 50_000,
        DuplicationPerMillion = 30_000,
        DelayPerMillion = 50_000,
        WriteFailurePerMillion = 20_000,
        WriteDelayPerMillion = 50_000,
        Crashes = 4,
        Partitions = 1,
        MostDeliveriesToCrash = 10,
        HorizonNs = 3 * Second,
    };

    /// <summary>The hash of each seed's whole trace.</summary>
    internal static IEnumerable<ulong> Hashes(ulong first, int count)
    {
        for (var i = 0; i < count; i++)
        {
            var run = new SimulationRun(new SimulationOptions { Seed = first + (ulong)i, Profile = Profile });
            Play(run);
            yield return run.Trace.Hash;
        }
    }

    /// <summary>Plays 20 s; returns the entries that clients were told are noted.</summary>
    internal static IReadOnlyList<string> Play(SimulationRun run, bool forgetful = false)
    {
        var told = new List<string>();
        var ledger = run.AddNode("ledger", new NodeOptions
        {
            Config = Settings,
            Boot = node => node.System.ActorOf(Props.Create(() => new Keeper(forgetful)), "keeper"),
        });
        foreach (var name in (string[])["east", "west"])
            run.AddNode(name, new NodeOptions
            {
                Config = Settings,
                Boot = node => node.System.ActorOf(
                    Props.Create(() => new Client(name, node.RefTo(ledger, "/user/keeper/ledger"), node.Time, told)), "client"),
            });
        run.Invariant("an entry that was reported is in the journal once", () => Missing(ledger, told));
        run.RunFor(20 * Second);
        return told;
    }

    private static string? Missing(SimulatedNode ledger, List<string> told)
    {
        var events = ledger.Disk.Events("ledger");
        foreach (var entry in told)
        {
            var times = events.Count(e => e.Equals(entry));
            if (times != 1)
                return $"{entry} is there {times} times";
        }

        return null;
    }

    /// <summary>Keeps the ledger running: a persistent actor stops for good when its journal fails.</summary>
    private sealed class Keeper : ReceiveActor
    {
        public Keeper(bool forgetful)
        {
            Open();
            Receive<Terminated>(_ => Open());

            void Open() => Context.Watch(Context.ActorOf(Props.Create(() => new Ledger(forgetful)), "ledger"));
        }
    }

    private sealed class Ledger : ReceivePersistentActor
    {
        private readonly SortedSet<string> _entries = new(StringComparer.Ordinal);

        /// <param name="forgetful">Plants a fault: reports an entry before it is durable.</param>
        public Ledger(bool forgetful)
        {
            Recover<string>(entry => _entries.Add(entry));
            Command<string>(entry =>
            {
                var client = Sender;
                if (_entries.Contains(entry))
                {
                    client.Tell("noted " + entry);
                    return;
                }

                if (forgetful)
                    client.Tell("noted " + entry);
                Persist(entry, e =>
                {
                    _entries.Add(e);
                    client.Tell("noted " + e);
                });
            });
        }

        public override string PersistenceId => "ledger";
    }

    /// <summary>Sends one entry after the other: asks again every 300 ms, thinks asynchronously between two, and watches the
    /// ledger.</summary>
    private sealed class Client : ReceiveActor, IWithTimers
    {
        private readonly string _name;
        private readonly IActorRef _ledger;
        private readonly TimeProvider _time;
        private readonly List<string> _told;
        private int _next;

        public Client(string name, IActorRef ledger, TimeProvider time, List<string> told)
        {
            (_name, _ledger, _time, _told) = (name, ledger, time, told);
            Receive<Again>(_ => _ledger.Tell(Entry));
            Receive<string>(Hear);
            Receive<Thought>(_ => Ask());
            Receive<Terminated>(_ => Context.Watch(_ledger));
        }

        public ITimerScheduler Timers { get; set; } = null!;

        private string Entry => $"{_name} {_next}";

        protected override void PreStart()
        {
            Context.Watch(_ledger);
            Ask();
        }

        private void Ask()
        {
            if (_next < Entries)
                Timers.StartPeriodicTimer("again", new Again(), TimeSpan.Zero, TimeSpan.FromMilliseconds(300));
        }

        private void Hear(string answer)
        {
            if (answer != "noted " + Entry)
                return;
            Timers.Cancel("again");
            if (!_told.Contains(Entry))
                _told.Add(Entry);
            _next++;
            Think().PipeTo(Self);
        }

        private async Task<Thought> Think()
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), _time);
            await Task.Delay(TimeSpan.FromMilliseconds(20 * _next), _time);
            return new Thought();
        }

        private sealed class Again : IDeadLetterSuppression;

        private sealed class Thought;
    }
}
