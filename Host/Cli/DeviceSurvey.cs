using System.Globalization;
using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Hdf5;
using Flyscan.Hardware.Transport;
using Flyscan.Host.Composition;
using Flyscan.Host.Time;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Units;

namespace Flyscan.Host.Cli;

/// <summary>What a device of a beamline file says of itself. Problem: why it cannot be used; null where it can.</summary>
internal sealed record SurveyedDevice(string Name, string Kind, string? Problem, EquatableArray<DeviceFact> Facts)
{
    /// <summary>Everything that is not as it should be.</summary>
    public IEnumerable<DeviceFact> Alarms => Facts.Where(f => f.Alarm is not null);
}

/// <summary>Connects to every device of a beamline file and reads what it says; nothing is moved, armed or set.</summary>
internal static class DeviceSurvey
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    /// <param name="dataFolder">Where a virtual beamline may have been started from: its ports are in there.</param>
    public static async Task<IReadOnlyList<SurveyedDevice>> RunAsync(LoadedBeamline beamline, string dataFolder)
    {
        await using var epics = new EpicsClient(beamline.Epics);
        var running = VirtualProcess.RunningIn(dataFolder);
        var endpoints = running is not null && running.Beamline == beamline.Name
            ? new EndpointOverrides(running.Endpoints.ToEquatableArray())
            : EndpointOverrides.None;
        var environment = new DeviceEnvironment(
            new SystemClock(), new TcpConnector(), new Hdf5FrameStoreFactory(), running?.TimeScale ?? 1, endpoints)
        {
            Axes = beamline.Description.Axes,
            Pvs = epics.Get,
        };
        var devices = beamline.CreateDevices(environment);
        try
        {
            using var limit = new CancellationTokenSource(Limit, TimeProvider.System);
            return await Task.WhenAll(beamline.Devices.Select(d => LookAsync(d, devices[d.Name], limit.Token)));
        }
        finally
        {
            foreach (var device in devices.Values)
                await device.DisposeAsync();
        }
    }

    private static async Task<SurveyedDevice> LookAsync(LoadedDevice loaded, IDevice device, CancellationToken cancel)
    {
        var connected = await device.ConnectAsync(cancel);
        var facts = connected.Problem is null ? await FactsAsync(device, cancel) : [];
        if (device is IInspectable inspectable)
            facts.AddRange(await inspectable.InspectAsync(cancel));
        return new SurveyedDevice(loaded.Name, loaded.Kind, connected.Problem, facts.ToEquatableArray());
    }

    /// <summary>What every device of its sort can say.</summary>
    private static async Task<List<DeviceFact>> FactsAsync(IDevice device, CancellationToken cancel)
    {
        var facts = new List<DeviceFact>();
        if (device is ISettable settable)
            facts.Add(Fact("position", await settable.ReadAsync(cancel), Number));
        if (device is IShutter shutter)
            facts.Add(Fact("shutter", await shutter.GetAsync(cancel), p => p.ToString()));
        if (device is IBeamMonitor beam)
            facts.Add(Fact("signal", await beam.ReadAsync(cancel), r => $"{Number(r.Value)} {r.Unit}"));
        if (device is IMotionController motion)
            AddMotion(facts, await motion.GetStatusAsync(cancel));
        if (device is ITriggerBox box)
            AddBox(facts, await box.GetBoxStatusAsync(cancel));
        else if (device is IRecorder recorder)
            AddRecorder(facts, await recorder.GetStatusAsync(cancel));
        return facts;
    }

    private static void AddMotion(List<DeviceFact> facts, Outcome<MotionStatus> read)
    {
        facts.Add(Fact("motion", read, s => s.Phase.ToString(), s => s.Fault));
        if (read is Outcome<MotionStatus>.Completed { Value.Positions: var positions })
            facts.AddRange(positions.Select(p => new DeviceFact(p.Axis, Number(p.Position), null)));
    }

    private static void AddBox(List<DeviceFact> facts, Outcome<BoxStatus> read) =>
        facts.Add(Fact("sequence", read, s => s.Phase.ToString(), s => s.Fault));

    private static void AddRecorder(List<DeviceFact> facts, Outcome<RecorderStatus> read) => facts.Add(Fact(
        "recorder", read, s => s.Session is null ? "not staged" : $"staged, {s.Recorded} frames recorded{(s.Accepting ? ", armed" : "")}",
        s => s.Session is null ? null : s.Fault));

    private static DeviceFact Fact<T>(string name, Outcome<T> read, Func<T, string> show, Func<T, string?>? alarm = null) =>
        read is Outcome<T>.Completed { Value: var value }
            ? new DeviceFact(name, show(value), alarm?.Invoke(value))
            : new DeviceFact(name, null, read.Problem);

    private static string Number(double value) => value.ToString("G9", CultureInfo.InvariantCulture);
}
