using Flyscan.Hardware.Contracts;

namespace Flyscan.Hardware.Simulation.Line;

/// <summary>Serves simulated devices over connections. A client that goes takes nothing with it: what it started runs on.</summary>
internal sealed class LineServer
{
    private readonly ISimulationClock _world;
    private readonly string _worldName;
    private readonly LineLimits _limits;
    private readonly SortedDictionary<string, ILineDevice> _devices = new(StringComparer.Ordinal);
    private readonly List<Client> _clients = [];

    /// <param name="worldName">Names this run of the virtual beamline.</param>
    public LineServer(ISimulationClock world, string worldName, IEnumerable<ILineDevice> devices, LineLimits limits)
    {
        (_world, _worldName, _limits) = (world, worldName, limits);
        foreach (var device in devices)
        {
            _devices.Add(device.Name, device);
            device.Notified += (topic, values) => Notify(new LineNotification(device.Name, topic, [.. values]));
        }
    }

    /// <summary>Takes over a connection that was not started. From any thread.</summary>
    /// <param name="gone">Called on the world's thread when the connection has closed.</param>
    public void Serve(IConnection connection, Action? gone = null)
    {
        var client = new Client(this, connection);
        _world.Post(() =>
        {
            _clients.Add(client);
            client.Flush();
            connection.Start(
                bytes =>
                {
                    var copy = bytes.ToArray();
                    _world.Post(() => client.Receive(copy));
                },
                _ => _world.Post(() =>
                {
                    _clients.Remove(client);
                    client.Close();
                    gone?.Invoke();
                }));
        });
    }

    private void Notify(LineNotification notification)
    {
        foreach (var client in _clients)
            client.Notify(notification);
    }

    private sealed class Client(LineServer server, IConnection connection)
    {
        private readonly LineServerProtocol _protocol = new(server._worldName, server._limits);
        private readonly HashSet<string> _watched = [];
        private bool _isClosed;

        public void Receive(byte[] bytes)
        {
            _protocol.Receive(bytes);
            Flush();
        }

        public void Notify(LineNotification notification)
        {
            if (!_watched.Contains(notification.Device))
                return;
            _protocol.Notify(notification);
            Flush();
        }

        public void Close()
        {
            _isClosed = true;
            connection.Dispose();
        }

        public void Flush()
        {
            while (!_isClosed && _protocol.TryTake(out var output))
            {
                switch (output)
                {
                    case LineOutput.Transmit transmit:
                        connection.Send(transmit.Bytes.Span);
                        break;
                    case LineOutput.Request request:
                        Handle(request.Message);
                        break;
                    case LineOutput.Fault fault:
                        // The client learns why before the connection ends.
                        connection.Send(LineText.Encode(new LineNotification("server", "fault", [fault.Reason])));
                        Close();
                        break;
                    default:
                        throw new System.Diagnostics.UnreachableException();
                }
            }
        }

        private void Handle(LineRequest request)
        {
            var answer = new LineAnswer((ending, values) =>
            {
                if (_isClosed)
                    return;
                _protocol.Reply(new LineReply(request.Id, ending, [.. values]));
                Flush();
            });
            if (!server._devices.TryGetValue(request.Device, out var device))
                answer.Refused($"this virtual beamline has no device {request.Device}; it has {string.Join(", ", server._devices.Keys)}");
            else if (request.Verb == "watch")
            {
                _watched.Add(request.Device);
                answer.Ok();
            }
            else
                device.Handle(request, answer);
        }
    }
}
