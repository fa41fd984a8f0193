using System.Globalization;

namespace Flyscan.Hardware.PandA.Simulator;

/// <summary>A column of a table, as <c>.FIELDS?</c> lists it.</summary>
internal sealed record ColumnDefinition(string Line, string Description, List<string> Labels)
{
    public string Name => Line.Split(' ')[1];
}

/// <summary>A field of a block, as the real server lists it.</summary>
internal sealed record FieldDefinition(string Name, int Index, string Type, string Description)
{
    public List<string> Labels { get; } = [];

    public List<ColumnDefinition> Columns { get; } = [];

    public uint? Greatest { get; set; }

    public int RowWords { get; set; } = 1;
}

internal sealed record BlockDefinition(string Name, int Count, string Description, List<FieldDefinition> Fields);

/// <summary>The blocks of one application of the box, with their fields as the real server lists them.</summary>
/// <remarks><b>Source</b> the data file beside this one, taken from the recorded introspection of a PandABox (sessions 02, 04,
/// 08).</remarks>
internal sealed class BoxDefinition
{
    /// <summary>What the box is asked first.</summary>
    public const string Identity = "PandA SW: 4.1-simulated FPGA: 3.0.0 00000000 00000000 rootfs: Flyscan";

    public const string Application = "pandabox-no-fmc";

    private FieldDefinition? _field;

    private BoxDefinition(IEnumerable<string> lines)
    {
        foreach (var line in lines)
            Read(line);
    }

    public List<BlockDefinition> Blocks { get; } = [];

    /// <summary>Bit outputs in the order of the bit bus.</summary>
    public List<string> BitBus { get; } = [];

    public List<string> PositionBus { get; } = [];

    /// <summary>What can be captured, in the server's order.</summary>
    public List<string> Captures { get; } = [];

    public List<string> MetadataKeys { get; } = [];

    public static BoxDefinition Read()
    {
        using var file = typeof(BoxDefinition).Assembly.GetManifestResourceStream($"{Application}.txt")
            ?? throw new InvalidOperationException($"{Application}.txt is not in the assembly: the build left it out.");
        using var text = new StreamReader(file);
        return new BoxDefinition(text.ReadToEnd().Split('\n'));
    }

    private static string[] Parts(string line, int words, out string description)
    {
        var bar = line.IndexOf(" | ", StringComparison.Ordinal);
        description = bar < 0 ? "" : line[(bar + 3)..];
        return (bar < 0 ? line : line[..bar]).Split(' ', words);
    }

    private void Read(string line)
    {
        var space = line.IndexOf(' ');
        if (space < 0 || line[0] == '#')
            return;
        var (kind, rest) = (line[..space], line[(space + 1)..]);
        switch (kind)
        {
            case "BLOCK":
                var block = rest.Split(' ', 3);
                Blocks.Add(new(block[0], int.Parse(block[1], CultureInfo.InvariantCulture), block[2], []));
                break;
            case "FIELD":
                var field = Parts(rest, 3, out var description);
                _field = new(field[0], int.Parse(field[1], CultureInfo.InvariantCulture), field[2], description);
                Blocks[^1].Fields.Add(_field);
                break;
            case "BIT":
                BitBus.Add(rest);
                break;
            case "POS":
                PositionBus.Add(rest);
                break;
            case "CAPTURE":
                Captures.Add(rest);
                break;
            case "METADATA":
                MetadataKeys.Add(rest);
                break;
            default:
                ReadDetail(kind, rest);
                break;
        }
    }

    private void ReadDetail(string kind, string rest)
    {
        switch (kind)
        {
            case "LABEL":
                _field!.Labels.Add(rest);
                break;
            case "MAX":
                _field!.Greatest = uint.Parse(rest, CultureInfo.InvariantCulture);
                break;
            case "WORDS":
                _field!.RowWords = int.Parse(rest, CultureInfo.InvariantCulture);
                break;
            case "COLUMN":
                var column = Parts(rest, 1, out var description);
                // The server ends what it says of a column with a blank.
                _field!.Columns.Add(new(column[0], description + " ", []));
                break;
            case "COLUMNLABEL":
                _field!.Columns[^1].Labels.Add(rest);
                break;
            default:
                throw new FormatException($"{Application}.txt: '{kind} {rest}' is not a line of a definition.");
        }
    }
}
