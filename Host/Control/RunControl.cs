using Akka.Actor;
using Flyscan.Host.Cli;
using Flyscan.Host.Composition;
using Flyscan.Scanning.Runs;

namespace Flyscan.Host.Control;

/// <summary>What others tell a running scan: asks the scan, and knows whether the process waits while it stands.</summary>
internal sealed class RunControl(
    string uid, string dataFolder, RunView view, Func<Func<long, ScanCommand>, CancellationToken, Task<ScanReply>> ask)
{
    /// <summary>How long a pause is waited for; a window without a gate can take longer.</summary>
    public static readonly TimeSpan PauseLimit = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan NoticeLimit = TimeSpan.FromSeconds(5);

    private volatile bool _stays;
    private volatile bool _quits;

    /// <summary>The process waits to be told when the scan stands.</summary>
    public bool Stays => _stays;

    /// <summary>The process ends when the scan stands, without asking anybody.</summary>
    public bool Quits => _quits;

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
                ControlVerb.Abort => Of(await ask(
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
        (_stays, _quits) = (!request.Quit, request.Quit);
        var standing = view.Standing;
        var reply = await ask(at => new ScanCommand.PauseScan(at, request.Who), cancel);
        if (reply is ScanReply.Refused)
        {
            (_stays, _quits) = before;
            return Of(reply);
        }
        return await StandingAsync(standing, PauseLimit, cancel);
    }

    private async Task<ControlAnswer> ResumeAsync(ControlRequest request, CancellationToken cancel)
    {
        var reply = await ask(at => new ScanCommand.ResumeScan(at, request.Who), cancel);
        if (reply is ScanReply.Accepted)
            (_stays, _quits) = (false, false);
        return Of(reply);
    }

    private async Task<ControlAnswer> SeekAsync(ControlRequest request, CancellationToken cancel)
    {
        var standing = view.Standing;
        var reply = await ask(at => new ScanCommand.SeekScan(at, request.Who, request.Frame!.Value), cancel);
        return reply is ScanReply.Refused ? Of(reply) : await StandingAsync(standing, NoticeLimit, cancel);
    }

    /// <summary>Where the scan stands; only accepted where that takes long, refused where the scan ended instead.</summary>
    private async Task<ControlAnswer> StandingAsync(Task<ScanReply.Paused> standing, TimeSpan wait, CancellationToken cancel)
    {
        await Task.WhenAny(standing, view.End, Task.Delay(wait, TimeProvider.System, cancel));
        if (standing.IsCompleted)
            return Of(await standing);
        return view.End.IsCompleted
            ? ControlAnswer.Refused($"the scan ended before it stood; `flyscan show {uid}` says how")
            : new ControlAnswer(ControlResult.Accepted);
    }

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
        var state = view.Progress?.State ?? ScanState.New;
        return new ControlAnswer(ControlResult.Status)
        {
            Status = new ControlStatus(
                uid, Environment.ProcessId, dataFolder, ProgressFigures.PhaseOf(view.Progress), state.Frames, state.Committed.Count,
                state.Skipped.Count, state.NextWanted()?.First, state.LastTake, state.Rewinds,
                new SortedDictionary<string, string>(state.Holds, StringComparer.Ordinal), _stays, RatesOf(state))
            {
                Kept = state.Kept.Count,
            },
        };
    }
}
