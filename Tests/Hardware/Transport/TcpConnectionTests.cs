using System.Text;
using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Transport;
using Xunit;

namespace Flyscan.Tests.Hardware.Transport;

public sealed class TcpConnectionTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Bytes_arrive_in_order_whatever_their_number(bool ownThreads)
    {
        var (client, server, listener) = await PairAsync(ownThreads);
        using var owned = listener;
        var sent = Enumerable.Range(0, 300_000).SelectMany(BitConverter.GetBytes).ToArray();
        var all = new TaskCompletionSource<byte[]>(TaskCreationOptions.RunContinuationsAsynchronously);
        var received = new MemoryStream();
        server.Start(
            bytes =>
            {
                received.Write(bytes.Span);
                if (received.Length == sent.Length)
                    all.TrySetResult(received.ToArray());
            },
            _ => all.TrySetException(new IOException("closed early")));
        for (var at = 0; at < sent.Length; at += 1000)
            client.Send(sent.AsSpan(at, 1000));
        Assert.Equal(sent, await all.Task.WaitAsync(Patience));
        client.Dispose();
        server.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Each_end_is_told_once_when_one_closes(bool ownThreads)
    {
        var (client, server, listener) = await PairAsync(ownThreads);
        using var owned = listener;
        var (mine, theirs) = (new TaskCompletionSource<Exception?>(), new TaskCompletionSource<Exception?>());
        client.Start(_ => { }, mine.SetResult);
        server.Start(_ => { }, theirs.SetResult);
        client.Dispose();
        client.Dispose();
        Assert.Null(await mine.Task.WaitAsync(Patience));
        Assert.Null(await theirs.Task.WaitAsync(Patience));
        client.Send("dropped"u8);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_peer_that_does_not_read_is_cut_off_at_the_limit(bool ownThreads)
    {
        var accepted = new TaskCompletionSource<IConnection>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var listener = ConnectionListener.Listen("127.0.0.1", 0, accepted.SetResult, ownThreads: ownThreads);
        using var client = await new TcpConnector(1 << 20, ownThreads)
            .ConnectAsync("127.0.0.1", listener.Port, CancellationToken.None);
        var closed = new TaskCompletionSource<Exception?>(TaskCreationOptions.RunContinuationsAsynchronously);
        client.Start(_ => { }, closed.SetResult);
        using var server = await accepted.Task.WaitAsync(Patience);
        var block = new byte[1 << 19];
        for (var i = 0; i < 64 && !closed.Task.IsCompleted; i++)
            client.Send(block);
        var cause = await closed.Task.WaitAsync(Patience);
        Assert.Contains("does not read: more than 1048576 bytes", cause!.Message);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Nobody_at_the_port_is_an_error_that_names_it(bool ownThreads)
    {
        using var listener = ConnectionListener.Listen("127.0.0.1", 0, _ => { });
        var port = listener.Port;
        listener.Dispose();
        var error = await Assert.ThrowsAsync<IOException>(
            () => new TcpConnector(ownThreads: ownThreads).ConnectAsync("127.0.0.1", port, CancellationToken.None));
        Assert.StartsWith($"Cannot connect to 127.0.0.1:{port}: ", error.Message);
    }

    [Fact]
    public void A_port_in_use_is_an_error_that_names_it()
    {
        using var listener = ConnectionListener.Listen("127.0.0.1", 0, _ => { });
        var error = Assert.Throws<IOException>(() => ConnectionListener.Listen("127.0.0.1", listener.Port, _ => { }));
        Assert.StartsWith($"Cannot listen on 127.0.0.1:{listener.Port}: ", error.Message);
    }

    [Fact]
    public async Task Memory_delivers_in_order_in_pieces_and_tells_both_ends_of_a_cut()
    {
        var queue = new Queue<Action>();
        var network = new MemoryNetwork(queue.Enqueue) { LargestSegment = 3 };
        var (text, ends) = (new List<string>(), new List<string>());
        network.Listen(1, server => server.Start(b => text.Add(Encoding.ASCII.GetString(b.Span)), e => ends.Add($"server {e?.Message}")));
        var client = await network.ConnectAsync("anywhere", 1, CancellationToken.None);
        client.Send("0123456789"u8);
        client.Start(_ => { }, e => ends.Add($"client {e?.Message}"));
        Drain(queue);
        Assert.Equal(["012", "345", "678", "9"], text);
        network.Cut(1);
        Drain(queue);
        Assert.Equal(["client Connection lost: cut.", "server Connection lost: cut."], ends.Order());
        network.Refusing = true;
        await Assert.ThrowsAsync<IOException>(() => network.ConnectAsync("anywhere", 1, CancellationToken.None));
    }

    private static void Drain(Queue<Action> queue)
    {
        while (queue.TryDequeue(out var action))
            action();
    }

    private static async Task<(IConnection Client, IConnection Server, ConnectionListener Listener)> PairAsync(bool ownThreads)
    {
        var accepted = new TaskCompletionSource<IConnection>(TaskCreationOptions.RunContinuationsAsynchronously);
        var listener = ConnectionListener.Listen("127.0.0.1", 0, accepted.SetResult, ownThreads: ownThreads);
        var client = await new TcpConnector(ownThreads: ownThreads).ConnectAsync("127.0.0.1", listener.Port, CancellationToken.None);
        return (client, await accepted.Task.WaitAsync(Patience), listener);
    }
}
