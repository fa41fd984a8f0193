namespace Flyscan.Hardware.Zebra.Protocol;

/// <summary>What a client may ask of a Zebra.</summary>
internal abstract record ZebraRequest
{
    private ZebraRequest() { }

    /// <summary><c>Raa</c>.</summary>
    public sealed record Read(byte Address) : ZebraRequest;

    /// <summary><c>Waadddd</c>.</summary>
    public sealed record Write(byte Address, ushort Value) : ZebraRequest;

    /// <summary><c>S</c>: all registers into flash.</summary>
    public sealed record Store : ZebraRequest;

    /// <summary><c>L</c>: all registers from flash.</summary>
    public sealed record Load : ZebraRequest;

    /// <summary>A line that is none of them; only a server sees it.</summary>
    public sealed record Unknown(string Line) : ZebraRequest;
}

/// <summary>What a Zebra answers.</summary>
internal abstract record ZebraReply
{
    private ZebraReply() { }

    /// <summary>The register's value.</summary>
    public sealed record Value(ushort Word) : ZebraReply;

    public sealed record Done : ZebraReply;

    /// <summary>An <c>E</c> line: bad address, or not a command.</summary>
    public sealed record Refused(string Line) : ZebraReply;
}

/// <summary>What bounds a conversation with a Zebra.</summary>
/// <remarks><b>Units</b> nanoseconds; LongestLine: bytes before a line feed; MostPending: requests that wait for their reply.</remarks>
internal sealed record ZebraLimits(long ReplyWithinNs = 1_000_000_000, int LongestLine = 256, int MostPending = 1024)
{
    /// <summary>Flash takes about a second.</summary>
    public long FlashWithinNs => 4 * ReplyWithinNs;
}
