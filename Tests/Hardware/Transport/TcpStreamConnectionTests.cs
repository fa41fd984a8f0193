using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Transport;
using Xunit;

namespace Flyscan.Tests.Hardware.Transport;

public sealed class TcpStreamConnectionTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_stream_arrives_whole_and_its_end_is_told_once()
    {
        var (client, server, listener) = await PairAsync();
        using var owned = listener;
        var sent = Enumerable.Range(0, 1_000_000).SelectMany(BitConverter.GetBytes).ToArray();
        var (received, closed) = (new MemoryStream(), new TaskCompletionSource<Exception?>());
        var asked = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        server.Start(bytes => asked.TrySetResult(System.Text.Encoding.ASCII.GetString(bytes.Span)), _ => { });
        var whole = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        client.Start(
            bytes =>
            {
                received.Write(bytes.Span);
                if (received.Length >= sent.Length)
                    whole.TrySetResult();
            },
            closed.SetResult);
        client.Send("go\n"u8);
        Assert.Equal("go\n", await asked.Task.WaitAsync(Patience));
        for (var at = 0; at < sent.Length; at += 100_000)
            server.Send(sent.AsSpan(at, 100_000));
        await whole.Task.WaitAsync(Patience);
        server.Dispose();
        Assert.Null(await closed.Task.WaitAsync(Patience));
        Assert.Equal(sent, received.ToArray());
        client.Send("dropped"u8);
    }

    [Fact]
    public async Task Closing_it_wakes_the_thread_that_reads_and_tells_the_peer()
    {
        var (client, server, listener) = await PairAsync();
        using var owned = listener;
        var (mine, theirs) = (new TaskCompletionSource<Exception?>(), new TaskCompletionSource<Exception?>());
        client.Start(_ => { }, mine.SetResult);
        server.Start(_ => { }, theirs.SetResult);
        client.Dispose();
        client.Dispose();
        Assert.Null(await mine.Task.WaitAsync(Patience));
        Assert.Null(await theirs.Task.WaitAsync(Patience));
    }

    [Fact]
    public async Task Nobody_there_is_refused_with_host_and_port()
    {
        int port;
        using (var listener = ConnectionListener.Listen("127.0.0.1", 0, _ => { }))
            port = listener.Port;
        var refused = await Assert.ThrowsAsync<IOException>(
            () => new TcpConnector().ConnectStreamAsync("127.0.0.1", port, CancellationToken.None));
        Assert.Contains($"Cannot connect to 127.0.0.1:{port}", refused.Message);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => new TcpConnector().ConnectStreamAsync("127.0.0.1", port, new CancellationToken(canceled: true)));
    }

    [Fact]
    public async Task More_than_a_line_or_two_is_not_for_it_to_send()
    {
        var (client, server, listener) = await PairAsync();
        using var owned = listener;
        Assert.Throws<ArgumentOutOfRangeException>(() => client.Send(new byte[TcpStreamConnection.MostSent + 1]));
        client.Dispose();
        server.Dispose();
    }

    private static async Task<(IConnection Client, IConnection Server, ConnectionListener Listener)> PairAsync()
    {
        var accepted = new TaskCompletionSource<IConnection>(TaskCreationOptions.RunContinuationsAsynchronously);
        var listener = ConnectionListener.Listen("127.0.0.1", 0, accepted.SetResult);
        var client = await new TcpConnector().ConnectStreamAsync("127.0.0.1", listener.Port, CancellationToken.None);
        return (client, await accepted.Task.WaitAsync(Patience), listener);
    }
}
