using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Transport;
using Flyscan.Hardware.Zebra;
using Flyscan.Hardware.Zebra.Simulator;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Triggering;
using Flyscan.Scanning.Units;
using Flyscan.Tests.Hardware.PandA;

namespace Flyscan.Tests.Hardware.Zebra;

/// <summary>A simulated Zebra with two encoders and a live input, and a driver at it, all on one virtual clock.</summary>
internal sealed class ZebraBench
{
    public const int Port = 4001;
    public const double Scale = 0.001;
    public const double Offset = 5;
    public const long Ms = 1_000_000;

    public ZebraBench(Func<ZebraSettings, ZebraSettings>? adjust = null)
    {
        Network = new MemoryNetwork(World.Post);
        Box = new ZebraSimulator(World);
        Network.Listen(Port, Box.Serve);
        Box.WireInput("IN1_TTL", Live);
        Box.WireEncoder(1, X);
        Box.WireEncoder(2, Y);
        Box.WireEncoder(3, Diode);
        Output = Box.Output("OUT1_TTL");
        Output.Changed += high => Edges.Add((World.NowNs, high));
        Settings = new ZebraSettings
        {
            Host = "box",
            Port = Port,
            LiveInput = 1,
            LiveName = "IN1_TTL",
            Encoders = [new("x", 1, Scale, Offset, "mm"), new("y", 2, -Scale, 0, "mm")],
            Detectors = [new("diode", "ENC3", 2, "counts", true)],
        };
        Settings = adjust?.Invoke(Settings) ?? Settings;
        Driver = NewDriver();
    }

    public FakeWorld World { get; } = new();

    public MemoryNetwork Network { get; }

    public ZebraSimulator Box { get; }

    public TestBit Live { get; } = new();

    public LinearCount X { get; } = new();

    public LinearCount Y { get; } = new();

    public LinearCount Diode { get; } = new();

    public Flyscan.Hardware.Simulation.IBitSignal Output { get; }

    /// <summary>Every edge of the trigger output.</summary>
    public List<(long AtNs, bool High)> Edges { get; } = [];

    public TestFrameStores Stores { get; } = new();

    public ZebraSettings Settings { get; }

    public ZebraDriver Driver { get; private set; }

    public ZebraDriver NewDriver() =>
        Driver = new ZebraDriver("zebra", Settings, new DeviceEnvironment(World, Network, Stores, 1, EndpointOverrides.None));

    public static RecorderStaging Staging(int segment = 1) => new("scan", 1, "/runs/scan", segment, 10 * Ms, 1000, ["diode", "cam"]);

    public T Do<T>(Func<CancellationToken, Task<Outcome<T>>> what)
    {
        var outcome = World.Run(() => what(CancellationToken.None));
        return outcome is Outcome<T>.Completed completed
            ? completed.Value
            : throw new Xunit.Sdk.XunitException($"{outcome}: {outcome.Problem}");
    }

    public string Problem<T>(Func<CancellationToken, Task<Outcome<T>>> what) =>
        World.Run(() => what(CancellationToken.None)).Problem ?? throw new Xunit.Sdk.XunitException("It was completed.");

    public RecorderSession ConnectAndStage()
    {
        Do(Driver.ConnectAsync);
        return Do(c => Driver.StageAsync(Staging(), c));
    }

    /// <summary>Sends raw lines on a connection of its own; returns the lines of the reply.</summary>
    public string Ask(string lines)
    {
        var text = "";
        var connection = World.Run(() => Network.ConnectAsync("box", Port, CancellationToken.None));
        connection.Start(bytes => text += System.Text.Encoding.ASCII.GetString(bytes.Span), _ => { });
        connection.Send(System.Text.Encoding.ASCII.GetBytes(lines));
        World.RunUntil(World.NowNs);
        connection.Dispose();
        World.RunUntil(World.NowNs);
        return text;
    }

    public static TriggerProgramme Burst(int count, long exposureNs = 10 * Ms, long periodNs = 11 * Ms) =>
        new([new TriggerWindow(0, false, null, [new PulseTrain(count, exposureNs, periodNs)])]);
}
