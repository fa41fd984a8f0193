using System.Globalization;

namespace Flyscan.Hardware.Zebra.Simulator;

/// <summary>Something that goes wrong in a simulated Zebra, once, after so many samples were sent.</summary>
public abstract record ZebraFault(long AfterSamples)
{
    /// <summary>The forms that <see cref="Parse"/> reads, one a line.</summary>
    public const string Forms = """
        lost-line@N    a sample's line is lost on the serial line after N samples
        short-line@N   a sample's line loses its last character after N samples
        overflow@N     SYS_STATERR says after N samples that the buffer overflowed
        """;

    /// <summary>A sample's line is lost.</summary>
    public sealed record LostLine(long AfterSamples) : ZebraFault(AfterSamples);

    /// <summary>A sample's line loses its last character.</summary>
    public sealed record ShortLine(long AfterSamples) : ZebraFault(AfterSamples);

    /// <summary>The buffer overflows.</summary>
    public sealed record Overflow(long AfterSamples) : ZebraFault(AfterSamples);

    /// <summary>Reads one of <see cref="Forms"/>.</summary>
    /// <remarks><b>Errors</b> <see cref="FormatException"/> with the text and all forms.</remarks>
    public static ZebraFault Parse(string text)
    {
        if (text.Split('@') is not [var name, var number]
            || !long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var after))
            throw new FormatException($"'{text}' is not a fault; there are\n{Forms}");
        return name switch
        {
            "lost-line" => new LostLine(after),
            "short-line" => new ShortLine(after),
            "overflow" => new Overflow(after),
            _ => throw new FormatException($"'{text}' is not a fault; there are\n{Forms}"),
        };
    }
}
