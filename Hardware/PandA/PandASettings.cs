using Flyscan.Hardware.PandA.Driver;
using Flyscan.Hardware.PandA.Programmes;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.PandA;

/// <summary>An axis encoder at one of the box's inputs: position = counts × Scale + Offset.</summary>
/// <remarks>HysteresisCounts: how far beyond a compare position the axis must have been on the approach side.</remarks>
internal sealed record PandAEncoder(string Axis, string Input, double Scale, double Offset, string Unit)
{
    /// <summary>What is captured of it over each exposure; the mean always.</summary>
    public EquatableArray<string> Captures { get; init; } = ["Min", "Max", "Mean"];

    public int HysteresisCounts { get; init; } = 1;
}

/// <summary>A detector that the box itself reads: a field it captures, with the server's capture options.</summary>
internal sealed record PandADetector(string Name, string Capture, EquatableArray<string> Options, string Unit, bool Essential);

/// <summary>A detector's exposure output: the bit at which the box sees it, and the COUNTER block that counts how often it rises.</summary>
internal sealed record PandAExposureOut(string Detector, string Input, string Counter);

/// <summary>What the beamline file says about one PandA.</summary>
/// <remarks><b>Units</b> ReplyWithinNs, HealthPeriodNs nanoseconds of wall time; MostPendingBytes bytes.</remarks>
internal sealed record PandASettings
{
    public required string Host { get; init; }

    public required int ControlPort { get; init; }

    public required int DataPort { get; init; }

    public string Sequencer { get; init; } = "SEQ1";

    /// <summary>A bit of the bus; null: the controller has no live output.</summary>
    public string? LiveInput { get; init; }

    /// <summary>A soft bit of the BITS block, such as <c>BITS1.A</c>.</summary>
    public string Gate { get; init; } = "BITS1.A";

    public string TriggerOutput { get; init; } = "TTLOUT1";

    /// <summary>Outputs of detectors that may take frames at a rate of their own.</summary>
    public EquatableArray<PandAFurtherOutput> Outputs { get; init; }

    /// <summary>Detectors whose exposures the box counts.</summary>
    public EquatableArray<PandAExposureOut> ExposureOuts { get; init; } = [];

    /// <summary>Detectors that can run by themselves inside a gate of the box.</summary>
    public EquatableArray<PandAFollowed> Followed { get; init; }

    /// <summary>What begins frames at equal steps of an axis; null: the sequencer's own compare, a row for each.</summary>
    public PandACompare? Compare { get; init; }

    public EquatableArray<PandAEncoder> Encoders { get; init; }

    public EquatableArray<PandADetector> Detectors { get; init; }

    public EquatableArray<string> AxisCaptures { get; init; } = ["Min", "Max", "Mean"];

    /// <summary>See <see cref="PandAEncoder"/>.</summary>
    public int HysteresisCounts { get; init; } = 1;

    public long ReplyWithinNs { get; init; } = 2_000_000_000;

    public long HealthPeriodNs { get; init; } = 5_000_000_000;

    /// <summary>Rows of a piece of a streamed table: what the FPGA's own memory takes at a time.</summary>
    public int PieceRows { get; init; } = PandADriver.MostRows;

    /// <summary>Samples that may wait for the disk before the capture is given up.</summary>
    public long MostPendingBytes { get; init; } = 160L * 1024 * 1024;
}
