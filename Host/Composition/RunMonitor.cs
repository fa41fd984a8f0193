using Akka.Actor;
using Flyscan.Actors.Devices;
using Flyscan.Actors.Records;
using Flyscan.Actors.Scans;
using Flyscan.Scanning.Runs;

namespace Flyscan.Host.Composition;

/// <summary>How a session with a scan ended for the process that ran it.</summary>
internal enum SessionEnd
{
    Ended,
    JournalFailed,
}

/// <summary>What a view shows: the newest state, read by anyone at any time.</summary>
internal sealed class RunView
{
    private readonly TaskCompletionSource<(SessionEnd End, string? Why)> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource<ScanReply.Paused> _standing = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile ScanProgress? _progress;
    private volatile BeamSeen? _beam;
    private volatile string? _journalAway;

    public ScanProgress? Progress => _progress;

    public BeamSeen? Beam => _beam;

    /// <summary>Why the journal takes no writes; null while it does.</summary>
    public string? JournalAway => _journalAway;

    /// <summary>Completes once the scan has ended and its records are complete, or its journal failed.</summary>
    public Task<(SessionEnd End, string? Why)> End => _end.Task;

    /// <summary>Completes when the scan next stands; a new one is made for the time after.</summary>
    public Task<ScanReply.Paused> Standing => _standing.Task;

    internal void Stands(ScanReply.Paused paused) =>
        Interlocked.Exchange(ref _standing, new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult(paused);

    internal void Show(ScanProgress progress) => _progress = progress;

    /// <summary>Shown as a hold, which nobody can journal.</summary>
    internal void Show(JournalAway away)
    {
        _journalAway = away.Reason;
        if (_progress is { } last)
            _progress = last with
            {
                State = last.State with
                {
                    Holds = last.State.Holds.SetItem(ScanDecider.JournalHold, $"the journal does not take writes: {away.Reason}"),
                },
                Step = new ScanStep.Held(),
            };
    }

    internal void ShowJournal() => _journalAway = null;

    internal void Show(BeamSeen beam) => _beam = beam;

    internal void Finish(SessionEnd end, string? why) => _end.TrySetResult((end, why));
}

/// <summary>Hears the supervisor: passes journal events on to the records, and the rest to the view.</summary>
internal sealed class RunMonitor : ReceiveActor
{
    public RunMonitor(RunView view, Func<IUntypedActorContext, IActorRef> startRecorder)
    {
        var recorder = startRecorder((IUntypedActorContext)Context);
        Receive<ScanJournaled>(e => recorder.Tell(e));
        Receive<ScanProgress>(view.Show);
        Receive<BeamSeen>(view.Show);
        Receive<RecordsClosed>(e => view.Finish(SessionEnd.Ended, e.Problem));
        Receive<JournalAway>(view.Show);
        Receive<JournalBack>(_ => view.ShowJournal());
        Receive<JournalFailed>(e => view.Finish(SessionEnd.JournalFailed, e.Reason));
        Receive<ScanReply.Paused>(view.Stands);
    }
}
