using System.Globalization;

namespace Flyscan.Hardware.PandA.Simulator;

/// <summary>Something that goes wrong in a simulated box, once.</summary>
/// <remarks>AfterSamples: it happens when so many samples of a capture have been taken; those that have none last from when they are
/// injected.</remarks>
public abstract record PandAFault
{
    private PandAFault() { }

    /// <summary>The forms that <see cref="Parse"/> reads, one a line.</summary>
    public const string Forms = """
        drop-connection@N         data connections are cut after N samples
        slow-reader:BYTES         data clients take at most so many bytes a second
        driver-overrun@N          the capture ends with 'Driver data overrun' after N samples
        dma-error@N               the capture ends with 'DMA data error' after N samples
        stuck-health:SEQ1=LABEL   a block's HEALTH shows that label whatever happens
        jump-encoder:1:COUNTS@N   INENC1 jumps by so many counts after N samples
        restart@N                 the server stops as by SIGTERM after N samples, and starts again
        """;

    /// <summary>Data connections are cut.</summary>
    public sealed record DropConnection(long AfterSamples) : PandAFault;

    /// <summary>Data clients take at most so many bytes a second of wall time.</summary>
    public sealed record SlowReader(long BytesPerSecond) : PandAFault;

    /// <summary>The capture ends with <c>Driver data overrun</c>.</summary>
    public sealed record DriverOverrun(long AfterSamples) : PandAFault;

    /// <summary>The capture ends with <c>DMA data error</c>.</summary>
    public sealed record DmaError(long AfterSamples) : PandAFault;

    /// <summary>The block's HEALTH shows that label whatever happens.</summary>
    public sealed record StuckHealth(string Block, string Label) : PandAFault;

    /// <summary>The encoder at that input, from 1, jumps.</summary>
    public sealed record JumpEncoder(int Input, int Counts, long AfterSamples) : PandAFault;

    /// <summary>The server stops as by SIGTERM and starts again: clients see <c>END n Ok</c>.</summary>
    public sealed record Restart(long AfterSamples) : PandAFault;

    /// <summary>Reads one of <see cref="Forms"/>.</summary>
    /// <remarks><b>Errors</b> <see cref="FormatException"/> with the text and all forms.</remarks>
    public static PandAFault Parse(string text)
    {
        var (head, after) = Cut(text, '@');
        var (name, detail) = Cut(head, ':');
        return name switch
        {
            "drop-connection" when detail is null && Samples(after) is { } n => new DropConnection(n),
            "driver-overrun" when detail is null && Samples(after) is { } n => new DriverOverrun(n),
            "dma-error" when detail is null && Samples(after) is { } n => new DmaError(n),
            "restart" when detail is null && Samples(after) is { } n => new Restart(n),
            "slow-reader" when after is null && Samples(detail) is { } bytes => new SlowReader(bytes),
            "stuck-health" when after is null && detail is not null && Cut(detail, '=') is (var block, { } label) =>
                new StuckHealth(block, label),
            "jump-encoder" when detail is not null && Samples(after) is { } n && Jump(detail) is var (input, counts) =>
                new JumpEncoder(input, counts, n),
            _ => throw new FormatException($"'{text}' is not a fault; there are\n{Forms}"),
        };
    }

    private static (string Head, string? Tail) Cut(string text, char at) =>
        text.IndexOf(at) is var i and >= 0 ? (text[..i], text[(i + 1)..]) : (text, null);

    private static long? Samples(string? text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0 ? number : null;

    private static (int Input, int Counts)? Jump(string text) =>
        Cut(text, ':') is (var input, { } counts)
        && int.TryParse(input, NumberStyles.None, CultureInfo.InvariantCulture, out var n) && n is >= 1 and <= 4
        && int.TryParse(counts, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var by)
            ? (n, by)
            : null;
}
