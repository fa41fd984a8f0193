using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.PandA.Capture;
using Flyscan.Hardware.PandA.Driver;
using Flyscan.Hardware.PandA.Ioc;
using Flyscan.Hardware.PandA.Programmes;
using Flyscan.Scanning.Planning;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Triggering;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.PandA;

/// <summary>Makes drivers for PandA trigger boxes (kind <c>panda</c>).</summary>
public sealed class PandAFactory : IProvesTriggers
{
    private const int LargestPort = 65535;

    /// <summary>Keys of the beamline file that do not say how the box is reached.</summary>
    internal static readonly string[] BoxKeys =
    [
        "kind", "sequencer", "live-input", "gate", "trigger-output", "detectors", "reply-within", "most-pending", "axis-captures",
        "compare-hysteresis", "outputs", "frames-by", "position-compare", "exposure-out",
    ];

    public string Kind => "panda";

    public DeviceDescription Describe(string name, ISettings settings) => Describe(
        name, Read(settings), stampErrorNs: 1_000,
        new TableStreaming(PandADriver.MostRows, PandADriver.MostPieces, PandADriver.RowsPerSecond, PandADriver.FeedLatencyNs));

    /// <param name="stampErrorNs">How wrong the moment may be that time stamps count from.</param>
    /// <param name="streaming">How tables longer than the box holds are given; null where they cannot be.</param>
    internal static DeviceDescription Describe(string name, PandASettings read, long stampErrorNs, TableStreaming? streaming) => new()
    {
        // One row fewer than the table has: a programme that begins with a position compare needs one for the take's mark.
        Box = new TriggerBoxDescription(name, PandADriver.TickNs, PandADriver.MostRows - 1, 65535, read.LiveInput is not null)
        {
            HasGate = true,
            StampErrorNs = stampErrorNs,
            Streaming = streaming,
            OwnOutputs = read.Outputs.Select(o => o.Detector).ToEquatableArray(),
            CountsExposuresOf = read.ExposureOuts.Select(o => o.Detector).ToEquatableArray(),
            FollowsDetectors = read.Followed.Select(f => f.Detector).ToEquatableArray(),
        },
        Detectors = read.Detectors.Select(Describe).ToEquatableArray(),
    };

    public IDevice Create(string name, ISettings settings, DeviceEnvironment environment)
    {
        var read = Read(settings);
        var (controlHost, controlPort) = environment.Endpoints.Resolve(name, "control-port", read.Host, read.ControlPort);
        var (_, dataPort) = environment.Endpoints.Resolve(name, "data-port", read.Host, read.DataPort);
        var placed = read with
        {
            Host = controlHost,
            ControlPort = controlPort,
            DataPort = dataPort,
            Encoders = Encoders(environment.Axes, read),
        };
        return new PandADriver(name, placed, environment);
    }

    public string? Refusal(string name, ISettings settings, EquatableArray<AxisDescription> axes, TriggerProgramme programme) =>
        Refusal(Read(settings), axes, programme, streams: true);

    internal static string? Refusal(
        PandASettings read, EquatableArray<AxisDescription> axes, TriggerProgramme programme, bool streams)
    {
        var limits = new SequencerLimits(PandADriver.MostRows, PandADriver.TickNs, read.LiveInput is not null) { Streams = streams };
        return BoxProgramme.Compile(programme, new TakeMark(1), read with { Encoders = Encoders(axes, read) }, limits, out var problem)
            is null ? problem : null;
    }

    internal static EquatableArray<PandAEncoder> Encoders(EquatableArray<AxisDescription> axes, PandASettings read) => axes
        .Where(a => a.Encoder is not null)
        .Select(a => new PandAEncoder(a.Name, a.Encoder!.Input, a.Encoder.Scale, a.Encoder.Offset, a.Unit)
        {
            Captures = read.AxisCaptures,
            HysteresisCounts = read.HysteresisCounts,
        })
        .ToEquatableArray();

    private static DetectorDescription Describe(PandADetector detector) => new(
        detector.Name, DetectorKind.Captured, PandADriver.TickNs, long.MaxValue, PandADriver.TickNs, 2 * PandADriver.TickNs,
        8L * detector.Options.Count, long.MaxValue, detector.Essential);

    private static PandASettings Read(ISettings settings)
    {
        settings.AllowOnly([.. BoxKeys, "host", "control-port", "data-port"]);
        if (settings.Text("host").Contains("://", StringComparison.Ordinal))
            throw settings.Error(
                "host", $"is the box's own host; a PandA that is driven through its IOC has kind = {PandAIocSettings.KindName}");
        return ReadBox(settings) with
        {
            Host = settings.Text("host"),
            ControlPort = (int)settings.Integer("control-port", 0, LargestPort, 8888),
            DataPort = (int)settings.Integer("data-port", 0, LargestPort, 8889),
        };
    }

    /// <summary>All but how the box is reached.</summary>
    /// <remarks><b>Errors</b> <see cref="SettingsException"/> with path, value and limit.</remarks>
    internal static PandASettings ReadBox(ISettings settings)
    {
        var gate = settings.Text("gate", "BITS1.A");
        if (gate.Split('.') is not [_, [>= 'A' and <= 'D']])
            throw settings.Error("gate", "must be a soft bit of the BITS block, such as BITS1.A");
        return new PandASettings
        {
            Host = "",
            ControlPort = 0,
            DataPort = 0,
            Sequencer = settings.Text("sequencer", "SEQ1"),
            LiveInput = settings.Has("live-input") ? settings.Text("live-input") : null,
            Gate = gate,
            TriggerOutput = settings.Text("trigger-output", "TTLOUT1"),
            Outputs = settings.Has("outputs") ? Outputs(settings.Section("outputs")) : [],
            ExposureOuts = settings.Has("exposure-out") ? ExposureOuts(settings.Section("exposure-out")) : [],
            Followed = settings.Has("frames-by") ? Followed(settings.Section("frames-by")) : [],
            Compare = settings.Has("position-compare") ? Compare(settings.Section("position-compare")) : null,
            Detectors = settings.Has("detectors") ? Detectors(settings.Section("detectors")) : [],
            ReplyWithinNs = settings.DurationNs("reply-within", 10_000_000, 60_000_000_000, 2_000_000_000),
            MostPendingBytes = settings.Bytes("most-pending", 1 << 20, 16L << 30, 160L << 20),
            AxisCaptures = AxisCaptures(settings),
            HysteresisCounts = (int)settings.Integer("compare-hysteresis", 0, 1_000_000, 1),
        };
    }

    private static EquatableArray<PandAFurtherOutput> Outputs(ISettings section)
    {
        var found = new List<PandAFurtherOutput>();
        foreach (var name in section.Keys)
        {
            var one = section.Section(name);
            one.AllowOnly("output", "pulse", "divider");
            found.Add(new(name, one.Text("output"), one.Text("pulse"), one.Has("divider") ? one.Text("divider") : null));
        }
        return found.ToEquatableArray();
    }

    private static EquatableArray<PandAExposureOut> ExposureOuts(ISettings section)
    {
        var found = new List<PandAExposureOut>();
        foreach (var name in section.Keys)
        {
            var one = section.Section(name);
            one.AllowOnly("input", "counter");
            found.Add(new(name, one.Text("input"), one.Text("counter")));
        }
        return found.ToEquatableArray();
    }

    private static EquatableArray<PandAFollowed> Followed(ISettings section)
    {
        var found = new List<PandAFollowed>();
        foreach (var name in section.Keys)
        {
            var one = section.Section(name);
            one.AllowOnly("pulse", "gate");
            found.Add(new(name, one.Text("pulse"), one.Text("gate", "LUT1")));
        }
        return found.ToEquatableArray();
    }

    private static PandACompare Compare(ISettings section)
    {
        section.AllowOnly("block", "gate", "only");
        return new(section.Text("block", "PCOMP1"), section.Text("gate", "LUT2"), section.Flag("only", false));
    }

    private static EquatableArray<string> AxisCaptures(ISettings settings)
    {
        var options = settings.Text("axis-captures", "Min Max Mean").Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (!AreOptions(options) || !options.Contains("Mean"))
            throw settings.Error(
                "axis-captures",
                $"must be Mean and any others of {string.Join(' ', CapturePlan.KnownOptions)}, each once, separated by blanks");
        return options.ToEquatableArray();
    }

    private static bool AreOptions(string[] options) =>
        options.Length > 0 && options.All(CapturePlan.KnownOptions.Contains) && options.Distinct().Count() == options.Length;

    private static EquatableArray<PandADetector> Detectors(ISettings section)
    {
        var found = new List<PandADetector>();
        foreach (var name in section.Keys)
        {
            var one = section.Section(name);
            one.AllowOnly("capture", "options", "unit", "essential");
            var options = one.Text("options", "Value").Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (!AreOptions(options))
                throw one.Error("options", $"must be some of {string.Join(' ', CapturePlan.KnownOptions)}, each once, separated by blanks");
            found.Add(new(name, one.Text("capture"), options.ToEquatableArray(), one.Text("unit", ""), one.Flag("essential", false)));
        }
        return found.ToEquatableArray();
    }
}
