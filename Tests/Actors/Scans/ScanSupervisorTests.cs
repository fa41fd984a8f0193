using Akka.Actor;
using Akka.Configuration;
using Flyscan.Actors.Devices;
using Flyscan.Actors.Scans;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Triggering;
using Flyscan.Tests.Scanning.Runs;
using Xunit;

namespace Flyscan.Tests.Actors.Scans;

public sealed class ScanSupervisorTests : PatientTestKit
{
    private const string Uid = "0d5c7e11";

    private readonly FakePlan _plan = new(3, 4, 4);

    public ScanSupervisorTests()
        : base(ConfigurationFactory.ParseString(
            """
            akka.persistence.journal.plugin = "akka.persistence.journal.inmem"
            akka.persistence.snapshot-store.plugin = "akka.persistence.snapshot-store.inmem"
            """))
    {
    }

    [Fact]
    public void A_scan_runs_to_its_end_through_the_actors()
    {
        var listener = CreateTestProbe();
        Submit(Start(listener, "first"));
        var events = Until<ScanEvent.Finished>(listener);
        Assert.Equal(Enumerable.Range(1, events.Count).Select(n => (long)n), events.Select(e => e.Sequence));
        Assert.Equal(12, events.Select(e => e.Event).OfType<ScanEvent.FramesCommitted>().Sum(e => e.Frames.Count));
    }

    [Fact]
    public void A_successor_replays_the_journal_and_goes_on_from_it()
    {
        var before = CreateTestProbe();
        var first = Start(before, "first");
        SubmitAndPause(first);
        Assert.Equal(0, ExpectMsg<ScanReply.Paused>().AtFrame);
        var lived = Until<ScanEvent.HoldSet>(before);
        Watch(first);
        Sys.Stop(first);
        ExpectTerminated(first);

        var after = CreateTestProbe();
        var second = Start(after, "second");
        second.Tell(new ScanCommand.TakeOver(0, 2, "second"));
        second.Tell(new ScanCommand.ResumeScan(0, "second"));
        var events = Until<ScanEvent.Finished>(after);

        Assert.Equal(lived.Select(e => e.Event), events.Take(lived.Count).Select(e => e.Event));
        var committed = events.Select(e => e.Event).OfType<ScanEvent.FramesCommitted>().ToList();
        Assert.Equal(12, committed.Sum(e => e.Frames.Count));
        Assert.Single(events, e => e.Event is ScanEvent.SupervisorTookOver { Node: "second" });
    }

    [Fact]
    public void Pause_is_accepted_then_answered_with_the_frame_and_refused_at_the_end()
    {
        var listener = CreateTestProbe();
        var scan = Start(listener, "first");
        SubmitAndPause(scan);
        Assert.Equal(0, ExpectMsg<ScanReply.Paused>().AtFrame);
        scan.Tell(new ScanCommand.ResumeScan(0, "test"));
        ExpectMsg<ScanReply.Accepted>();
        Until<ScanEvent.Finished>(listener);
        scan.Tell(new ScanCommand.PauseScan(0, "test"));
        Assert.Equal("the scan has ended (Finished)", ExpectMsg<ScanReply.Refused>().Reason);
    }

    [Fact]
    public void Devices_hear_in_flight_how_long_they_are_needed_and_at_the_end_that_nobody_needs_them()
    {
        var listener = CreateTestProbe();
        _leases = CreateTestProbe();
        Submit(Start(listener, "first"));
        Until<ScanEvent.Finished>(listener);
        var kept = 0;
        _leases.FishForMessage(message =>
        {
            kept += message is KeepLease { Epoch: 1, BusyForNs: > 0 } ? 1 : 0;
            return message is ReleaseLease { Epoch: 1 };
        });
        Assert.True(kept >= 3 * 4, $"{kept} words in 3 takes to 4 devices");
    }

    [Fact]
    public void A_device_that_stands_in_flight_is_named_after_its_allowance_and_the_scan_goes_on_when_it_does()
    {
        var listener = CreateTestProbe();
        _hardware.Stands = "panda";
        Submit(Start(listener, "first"));
        var events = Until<ScanEvent.DeviceStalled>(listener).Select(e => e.Event).ToList();
        var stalled = Assert.IsType<ScanEvent.DeviceStalled>(events[^1]);
        // Which of them is named first is judged in the decider's tests: here the wall's clock may stand before the box does.
        Assert.Contains(stalled.Device, new[] { "motion", "panda" });
        Assert.Equal(1, stalled.Take);
        Assert.True(stalled.AtNs - events.OfType<ScanEvent.FlightStarted>().Last().AtNs >= 250_000_000);
        _hardware.Stands = null;
        var finished = Assert.IsType<ScanEvent.Finished>(Until<ScanEvent.Finished>(listener)[^1].Event);
        Assert.Equal(ScanStatus.Finished, finished.Status);
    }

    private Akka.TestKit.TestProbe? _leases;

    private IActorRef Start(Akka.TestKit.TestProbe listener, string name)
    {
        var setup = new RunSetup(_plan, "panda", "motion", ["z"], ["panda", "cam"], null, []);
        var devices = Sys.ActorOf(Props.Create(() => new HardwareActor(_hardware, _leases)), $"devices-{name}");
        var all = new[] { "panda", "motion", "z", "cam" }.ToDictionary(d => d, _ => devices);
        return Sys.ActorOf(
            ScanSupervisor.Props(new SupervisorSetup(
                Uid, setup, new RunParameters("run", 1, 12, []), all, listener, TimeProvider.System, JournalFaults.None,
                new HandoverMeter(TimeProvider.System))),
            $"scan-{name}");
    }

    private readonly FakeHardware _hardware = new(new FakePlan(3, 4, 4), Uid, new Seeded(1), 0, DetectorRates.AllBase);

    private void Submit(IActorRef scan)
    {
        scan.Tell(new ScanCommand.SubmitScan(0, 1, Uid, "{}", "virtual", "run", "test"));
        ExpectMsg<ScanReply.Accepted>();
    }

    /// <summary>Both are heard before any device has answered.</summary>
    private void SubmitAndPause(IActorRef scan)
    {
        scan.Tell(new ScanCommand.SubmitScan(0, 1, Uid, "{}", "virtual", "run", "test"));
        scan.Tell(new ScanCommand.PauseScan(0, "test"));
        ExpectMsg<ScanReply.Accepted>();
        ExpectMsg<ScanReply.Accepted>();
    }

    private static List<ScanJournaled> Until<T>(Akka.TestKit.TestProbe listener)
        where T : ScanEvent
    {
        var heard = new List<ScanJournaled>();
        listener.FishForMessage(message =>
        {
            if (message is ScanJournaled journaled)
                heard.Add(journaled);
            return message is ScanJournaled { Event: T };
        }, TimeSpan.FromSeconds(20));
        return heard;
    }

    /// <summary>All devices of a scan, answering in the order that the hardware's seed chooses.</summary>
    private sealed class HardwareActor : ReceiveActor
    {
        public HardwareActor(FakeHardware hardware, IActorRef? leases)
        {
            Receive<KeepLease>(keep => leases?.Tell(keep));
            Receive<ReleaseLease>(release => leases?.Tell(release));
            IActorRef? supervisor = null;
            Receive<DeviceOrder>(order =>
            {
                supervisor = Sender;
                hardware.NowNs = TimeProvider.System.NowNs();
                hardware.Carry(order.Effect);
                Self.Tell("answer");
            });
            Receive<string>(_ =>
            {
                if (hardware.Answer() is ScanCommand answer)
                    supervisor!.Tell(answer with { AtNs = TimeProvider.System.NowNs() });
                if (!hardware.Idle)
                    Self.Tell("answer");
            });
        }
    }
}
