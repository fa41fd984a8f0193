using Akka.Actor;
using Akka.Event;
using Flyscan.Actors.Scans;
using Flyscan.Persistence.Records;
using Flyscan.Scanning.Runs;

namespace Flyscan.Actors.Records;

/// <summary>Told when a run's master file, documents and summary are complete; Problem says why they are not.</summary>
public sealed record RecordsClosed(string Uid, string? Problem);

/// <summary>Keeps a run's files for people and analysis up to date with its journal. Never waited for by the scan: it may lag, it may fail,
/// and it can be done again from the journal.</summary>
/// <remarks>Supervision: a failure is reported once and recording stops; <c>flyscan resume</c> rebuilds.</remarks>
public sealed class RunRecorder : ReceiveActor, IWithTimers
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    private readonly RunRecords _records;
    private readonly IActorRef _listener;
    private readonly HandoverMeter _meter;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private long _heard;
    private bool _refreshing;
    private bool _dirty;
    private bool _ended;

    public RunRecorder(RunRecords records, HandoverMeter meter, IActorRef listener)
    {
        _records = records;
        _meter = meter;
        _listener = listener;
        Receive<ScanJournaled>(Hear);
        Receive<RefreshDue>(_ => Refresh());
        Receive<Refreshed>(Settle);
    }

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(RunRecords records, HandoverMeter meter, IActorRef listener) =>
        Akka.Actor.Props.Create(() => new RunRecorder(records, meter, listener));

    private void Hear(ScanJournaled journaled)
    {
        // A successor in the same process tells again what its predecessor told.
        if (journaled.Sequence <= _heard)
            return;
        _heard = journaled.Sequence;
        _records.Add(journaled.Sequence, journaled.Event);
        _dirty = true;
        _ended |= journaled.Event is ScanEvent.Finished;
        if (_ended)
            Refresh();
        else if (!Timers.IsTimerActive(RefreshDue.Instance))
            Timers.StartSingleTimer(RefreshDue.Instance, RefreshDue.Instance, Period);
    }

    private void Refresh()
    {
        if (_refreshing || !_dirty)
            return;
        (_refreshing, _dirty) = (true, false);
        _records.RefreshAsync(_ended ? [.. _meter.Done.Select(h => h.SoftwareNs)] : null)
            .PipeTo(Self, Self, () => new Refreshed(null), thrown => new Refreshed(thrown.GetBaseException().Message));
    }

    private void Settle(Refreshed refreshed)
    {
        _refreshing = false;
        if (refreshed.Problem is string problem)
            _log.Error("The records of run {0} are behind its journal: {1}", _records.Uid, problem);
        if (_ended && !_dirty)
            _listener.Tell(new RecordsClosed(_records.Uid, refreshed.Problem));
        else if (_ended)
            Refresh();
    }

    private sealed class RefreshDue : INoSerializationVerificationNeeded
    {
        public static readonly RefreshDue Instance = new();
    }

    private sealed record Refreshed(string? Problem) : INoSerializationVerificationNeeded;
}
