using Akka.Actor;
using Flyscan.Host.Cli;
using Flyscan.Host.Composition;
using Flyscan.Scanning.Runs;

namespace Flyscan.Host.Control;

/// <summary>Gives a scan a command, and waits for its word.</summary>
internal delegate Task<ScanReply> ScanQuestion(Func<long, ScanCommand> command, CancellationToken cancel);

/// <summary>What others tell a running scan: asks the scan, and knows whether the process waits while it stands.</summary>
/// <remarks>While devices are lost there is nobody to ask; what was seen last is shown.</remarks>
internal sealed class RunControl(string uid, string dataFolder)
{
    /// <summary>How long a pause is waited for; a window without a gate can take longer.</summary>
    public static readonly TimeSpan PauseLimit = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan NoticeLimit = TimeSpan.FromSeconds(5);

    private volatile RunView _view = new();
    private volatile ScanQuestion? _ask;
    private volatile bool _stays;
    private volatile bool _quits;

    /// <summary>The process waits to be told when the scan stands.</summary>
    public bool Stays => _stays;

    /// <summary>The process ends when the scan stands, without asking anybody.</summary>
    public bool Quits => _quits;

    /// <summary>The session that is asked from now on, until what this gives is disposed.</summary>
    public IDisposable Attach(RunView view, ScanQuestion ask)
    {
        (_view, _ask) = (view, ask);
        return new Attachment(this);
    }

    public async Task<ControlAnswer> AnswerAsync(ControlRequest request, CancellationToken cancel)
    {
        try
        {
            return request.Verb switch
            {
                ControlVerb.Status => StatusNow(),
                ControlVerb.Pause => await PauseAsync(request, cancel),
                ControlVerb.Resume => await ResumeAsync(request, cancel),
                ControlVerb.Seek => await SeekAsync(request, cancel),
                ControlVerb.Abort => Of(await AskAsync(
                    at => new ScanCommand.AbortScan(at, request.Who, $"aborted by {request.Who}"), cancel)),
                _ => throw new System.Diagnostics.UnreachableException(),
            };
        }
        catch (Exception e) when (e is AskTimeoutException or TaskCanceledException && !cancel.IsCancellationRequested)
        {
            return ControlAnswer.Refused("the scan did not answer; see its process");
        }
    }

    private async Task<ControlAnswer> PauseAsync(ControlRequest request, CancellationToken cancel)
    {
        var before = (_stays, _quits);
        if (_ask is null && request.Quit)
        {
            _quits = true;
            return new ControlAnswer(ControlResult.Accepted);
        }
        (_stays, _quits) = (!request.Quit, request.Quit);
        var standing = _view.Standing;
        var reply = await AskAsync(at => new ScanCommand.PauseScan(at, request.Who), cancel);
        if (reply is ScanReply.Refused)
        {
            (_stays, _quits) = before;
            return Of(reply);
        }
        return await StandingAsync(standing, PauseLimit, cancel);
    }

    private async Task<ControlAnswer> ResumeAsync(ControlRequest request, CancellationToken cancel)
    {
        var reply = await AskAsync(at => new ScanCommand.ResumeScan(at, request.Who), cancel);
        if (reply is ScanReply.Accepted)
            (_stays, _quits) = (false, false);
        return Of(reply);
    }

    private async Task<ControlAnswer> SeekAsync(ControlRequest request, CancellationToken cancel)
    {
        var standing = _view.Standing;
        var reply = await AskAsync(at => new ScanCommand.SeekScan(at, request.Who, request.Frame!.Value), cancel);
        return reply is ScanReply.Refused ? Of(reply) : await StandingAsync(standing, NoticeLimit, cancel);
    }

    /// <summary>Where the scan stands; only accepted where that takes long, refused where the scan ended instead.</summary>
    private async Task<ControlAnswer> StandingAsync(Task<ScanReply.Paused> standing, TimeSpan wait, CancellationToken cancel)
    {
        await Task.WhenAny(standing, _view.End, Task.Delay(wait, TimeProvider.System, cancel));
        if (standing.IsCompleted)
            return Of(await standing);
        return _view.End.IsCompleted
            ? ControlAnswer.Refused($"the scan ended before it stood; `flyscan show {uid}` says how")
            : new ControlAnswer(ControlResult.Accepted);
    }

    private Task<ScanReply> AskAsync(Func<long, ScanCommand> command, CancellationToken cancel) => _ask is ScanQuestion ask
        ? ask(command, cancel)
        : Task.FromResult<ScanReply>(new ScanReply.Refused(
            "a device is lost, and waited for; `flyscan status` names it, `flyscan pause --quit` ends the waiting"));

    private static ControlAnswer Of(ScanReply reply) => reply switch
    {
        ScanReply.Accepted => new ControlAnswer(ControlResult.Accepted),
        ScanReply.Paused paused => new ControlAnswer(ControlResult.Paused) { Frame = paused.AtFrame },
        ScanReply.Refused refused => ControlAnswer.Refused(refused.Reason),
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    private static SortedDictionary<string, string> RatesOf(ScanState state) =>
        new(state.Rates.Rated.ToDictionary(r => r.Detector, r => r.Rate.ToString()), StringComparer.Ordinal);

    private ControlAnswer StatusNow()
    {
        var state = _view.Progress?.State ?? ScanState.New;
        return new ControlAnswer(ControlResult.Status)
        {
            Status = new ControlStatus(
                uid, Environment.ProcessId, dataFolder, ProgressFigures.PhaseOf(_view.Progress), state.Frames, state.Committed.Count,
                state.Skipped.Count, state.NextWanted()?.First, state.LastTake, state.Rewinds,
                new SortedDictionary<string, string>(state.Holds, StringComparer.Ordinal), _stays, RatesOf(state))
            {
                Kept = state.Kept.Count,
            },
        };
    }

    private sealed class Attachment(RunControl control) : IDisposable
    {
        public void Dispose() => control._ask = null;
    }
}
