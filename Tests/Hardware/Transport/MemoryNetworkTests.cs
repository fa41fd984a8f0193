using System.Text;
using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Transport;
using Xunit;

namespace Flyscan.Tests.Hardware.Transport;

public sealed class MemoryNetworkTests
{
    private readonly Queue<Action> _posted = new();
    private readonly StringBuilder _heard = new();
    private readonly MemoryNetwork _network;
    private IConnection? _server;

    public MemoryNetworkTests()
    {
        _network = new MemoryNetwork(_posted.Enqueue);
        _network.Listen(1, server =>
        {
            _server = server;
            server.Start(bytes => _heard.Append(Encoding.ASCII.GetString(bytes.Span)), _ => _heard.Append('|'));
        });
    }

    [Fact]
    public async Task What_is_sent_to_a_held_port_arrives_in_order_once_it_is_released()
    {
        var client = await _network.ConnectAsync("anywhere", 1, CancellationToken.None);
        Run();
        client.Send("a"u8);
        Run();
        _network.Hold(1);
        client.Send("b"u8);
        Run();
        Assert.Equal("a", _heard.ToString());

        client.Send("c"u8);
        _network.Release(1);
        client.Send("d"u8);
        Run();

        Assert.Equal("abcd", _heard.ToString());
    }

    [Fact]
    public async Task What_waits_at_a_held_port_is_lost_when_its_connection_is_cut()
    {
        var client = await _network.ConnectAsync("anywhere", 1, CancellationToken.None);
        Run();
        _network.Hold(1);
        client.Send("a"u8);
        Run();
        _network.Cut(1);
        _network.Release(1);
        Run();

        Assert.NotNull(_server);
        Assert.Equal("|", _heard.ToString());
    }

    private void Run()
    {
        while (_posted.TryDequeue(out var action))
            action();
    }
}
