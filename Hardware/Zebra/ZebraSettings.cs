using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Zebra;

/// <summary>An axis encoder at ENC1 to ENC4: position = counts × Scale + Offset.</summary>
internal sealed record ZebraEncoder(string Axis, int Channel, double Scale, double Offset, string Unit)
{
    /// <summary>Counts at a position, rounded.</summary>
    public double CountsAt(double position) => Math.Round((position - Offset) / Scale, MidpointRounding.AwayFromZero);

    public double PositionAt(long counts) => counts * Scale + Offset;
}

/// <summary>A field that the box captures with each frame. Bit: of PC_BIT_CAP.</summary>
internal sealed record ZebraDetector(string Name, string Field, int Bit, string Unit, bool Essential);

/// <summary>What begins a window: an encoder at a position, or the controller's live output.</summary>
internal enum ZebraStart
{
    Position,
    Live,
}

/// <summary>What the beamline file says about one Zebra.</summary>
/// <remarks>Host, Port: of the terminal server; or the path of a serial device and its baud rate. Blocks: number of the AND, GATE,
/// SOFT_IN and DIV blocks that belong to flyscan. <b>Units</b> nanoseconds of wall time.</remarks>
internal sealed record ZebraSettings
{
    public required string Host { get; init; }

    public required int Port { get; init; }

    /// <summary>Host is a serial device's path.</summary>
    public bool IsSerial { get; init; }

    /// <summary>Bus index of the controller's live output; null: there is none.</summary>
    public int? LiveInput { get; init; }

    public string LiveName { get; init; } = "";

    /// <summary>Register of the output that detectors see.</summary>
    public byte TriggerOutput { get; init; } = 0x60;

    public ZebraStart Start { get; init; } = ZebraStart.Position;

    public int Blocks { get; init; } = 4;

    public EquatableArray<ZebraEncoder> Encoders { get; init; }

    public EquatableArray<ZebraDetector> Detectors { get; init; }

    public long ReplyWithinNs { get; init; } = 1_000_000_000;

    public long HealthPeriodNs { get; init; } = 5_000_000_000;

    /// <summary>The DIV block whose divisor, otherwise unused, holds the take's mark.</summary>
    public int MarkBlock => Blocks == 1 ? 2 : Blocks - 1;
}
