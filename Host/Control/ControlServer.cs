using System.Net.Sockets;
using Flyscan.Scanning.Units;

namespace Flyscan.Host.Control;

/// <summary>Answers requests to one scan on its socket, one line each.</summary>
/// <remarks>A client that says nothing for <see cref="Quiet"/>, or a line too long, is closed. More than <see cref="MostClients"/> at a
/// time are refused.</remarks>
internal sealed class ControlServer : IAsyncDisposable
{
    public const int MostClients = 8;

    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(2);

    private readonly Socket _socket;
    private readonly string _path;
    private readonly Func<ControlRequest, CancellationToken, Task<ControlAnswer>> _answer;
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();
    private readonly HashSet<Task> _clients = [];
    private readonly Task _accepting;

    private ControlServer(Socket socket, string path, Func<ControlRequest, CancellationToken, Task<ControlAnswer>> answer)
    {
        (_socket, _path, _answer) = (socket, path, answer);
        _accepting = AcceptAsync();
    }

    /// <summary>Listens at a path.</summary>
    /// <remarks><b>Errors</b> those of <see cref="ControlSocket.Listen"/>.</remarks>
    public static ControlServer Open(string path, Func<ControlRequest, CancellationToken, Task<ControlAnswer>> answer) =>
        new(ControlSocket.Listen(path, MostClients), path, answer);

    /// <summary>Hears nobody new, lets answers under way be given, and removes the socket.</summary>
    public async ValueTask DisposeAsync()
    {
        _socket.Dispose();
        File.Delete(_path);
        await _accepting;
        Task[] left;
        lock (_gate)
            left = [.. _clients];
        await Task.WhenAny(Task.WhenAll(left), Task.Delay(LastWords, TimeProvider.System, CancellationToken.None));
        await _stop.CancelAsync();
        await Task.WhenAll(left);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            Socket client;
            try
            {
                client = await _socket.AcceptAsync(_stop.Token);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
            {
                return;
            }
            var serving = ServeAsync(client, Admit());
            lock (_gate)
                _clients.Add(serving);
            _ = serving.ContinueWith(Forget, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
    }

    private bool Admit()
    {
        lock (_gate)
            return _clients.Count < MostClients;
    }

    private void Forget(Task serving)
    {
        lock (_gate)
            _clients.Remove(serving);
    }

    private async Task ServeAsync(Socket client, bool isAdmitted)
    {
        await using var stream = new NetworkStream(client, ownsSocket: true);
        try
        {
            if (isAdmitted)
                await TalkAsync(stream);
            else
                await SayAsync(stream, ControlAnswer.Refused($"{MostClients} clients talk to this scan already; try again in a moment"));
        }
        catch (Exception gone) when (gone is IOException or OperationCanceledException)
        {
            // The client left, said nothing, or the scan has ended: nobody is there to be told.
        }
    }

    private async Task TalkAsync(NetworkStream stream)
    {
        var lines = new LineReader(stream);
        while (true)
        {
            using var quiet = new CancellationTokenSource(Quiet, TimeProvider.System);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(quiet.Token, _stop.Token);
            string? line;
            try
            {
                line = await lines.NextAsync(either.Token);
            }
            catch (InvalidDataException tooLong)
            {
                await SayAsync(stream, ControlAnswer.Refused(tooLong.Message));
                return;
            }
            if (line is null)
                return;
            await SayAsync(stream, ControlJson.ReadRequest(line) switch
            {
                Outcome<ControlRequest>.Completed { Value: var request } => await _answer(request, _stop.Token),
                Outcome<ControlRequest>.Refused { Reason: var reason } => ControlAnswer.Refused(reason),
                var other => ControlAnswer.Refused(other.Problem!),
            });
        }
    }

    private async Task SayAsync(NetworkStream stream, ControlAnswer answer)
    {
        var line = ControlJson.Write(answer);
        await stream.WriteAsync(
            line.Length <= ControlJson.LongestLine
                ? line
                : ControlJson.Write(ControlAnswer.Refused($"the answer is longer than {ControlJson.LongestLine} bytes")),
            _stop.Token);
    }
}
