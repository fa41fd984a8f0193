using Akka.Actor;
using Akka.Configuration;
using Flyscan.Actors.Devices;
using Flyscan.Actors.Scans;
using Flyscan.Engine.Simulation;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Triggering;
using Flyscan.Tests.EmbeddedOnly.Simulation;
using Flyscan.Tests.Scanning.Runs;
using Xunit;
using static Flyscan.Tests.EmbeddedOnly.Simulation.Sim;

namespace Flyscan.Tests.EmbeddedOnly.Actors;

/// <summary>A scan whose journal comes and goes, on virtual time.</summary>
public sealed class ScanKeeperTests
{
    private const string Uid = "0d5c7e11";

    private static readonly Config WithJournal = ConfigurationFactory.ParseString(
        """
        akka.loglevel = OFF
        akka.persistence.journal.plugin = "akka.persistence.journal.inmem"
        akka.persistence.snapshot-store.plugin = "akka.persistence.snapshot-store.inmem"
        akka.actor.serializers.flyscan-journal = "Flyscan.Actors.Wire.JournalSerializer, Flyscan.Actors"
        akka.actor.serialization-bindings {
          "Flyscan.Scanning.Runs.ScanEvent, Flyscan.Scanning" = flyscan-journal
          "Flyscan.Actors.Scans.AuthorityGranted, Flyscan.Actors" = flyscan-journal
        }
        """);

    private readonly SimulationRun _run = Sim.Run();
    private readonly SimulatedNode _node;
    private readonly FakePlan _plan = new(3, 4, 4);
    private readonly FakeHardware _hardware;
    private readonly IActorRef _devices;
    private readonly List<(long AtNs, object Message)> _heard = [];
    private readonly List<(long AtNs, object Message)> _answers = [];
    private readonly List<long> _epochs = [];
    private IActorRef _keeper = ActorRefs.Nobody;

    public ScanKeeperTests()
    {
        _node = _run.AddNode("control", new NodeOptions { Config = WithJournal });
        _hardware = new FakeHardware(_plan, Uid, new Seeded(1), 0, DetectorRates.AllBase);
        _devices = _node.System.ActorOf(Props.Create(() => new HardwareActor(_hardware, _node.Time)), "devices");
        Keep();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(12)]
    [InlineData(20)]
    [InlineData(30)]
    public void A_journal_that_is_gone_for_a_while_is_waited_for_and_the_scan_goes_on_by_itself(int events)
    {
        if (events > 0)
            Submit();
        Assert.True(_run.RunUntil(() => Journal.Count >= events, 60 * Second));
        _node.Disk.Gone = "its database is gone";
        if (events == 0)
            Submit();
        _run.RunFor(12 * Second);
        var away = Assert.Single(_heard, h => h.Message is JournalAway);
        Assert.Contains("its database is gone", ((JournalAway)away.Message).Reason);
        var before = Journal.Count;
        Assert.DoesNotContain(_heard, h => h.Message is ScanJournaled && h.AtNs > away.AtNs);
        _node.Disk.Gone = null;
        Assert.True(_run.RunUntil(() => Journal.Any(e => e is ScanEvent.Finished), 60 * Second), $"it stands after {before} events");
        Assert.Equal(ScanStatus.Finished, Journal.OfType<ScanEvent.Finished>().Single().Status);
        Assert.Equal(12, Journal.OfType<ScanEvent.FramesCommitted>().Sum(e => e.Frames.Count));
        var epochs = Journal.OfType<ScanEvent.SupervisorTookOver>().Select(e => e.Epoch).ToList();
        Assert.Equal(_epochs, events == 0 ? [1, .. epochs] : epochs);
        Assert.Equal(epochs.Order().Distinct(), epochs);
        Assert.Single(_heard, h => h.Message is JournalBack);
        Assert.DoesNotContain(_heard, h => h.Message is JournalFailed);
    }

    [Fact]
    public void While_the_journal_is_away_whoever_asks_is_told_so_and_a_pause_that_was_not_journaled_is_refused()
    {
        Submit();
        Assert.True(_run.RunUntil(() => Journal.Count >= 8, 60 * Second));
        _node.Disk.Gone = "its database is gone";
        Ask(new ScanCommand.PauseScan(0, "test"));
        _run.RunFor(5 * Second);
        Assert.StartsWith("the journal does not take writes", Assert.IsType<ScanReply.Refused>(Assert.Single(_answers).Message).Reason);
        Ask(new ScanCommand.AbortScan(0, "test", "enough"));
        _run.RunFor(Second);
        var refused = Assert.IsType<ScanReply.Refused>(_answers[^1].Message).Reason;
        Assert.Contains("its database is gone", refused);
        Assert.Contains("goes on by itself when it takes them again", refused);
        _node.Disk.Gone = null;
        _run.RunFor(20 * Second);
        Assert.DoesNotContain(Journal, e => e is ScanEvent.AbortRequested or ScanEvent.HoldSet);
        Assert.Equal(ScanStatus.Finished, Journal.OfType<ScanEvent.Finished>().Single().Status);
    }

    [Fact]
    public void The_journal_is_asked_again_less_and_less_often()
    {
        Submit();
        Assert.True(_run.RunUntil(() => Journal.Count >= 8, 60 * Second));
        var before = _node.Disk.Writes;
        _node.Disk.Gone = "its database is gone";
        _run.RunFor(60 * Second);
        // Nobody can be granted an epoch by a journal that cannot even be read.
        Assert.InRange(_node.Disk.Writes - before, 1, 2);
        Assert.InRange(_run.Trace.Lines.Count(l => l.Contains("authority", StringComparison.Ordinal)), 0, 200);
        _node.Disk.Gone = null;
        var back = _run.NowNs;
        Assert.True(_run.RunUntil(() => _heard.Any(h => h.Message is JournalBack), 60 * Second));
        Assert.InRange(_run.NowNs - back, 0, 6 * Second);
    }

    [Fact]
    public void A_supervisor_that_finds_fewer_events_than_were_written_does_not_take_charge()
    {
        Submit();
        Assert.True(_run.RunUntil(() => Journal.Any(e => e is ScanEvent.HandedOver), 60 * Second));
        var setup = SetupOf(9) with { Keeper = _node.Ear("ear-of-it", _answers) };
        var supervisor = _node.System.ActorOf(ScanSupervisor.Props(setup), "another");
        supervisor.Tell(new TakeCharge(null, new ScanCommand.TakeOver(0, 9, "another"), 1000), ActorRefs.NoSender);
        Assert.True(_run.RunUntil(() => _answers.Count > 0, 10 * Second));
        var failed = Assert.IsType<JournalFailed>(_answers[0].Message);
        Assert.Equal(JournalEnd.Damaged, failed.End);
        Assert.Contains("1000 were written: it is not the same journal", failed.Reason);
        Assert.DoesNotContain(Journal, e => e is ScanEvent.SupervisorTookOver { Epoch: 9 });
    }

    private List<ScanEvent> Journal => [.. _node.Disk.Events($"scan-{Uid}").Cast<ScanEvent>()];

    private void Keep()
    {
        var authority = _node.System.ActorOf(BeamlineAuthority.Props("test"), "authority");
        List<(long AtNs, object Message)> granted = [];
        authority.Tell(new RequestAuthority(Uid), _node.Ear("first", granted));
        Assert.True(_run.RunUntil(() => granted.Count > 0, Second));
        _node.System.Stop(authority);
        var setup = new KeeperSetup(Uid, "test", SetupOf, _node.Ear("listener", _heard), _node.Time, "here");
        _keeper = _node.System.ActorOf(ScanKeeper.Props(setup, ((Authority)granted[0].Message).Epoch), "keeper");
    }

    private SupervisorSetup SetupOf(long epoch)
    {
        _epochs.Add(epoch);
        var setup = new RunSetup(_plan, "panda", "motion", ["z"], ["panda", "cam"], null, []);
        var all = new[] { "panda", "motion", "z", "cam" }.ToDictionary(d => d, _ => _devices);
        return new SupervisorSetup(
            Uid, setup, new RunParameters("run", 1, 12, []), all, _node.Ear($"hears-{epoch}", _heard), _node.Time, JournalFaults.None,
            new HandoverMeter(_node.Time));
    }

    private void Submit() => _keeper.Tell(new ScanCommand.SubmitScan(0, 1, Uid, "{}", "test", "run", "test"), ActorRefs.NoSender);

    private void Ask(ScanCommand command) => _keeper.Tell(command, _node.Ear($"asks-{command.GetType().Name}", _answers));

    /// <summary>All devices of a scan, one answer each 5 ms.</summary>
    private sealed class HardwareActor : ReceiveActor, IWithTimers
    {
        public HardwareActor(FakeHardware hardware, TimeProvider time)
        {
            IActorRef? supervisor = null;
            Receive<KeepLease>(_ => { });
            Receive<ReleaseLease>(_ => { });
            Receive<DeviceOrder>(order =>
            {
                if (supervisor is not null && !supervisor.Equals(Sender))
                    hardware.SupervisorDied();
                supervisor = Sender;
                hardware.Carry(order.Effect);
                Timers.StartPeriodicTimer("answer", "answer", TimeSpan.FromMilliseconds(5));
            });
            Receive<string>(_ =>
            {
                hardware.NowNs = time.NowNs();
                if (hardware.Answer() is ScanCommand answer)
                    supervisor!.Tell(answer with { AtNs = time.NowNs() });
            });
        }

        public ITimerScheduler Timers { get; set; } = null!;
    }
}
