using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.PandA;
using Flyscan.Hardware.PandA.Driver;
using Flyscan.Hardware.PandA.Simulator;
using Flyscan.Hardware.Transport;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Triggering;
using Flyscan.Scanning.Units;

namespace Flyscan.Tests.Hardware.PandA;

/// <summary>A simulated box with two encoders, a live input and a diode, and a driver at it, all on one virtual clock.</summary>
internal sealed class PandABench
{
    public const int ControlPort = 8888;
    public const int DataPort = 8889;
    public const double Scale = 0.001;
    public const double Offset = 5;
    public const long Ms = 1_000_000;

    public PandABench(long dataPeriodNs = 0, Func<PandASettings, PandASettings>? adjust = null)
    {
        Network = new MemoryNetwork(World.Post);
        Box = new PandASimulator(World, new PandASimulatorOptions { DataPeriodNs = dataPeriodNs });
        Network.Listen(ControlPort, Box.ServeControl);
        Network.Listen(DataPort, Box.ServeData);
        Box.WireTtlIn(1, Live);
        Box.WireEncoder(1, X);
        Box.WireEncoder(2, Y);
        Box.WireEncoder(3, Diode);
        Settings = new PandASettings
        {
            Host = "box",
            ControlPort = ControlPort,
            DataPort = DataPort,
            LiveInput = "TTLIN1.VAL",
            Encoders = [new("x", "INENC1", Scale, Offset, "mm"), new("y", "INENC2", -Scale, 0, "mm")],
            Detectors = [new("diode", "INENC3.VAL", ["Diff"], "counts", true), new("other", "INENC4.VAL", ["Value"], "", false)],
        };
        Settings = adjust?.Invoke(Settings) ?? Settings;
        Driver = NewDriver();
    }

    public FakeWorld World { get; } = new();

    public MemoryNetwork Network { get; }

    public PandASimulator Box { get; }

    public TestBit Live { get; } = new();

    public LinearCount X { get; } = new();

    public LinearCount Y { get; } = new();

    public LinearCount Diode { get; } = new();

    public TestFrameStores Stores { get; } = new();

    public PandASettings Settings { get; }

    public PandADriver Driver { get; private set; }

    public PandADriver NewDriver()
    {
        var environment = new DeviceEnvironment(World, Network, Stores, 1, EndpointOverrides.None);
        return Driver = new PandADriver("panda", Settings, environment);
    }

    public static RecorderStaging Staging(int segment = 1) => new("scan", 1, "/runs/scan", segment, 10 * Ms, 1000, ["diode", "cam"]);

    /// <summary>The outcome's value; the test fails with its text when there is none.</summary>
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

    /// <summary>Sends raw commands on a connection of its own; returns the whole reply text.</summary>
    public string Ask(string commands) => Ask(System.Text.Encoding.UTF8.GetBytes(commands), System.Text.Encoding.UTF8);

    /// <summary>Bytes as they are; the reply read with the encoding.</summary>
    public string Ask(byte[] commands, System.Text.Encoding encoding)
    {
        var text = "";
        var connection = World.Run(() => Network.ConnectAsync("box", ControlPort, CancellationToken.None));
        connection.Start(bytes => text += encoding.GetString(bytes.Span), _ => { });
        connection.Send(commands);
        World.RunUntil(World.NowNs);
        connection.Dispose();
        World.RunUntil(World.NowNs);
        return text;
    }

    /// <summary>Frames without any waiting but for the gate.</summary>
    public static TriggerProgramme Burst(int count, long exposureNs = 10 * Ms, long periodNs = 11 * Ms) =>
        new([new TriggerWindow(0, false, null, [new PulseTrain(count, exposureNs, periodNs)])]);
}
