using System.Collections.Immutable;
using System.Net.Sockets;
using Flyscan.Host.Composition;
using Flyscan.Host.Control;
using Flyscan.Scanning.Runs;

namespace Flyscan.Host.Cli;

/// <summary>Sees one scan through in the foreground: progress, Ctrl-C, the end, the exit code.</summary>
internal sealed class RunDriver(Output output)
{
    private static readonly TimeSpan SettleLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(20);

    /// <summary>Runs a new scan, or continues one that is resumed. After the loss of a device the scan goes on in a session of its own,
    /// once every device can be reached again.</summary>
    /// <param name="begun">Called once all devices are connected: from then on there is a run, whatever becomes of it.</param>
    public async Task<int> DriveAsync(RunToMake run, double timeScale, Action begun)
    {
        using var interrupts = new Interrupts();
        var control = new RunControl(run.Uid, Path.GetFullPath(run.DataFolder));
        var server = default(ControlServer);
        try
        {
            var part = await PartAsync(run, timeScale, interrupts, control, () =>
            {
                begun();
                server = Listen(run.Uid, control);
            });
            while (part.Loss is Loss loss)
            {
                var wait = new ReturnWait(output, run.Beamline.Supervision.ReturnWithin, interrupts, () => control.Quits);
                part = await wait.UntilAsync(loss.Why, isBack => PartAsync(
                    run with { IsResume = true }, timeScale, interrupts, control, isBack))
                    ?? new Part(output.Paused(run, loss.Paused, loss.State), null);
            }
            return part.Code;
        }
        finally
        {
            if (server is not null)
                await server.DisposeAsync();
        }
    }

    /// <summary>One session with the scan, until it ends, is left, or loses a device.</summary>
    private async Task<Part> PartAsync(
        RunToMake run, double timeScale, Interrupts interrupts, RunControl control, Action opened)
    {
        var world = run.Beamline.HasSimulation
            ? await VirtualProcess.FindOrStartAsync(run.DataFolder, run.Beamline, timeScale, interrupts.Second)
            : null;
        var keep = true;
        try
        {
            await using var session = await ScanSession.OpenAsync(
                run, world?.Endpoints ?? Hardware.Contracts.EndpointOverrides.None, timeScale, interrupts.Second);
            using var attached = control.Attach(session.View, session.AskAsync);
            opened();
            if (run.IsResume)
                session.TakeOver();
            else
                session.Submit(run);
            var part = await WatchAsync(session, run, interrupts, control);
            keep = part.Loss is not null || part.Code == ExitCode.Paused;
            return part;
        }
        catch (Exception e) when (e is RefusedException or OperationCanceledException && world is { Found: false })
        {
            keep = false;
            throw;
        }
        finally
        {
            if (!keep)
                world?.End();
        }
    }

    /// <summary>The control socket; a scan runs without one where there can be none.</summary>
    private ControlServer? Listen(string uid, RunControl control)
    {
        var path = ControlSocket.PathOf(uid);
        try
        {
            return ControlServer.Open(path, control.AnswerAsync);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or SocketException or ArgumentException)
        {
            output.Note($"no control from elsewhere: the socket {path} cannot be made: {e.Message}");
            return null;
        }
    }

    private async Task<Part> WatchAsync(ScanSession session, RunToMake run, Interrupts interrupts, RunControl control)
    {
        await using var view = output.Progress(session.View, run);
        var resumed = false;
        var standing = session.View.Standing;
        while (true)
        {
            var done = await Task.WhenAny(session.View.End, standing, interrupts.NextAsync());
            if (done == session.View.End)
                break;
            if (done != standing)
            {
                if (session.View.JournalAway is string away)
                {
                    await view.DisposeAsync();
                    return JournalFailed(run, away);
                }
                await InterruptAsync(session, interrupts);
                continue;
            }
            var paused = await standing;
            // Taken before anything is said, so that no later word is missed.
            standing = session.View.Standing;
            if (!IsStanding(session.View))
                continue;
            // Whoever says `flyscan resume` says that holds are over, once: those set from now on stand.
            if (!resumed && interrupts.Count == 0 && run.IsResume && !control.Stays && !control.Quits)
            {
                resumed = true;
                var reply = await session.AskAsync(at => new ScanCommand.ResumeScan(at, "flyscan resume"), CancellationToken.None);
                if (reply is not ScanReply.Refused)
                    continue;
            }
            if (control.Stays && interrupts.Count == 0 && !IsDeviceLost(session.View))
            {
                output.Note(
                    $"paused at frame {paused.AtFrame} of {run.Plan.Frames}; waiting for `flyscan resume {run.Uid}`, or seek, or abort");
                continue;
            }
            if (IsDeviceLost(session.View) && interrupts.Count == 0 && !control.Quits)
                return new Part(ExitCode.Paused, new Loss(paused, session.View.Progress?.State));
            if (control.Quits || !await GoOnAsync(session, run, view, paused, interrupts))
            {
                await SettleAsync(session.View);
                await view.DisposeAsync();
                return new Part(output.Paused(run, paused, session.View.Progress?.State), null);
            }
        }
        var (end, why) = await session.View.End;
        await view.DisposeAsync();
        return end == SessionEnd.JournalFailed ? JournalFailed(run, why!) : new Part(output.Ended(run, why), null);
    }

    private Part JournalFailed(RunToMake run, string why) => new(
        output.Faulted(run, $"the journal cannot be used: {why}. Run `flyscan resume {run.Uid}` when it can again."), null);

    /// <summary>Recorders may still report the last frames when the scan stands already; a lost device never does.</summary>
    private static async Task SettleAsync(RunView view)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (view.Progress is { State.OpenTakes.Count: > 0 } && !IsDeviceLost(view)
            && !view.End.IsCompleted && TimeProvider.System.GetElapsedTime(began) < SettleLimit)
            await Task.Delay(Look, TimeProvider.System, CancellationToken.None);
    }

    /// <summary>Held by something that does not pass by itself, and not on its way to an end.</summary>
    private static bool IsStanding(RunView view) =>
        view.Progress is { State: { Ending: null, Status: null } state } && state.Holds.Keys.Any(h => !ScanDecider.PassesByItself(h));

    private static bool IsDeviceLost(RunView view) =>
        view.Progress is { } progress && progress.State.Holds.Keys.Any(ScanDecider.IsDeviceLoss);

    private async Task InterruptAsync(ScanSession session, Interrupts interrupts)
    {
        var command = interrupts.Count == 1
            ? (Func<long, ScanCommand>)(at => new ScanCommand.PauseScan(at, "Ctrl-C"))
            : at => new ScanCommand.AbortScan(at, "Ctrl-C", "aborted with Ctrl-C");
        var reply = await session.AskAsync(command, CancellationToken.None);
        output.Note(reply switch
        {
            ScanReply.Refused refused => refused.Reason,
            _ when interrupts.Count == 1 => "pausing at the next safe frame; Ctrl-C again aborts",
            _ => "aborting",
        });
    }

    /// <summary>The scan stands: on a terminal the user chooses, elsewhere the process ends and leaves the scan to `flyscan
    /// resume`.</summary>
    private async Task<bool> GoOnAsync(
        ScanSession session, RunToMake run, IProgressView view, ScanReply.Paused paused, Interrupts interrupts)
    {
        if (!output.CanAsk || session.View.Progress is null || IsDeviceLost(session.View))
            return false;
        var answer = await view.AskAsync(
            $"paused at frame {paused.AtFrame} of {run.Plan.Frames}: [r]esume, [a]bort, or [q]uit and resume later? ",
            () => !IsStanding(session.View), interrupts.Second);
        if (answer == 'q')
            return false;
        interrupts.Reset();
        if (answer == '-')
            return true;
        await session.AskAsync(
            at => answer == 'a' ? new ScanCommand.AbortScan(at, "user", "aborted at the pause") : new ScanCommand.ResumeScan(at, "user"),
            CancellationToken.None);
        return true;
    }

    /// <summary>What came of one session. Code: the process's, unless a device was lost.</summary>
    private sealed record Part(int Code, Loss? Loss);

    /// <summary>Where the scan stands since a device was lost.</summary>
    private sealed record Loss(ScanReply.Paused Paused, ScanState? State)
    {
        /// <summary>Each device with what became of it.</summary>
        public string Why => string.Join("\n  ", (State?.Holds ?? ImmutableSortedDictionary<string, string>.Empty)
            .Where(h => ScanDecider.IsDeviceLoss(h.Key)).Select(h => h.Value));
    }
}
