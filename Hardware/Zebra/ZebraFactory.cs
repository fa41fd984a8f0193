using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Transport;
using Flyscan.Hardware.Zebra.Protocol;
using Flyscan.Scanning.Planning;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Triggering;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Zebra;

/// <summary>Makes drivers for Zebra trigger boxes (kind <c>zebra</c>).</summary>
public sealed class ZebraFactory : IRoundsTriggers
{
    /// <summary>What <c>kind</c> says.</summary>
    public const string KindName = "zebra";

    /// <summary>A count of the time registers at their finest.</summary>
    private const long TickNs = 100;

    /// <summary>With a divider captured, which numbers the frames.</summary>
    private const long LeastPeriodNs = 1_600;
    private const int LargestPort = 65535;
    private static readonly string[] Fields =
        ["ENC1", "ENC2", "ENC3", "ENC4", "SYS1", "SYS2", "DIV1", "DIV2", "DIV3", "DIV4"];

    /// <summary>Keys of the beamline file that do not say how the box is reached.</summary>
    internal static readonly string[] BoxKeys =
        ["kind", "live-input", "trigger-output", "window-start", "blocks", "detectors", "reply-within"];

    public string Kind => KindName;

    public DeviceDescription Describe(string name, ISettings settings) =>
        Describe(name, Read(name, settings, EndpointOverrides.None), long.MaxValue);

    /// <param name="mostFrames">Samples of a take that whoever is between can hold.</param>
    internal static DeviceDescription Describe(string name, ZebraSettings read, long mostFrames) =>
        new()
        {
            Box = new TriggerBoxDescription(name, TickNs, TableRows: int.MaxValue, MaxRepeats: int.MaxValue, read.LiveInput is not null)
            {
                HasGate = true,
                EqualFramesOnly = true,
                ComparesPosition = read.Start == ZebraStart.Position,
                MaxWindows = read.Start == ZebraStart.Position ? 1 : int.MaxValue,
                // All four encoders may be captured, the upper half of the bus and a divider: never more words a sample.
                MaxFrames = Math.Min(ZebraCapture.BufferWords / (1 + 4 + 2 + read.Detectors.Count), mostFrames),
                LeastLowNs = TickNs,
                MinPeriodNs = LeastPeriodNs,
            },
            Detectors = read.Detectors.Select(Describe).ToEquatableArray(),
        };

    public IDevice Create(string name, ISettings settings, DeviceEnvironment environment)
    {
        var read = Read(name, settings, environment.Endpoints);
        var placed = read with { Encoders = Encoders(environment.Axes, settings) };
        return new ZebraDriver(name, placed, placed.IsSerial ? environment with { Connector = new SerialConnector() } : environment);
    }

    public IReadOnlyList<string> Roundings(
        string name, ISettings settings, EquatableArray<AxisDescription> axes, TriggerProgramme programme) =>
        Roundings(Read(name, settings, EndpointOverrides.None) with { Encoders = Encoders(axes, settings) }, programme);

    internal static IReadOnlyList<string> Roundings(ZebraSettings placed, TriggerProgramme programme) =>
        [.. (ZebraProgramme.Compile(programme, new TakeMark(1), placed, out _)?.Roundings ?? []).Select(r => r.ToString())];

    /// <summary>The encoders of a beamline's axes at this box.</summary>
    internal static EquatableArray<ZebraEncoder> Encoders(EquatableArray<AxisDescription> axes, ISettings settings) =>
        axes.Where(a => a.Encoder is not null).Select(a => Encoder(a, settings)).ToEquatableArray();

    private static ZebraEncoder Encoder(AxisDescription axis, ISettings settings) =>
        axis.Encoder!.Input is ['E', 'N', 'C', >= '1' and <= '4' and var digit]
            ? new ZebraEncoder(axis.Name, digit - '0', axis.Encoder.Scale, axis.Encoder.Offset, axis.Unit)
            : throw settings.Error("kind", $"the encoder of axis {axis.Name} is on {axis.Encoder.Input}; a Zebra has ENC1 to ENC4");

    private static DetectorDescription Describe(ZebraDetector detector) => new(
        detector.Name, DetectorKind.Captured, TickNs, long.MaxValue, TickNs, LeastPeriodNs, 8, long.MaxValue, detector.Essential);

    private static ZebraSettings Read(string name, ISettings settings, EndpointOverrides endpoints)
    {
        settings.AllowOnly([.. BoxKeys, "host", "port", "device"]);
        var serial = settings.Has("device");
        if (serial == settings.Has("host"))
            throw settings.Error(serial ? "device" : "kind", "give either the host and port of a terminal server, or a serial device");
        var (host, port) = serial
            ? endpoints.Resolve(name, "device", settings.Text("device"), SerialConnector.Baud)
            : endpoints.Resolve(name, "port", settings.Text("host"), (int)settings.Integer("port", 0, LargestPort));
        return ReadBox(settings, 1_000_000_000) with { Host = host, Port = port, IsSerial = serial };
    }

    /// <summary>What is said of the box whoever reaches it.</summary>
    internal static ZebraSettings ReadBox(ISettings settings, long replyWithinNs)
    {
        var live = settings.Has("live-input") ? settings.Text("live-input") : null;
        var output = settings.Text("trigger-output", "OUT1_TTL");
        return new ZebraSettings
        {
            Host = "",
            Port = 0,
            LiveInput = live is null ? null : ZebraRegister.Input(live)
                ?? throw settings.Error("live-input", $"'{live}' is not an input of a Zebra, such as IN1_TTL"),
            LiveName = live ?? "",
            TriggerOutput = ZebraRegister.Output(output)
                ?? throw settings.Error("trigger-output", $"'{output}' is not an output of a Zebra, such as OUT1_TTL"),
            Start = settings.Text("window-start", "position") switch
            {
                "position" => ZebraStart.Position,
                "live" => ZebraStart.Live,
                _ => throw settings.Error("window-start", "must be position or live"),
            },
            Blocks = (int)settings.Integer("blocks", 1, 4, 4),
            Detectors = settings.Has("detectors") ? Detectors(settings.Section("detectors")) : [],
            ReplyWithinNs = settings.DurationNs("reply-within", 10_000_000, 60_000_000_000, replyWithinNs),
        };
    }

    private static EquatableArray<ZebraDetector> Detectors(ISettings section)
    {
        var found = new List<ZebraDetector>();
        foreach (var name in section.Keys)
        {
            var one = section.Section(name);
            one.AllowOnly("capture", "unit", "essential");
            var field = one.Text("capture");
            var bit = Array.IndexOf(Fields, field);
            if (bit < 0)
                throw one.Error("capture", $"must be one of {string.Join(", ", Fields)}");
            found.Add(new(name, field, bit, one.Text("unit", ""), one.Flag("essential", false)));
        }
        return found.ToEquatableArray();
    }
}
