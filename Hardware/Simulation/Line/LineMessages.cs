using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Simulation.Line;

/// <summary>One request of the virtual beamline's line protocol; Block: bytes that follow the line.</summary>
/// <remarks><b>Source</b> on the wire: <c>id device verb argument* [#length:sha256]</c>, each word percent-encoded, then the
/// block.</remarks>
internal sealed record LineRequest(long Id, string Device, string Verb, EquatableArray<string> Arguments, ReadOnlyMemory<byte>? Block);

internal enum LineEnding
{
    Ok,
    Refused,
    Failed,
}

/// <summary>The answer to a request; replies may come in any order.</summary>
/// <remarks>Values: what was asked for, or one text that says why not. <b>Source</b> on the wire: <c>id ok|refused|failed
/// value*</c>.</remarks>
internal sealed record LineReply(long Id, LineEnding Ending, EquatableArray<string> Values);

/// <summary>What a device says unasked to those who watch it.</summary>
/// <remarks><b>Source</b> on the wire: <c>* device topic value*</c>.</remarks>
internal sealed record LineNotification(string Device, string Topic, EquatableArray<string> Values);

/// <summary>What either end of the line protocol tells its owner.</summary>
internal abstract record LineOutput
{
    private LineOutput() { }

    public sealed record Transmit(ReadOnlyMemory<byte> Bytes) : LineOutput;

    /// <summary>The server's version line was right. World: names the run of the virtual beamline.</summary>
    public sealed record Opened(string World) : LineOutput;

    public sealed record Request(LineRequest Message) : LineOutput;

    public sealed record Reply(LineReply Message) : LineOutput;

    public sealed record Notification(LineNotification Message) : LineOutput;

    /// <summary>No reply came in the time that was allowed.</summary>
    public sealed record Expired(long Id, string What, long AllowedNs) : LineOutput;

    /// <summary>The other end broke the protocol: close the connection.</summary>
    public sealed record Fault(string Reason) : LineOutput;
}

/// <summary>How much either end of the line protocol takes before it calls it a fault.</summary>
/// <remarks><b>Units</b> bytes, requests.</remarks>
internal sealed record LineLimits(int LongestLine = 64 * 1024, int LargestBlock = 64 * 1024 * 1024, int MostPending = 64);
