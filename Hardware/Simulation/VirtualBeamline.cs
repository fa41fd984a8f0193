using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Epics.ChannelAccess.Server;
using Flyscan.Hardware.Simulation.Line;
using Flyscan.Hardware.Transport;

namespace Flyscan.Hardware.Simulation;

/// <summary>A whole simulated beamline on one beam clock, behind the ports of real devices.</summary>
/// <remarks>It outlives its clients: what they started runs to its end. It ends when it is stopped, or after <c>idle-exit</c> without
/// a client.</remarks>
public sealed class VirtualBeamline : IAsyncDisposable
{
    private const long Second = 1_000_000_000;

    private readonly object _gate = new();
    private readonly TaskCompletionSource _completed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<ConnectionListener> _listeners = [];
    private readonly List<IConnection> _clients = [];
    private readonly List<IConnection> _lines = [];
    private readonly List<KeyValuePair<string, string>> _endpoints = [];
    private readonly VirtualBeamlineOptions _options;
    private readonly SimulatedWorld _world;
    private readonly VirtualDevices _devices;
    private readonly ITimer _idle;
    private readonly TimeSpan _idleExit;
    private IDatagramPort? _searches;
    private IDatagramPort? _pvaSearches;
    private bool _isStopping;

    private VirtualBeamline(ISettings beamline, VirtualBeamlineOptions options)
    {
        var simulation = beamline.Section("simulation");
        _options = options with { ServesRecords = simulation.Has("epics-port"), HasMotorPort = simulation.Has("motor-port") };
        simulation.AllowOnly("host", "port", "epics-port", "motor-port", "box-data-period", "idle-exit");
        CheckMotorPort(simulation);
        _idleExit = TimeSpan.FromMicroseconds(simulation.DurationNs("idle-exit", Second, 7 * 86_400 * Second, 600 * Second) / 1000);
        _world = new SimulatedWorld(options.TimeScale, options.Time);
        var boxPeriodNs = simulation.DurationNs("box-data-period", 0, 10 * Second, 0);
        WorldName = options.WorldName ?? LineText.Number((options.Time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks);
        _devices = new VirtualDevices(_world, beamline.Section("devices"), boxPeriodNs, _options, WorldName);
        _idle = options.Time.CreateTimer(_ => ExitIdle(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        try
        {
            Listen(simulation);
        }
        catch
        {
            CloseListeners();
            _idle.Dispose();
            throw;
        }
    }

    /// <summary>Names this run: sessions of devices carry it.</summary>
    public string WorldName { get; }

    /// <summary>Beam time now, nanoseconds since the world began.</summary>
    public long NowNs => _world.NowNs;

    /// <summary>Where each device is served: <c>device.port-key</c> and host:port.</summary>
    public EndpointOverrides Endpoints => new([.. _endpoints]);

    /// <summary>Completes when the beamline has stopped; fails when its world did.</summary>
    public Task Completed => _completed.Task;

    /// <summary>Makes the devices of a beamline file's <c>beamline</c> section and serves them.</summary>
    /// <remarks><b>Errors</b> <see cref="SettingsException"/> for settings, <see cref="IOException"/> naming host and port for one in
    /// use.</remarks>
    public static VirtualBeamline Start(ISettings beamline, VirtualBeamlineOptions options)
    {
        var started = new VirtualBeamline(beamline, options);
        started._world.Start();
        foreach (var cable in started._devices.Cables)
            cable.Start();
        started.WatchWorld();
        started._idle.Change(started._idleExit, Timeout.InfiniteTimeSpan);
        return started;
    }

    /// <summary>Closes listeners, connections and the files of cameras, then ends the world.</summary>
    public async Task StopAsync()
    {
        lock (_gate)
        {
            if (_isStopping)
                return;
            _isStopping = true;
        }
        await _idle.DisposeAsync();
        CloseListeners();
        foreach (var client in Clients().Concat(Lines()))
            client.Dispose();
        foreach (var cable in _devices.Cables)
            cable.Dispose();
        foreach (var camera in _devices.Cameras)
            await CloseFileAsync(camera);
        if (_options.ServesRecords)
            await Task.WhenAny(_devices.Ioc.CloseFilesAsync(), _world.Ended);
        _world.Dispose();
        if (_world.Ended.IsCompletedSuccessfully)
            _completed.TrySetResult();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await Task.WhenAny(_completed.Task);
    }

    private async void WatchWorld()
    {
        await Task.WhenAny(_world.Ended);
        if (_world.Ended.Exception is { } fault)
        {
            CloseListeners();
            _completed.TrySetException(fault.InnerExceptions);
        }
    }

    private async void ExitIdle()
    {
        lock (_gate)
            if (_clients.Count > 0)
                return;
        await StopAsync();
    }

    private async Task CloseFileAsync(Detectors.SimulatedCamera camera)
    {
        var closed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _world.Post(() => camera.Unstage(null, _ => closed.TrySetResult()));
        await Task.WhenAny(closed.Task, _world.Ended);
    }

    private void Listen(ISettings simulation)
    {
        var host = _options.Host ?? simulation.Text("host", "127.0.0.1");
        var server = new LineServer(_world, WorldName, _devices.Line, new LineLimits());
        var line = Listen(host, "simulation.port", (int)simulation.Integer("port", 0, 65535, 0), c => server.Serve(c));
        foreach (var device in _devices.Line)
            _endpoints.Add(new($"{device.Name}.port", $"{host}:{line}"));
        foreach (var (name, settings, box) in _devices.Boxes)
        {
            var boxHost = _options.Host ?? settings.Text("host", host);
            ListenForBox(name, settings, boxHost, "control-port", 8888, box.ServeControl);
            ListenForBox(name, settings, boxHost, "data-port", 8889, box.ServeData);
        }
        foreach (var (ports, box) in _devices.IocBoxes)
        {
            ListenForIoc(host, ports.Control, box.ServeControl);
            ListenForIoc(host, ports.Data, box.ServeData);
        }
        foreach (var (name, settings, box) in _devices.Zebras)
            ServeZebra(name, settings, host, box.Serve);
        if (_devices.Ioc.Serves)
            ListenForRecords(host, (int)simulation.Integer("epics-port", 0, 65535));
        if (_options.HasMotorPort)
            ListenForMotors(host, (int)simulation.Integer("motor-port", 1, 65535));
    }

    /// <summary>IOCs know the port from the file, so that it is that one. They are no clients: a beamline that only they look at is
    /// idle.</summary>
    private void ListenForMotors(string host, int port) => ListenForIoc(host, port, _devices.Motors.Serve);

    private void ListenForIoc(string host, int port, Action<IConnection> serve) =>
        // Where the IOC is in this world, nobody else looks for the port.
        _listeners.Add(ConnectionListener.Listen(host, _options is { ServesRecords: true, FreePorts: true } ? 0 : port, connection =>
        {
            lock (_gate)
                _lines.Add(connection);
            serve(connection);
        }));

    private void CheckMotorPort(ISettings simulation)
    {
        if (!_options.HasMotorPort)
            return;
        if (_options.ServesRecords)
            throw simulation.Error("motor-port", "an IOC of their own moves the motors or, with epics-port, this world: give one of both");
        if (_options.TimeScale != 1)
            throw simulation.Error(
                "motor-port", string.Create(
                    System.Globalization.CultureInfo.InvariantCulture,
                    $"an IOC moves its motors in real time, and this beamline would run at time scale {_options.TimeScale}; take 1"));
    }

    /// <summary>Channel Access searches come to the UDP port of the same number.</summary>
    private void ListenForRecords(string host, int port)
    {
        var server = _devices.Ioc.Server;
        var listening = Listen(host, "simulation.epics-port", port, c => server.Accept(new PostedConnection(c, _world)));
        _searches = new UdpPorts().Open(System.Net.IPAddress.Parse(host), listening);
        server.ListenForSearches(_searches, (ushort)listening);
        _endpoints.Add(new(VirtualIoc.Endpoint, $"{host}:{listening}"));
        var pva = _devices.Ioc.Pva;
        var pvaListening = Listen(host, "simulation.epics-port", 0, c => pva.Accept(new PostedConnection(c, _world)));
        _pvaSearches = new UdpPorts().Open(System.Net.IPAddress.Parse(host), 0);
        pva.ListenForSearches(_pvaSearches, (ushort)pvaListening, System.Net.IPAddress.Any);
        _endpoints.Add(new(VirtualIoc.PvaEndpoint, $"{host}:{_pvaSearches.Port}"));
    }

    /// <summary>Behind a terminal server's port, or as a serial device of this machine.</summary>
    private void ServeZebra(string name, ISettings settings, string host, Action<IConnection> serve)
    {
        if (settings.Has("device"))
        {
            var terminal = PseudoTerminal.Open();
            _lines.Add(terminal.Connection);
            serve(terminal.Connection);
            _endpoints.Add(new($"{name}.device", $"{terminal.Path}:{SerialConnector.Baud}"));
            return;
        }
        ListenForBox(name, settings, _options.Host ?? settings.Text("host", host), "port", 0, serve);
    }

    private void ListenForBox(string name, ISettings settings, string host, string key, int usual, Action<IConnection> serve)
    {
        var port = Listen(host, $"{name}.{key}", (int)settings.Integer(key, 0, 65535, usual), serve);
        _endpoints.Add(new($"{name}.{key}", $"{host}:{port}"));
    }

    private int Listen(string host, string key, int port, Action<IConnection> serve)
    {
        var wanted = _options.FreePorts ? 0 : _options.Ports.GetValueOrDefault(key, port);
        var listener = ConnectionListener.Listen(host, wanted, connection => Serve(connection, serve));
        _listeners.Add(listener);
        return listener.Port;
    }

    private void Serve(IConnection connection, Action<IConnection> serve)
    {
        CountedConnection? counted = null;
        counted = new CountedConnection(connection, () => Gone(counted!));
        lock (_gate)
        {
            if (_isStopping)
            {
                connection.Dispose();
                return;
            }
            _clients.Add(counted);
        }
        serve(counted);
    }

    private void Gone(IConnection client)
    {
        lock (_gate)
        {
            _clients.Remove(client);
            if (_clients.Count == 0 && !_isStopping)
                _idle.Change(_idleExit, Timeout.InfiniteTimeSpan);
        }
    }

    private IConnection[] Clients()
    {
        lock (_gate)
            return [.. _clients];
    }

    private IConnection[] Lines()
    {
        lock (_gate)
            return [.. _lines];
    }

    private void CloseListeners()
    {
        foreach (var listener in _listeners)
            listener.Dispose();
        _searches?.Dispose();
        _pvaSearches?.Dispose();
    }
}
