using System.Net.Sockets;
using Flyscan.Host.Cli;

namespace Flyscan.Host.Control;

/// <summary>Talks to processes that run scans.</summary>
internal static class ControlClient
{
    private static readonly TimeSpan StatusLimit = TimeSpan.FromSeconds(5);

    /// <summary>Longer than the process itself lets anybody wait.</summary>
    private static readonly TimeSpan AnswerLimit = RunControl.PauseLimit + TimeSpan.FromSeconds(30);

    /// <summary>Who asks, as the journal names them.</summary>
    public static string Who => $"{Environment.UserName}@{Environment.MachineName} (pid {Environment.ProcessId})";

    /// <summary>Every scan of this user whose process answers, by uid.</summary>
    public static async Task<IReadOnlyList<ControlStatus>> RunningAsync(CancellationToken cancel)
    {
        var running = new List<ControlStatus>();
        foreach (var uid in ControlSocket.Uids())
        {
            try
            {
                if (await TryAskAsync(uid, new ControlRequest(ControlVerb.Status, Who), StatusLimit, cancel) is { Status: { } status })
                    running.Add(status);
            }
            catch (RefusedException)
            {
                // One process that hangs must not keep others from being told.
            }
        }
        return running;
    }

    /// <summary>Asks and gives the answer; a refusal is thrown.</summary>
    /// <remarks><b>Errors</b> <see cref="RefusedException"/>: refused, nobody listens any more, or no answer.</remarks>
    public static async Task<ControlAnswer> AskAsync(string uid, ControlRequest request, CancellationToken cancel) =>
        await TryAskAsync(uid, request, AnswerLimit, cancel) switch
        {
            null => throw new RefusedException($"the process of run {uid} has ended meanwhile; `flyscan show {uid}` says how"),
            { Answer: ControlResult.Refused, Reason: var reason } => throw new RefusedException(reason ?? "refused"),
            var answer => answer,
        };

    /// <summary>The answer; null where nobody listens.</summary>
    private static async Task<ControlAnswer?> TryAskAsync(string uid, ControlRequest request, TimeSpan wait, CancellationToken cancel)
    {
        using var limit = new CancellationTokenSource(wait, TimeProvider.System);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, limit.Token);
        try
        {
            if (await ControlSocket.ConnectAsync(uid, either.Token) is not Socket socket)
                return null;
            await using var stream = new NetworkStream(socket, ownsSocket: true);
            await stream.WriteAsync(ControlJson.Write(request), either.Token);
            return await new LineReader(stream).NextAsync(either.Token) is string line
                ? RefusedException.Unless(ControlJson.ReadAnswer(line))
                : null;
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            throw new RefusedException($"the process of run {uid} did not answer within {wait.TotalSeconds:0} s");
        }
        catch (Exception e) when (e is IOException or SocketException or InvalidDataException)
        {
            throw new RefusedException($"the process of run {uid} cannot be asked at {ControlSocket.PathOf(uid)}: {e.Message}");
        }
    }
}
