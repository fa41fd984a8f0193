namespace Flyscan.Hardware.PandA.Programmes;

/// <summary>What a row of the sequencer's table waits for before each repeat; a level test.</summary>
internal enum SequencerTrigger
{
    Immediate,
    BitALow,
    BitAHigh,
    BitBLow,
    BitBHigh,
    BitCLow,
    BitCHigh,
    PositionAAtLeast,
    PositionAAtMost,
    PositionBAtLeast,
    PositionBAtMost,
    PositionCAtLeast,
    PositionCAtMost,
}

/// <summary>One row of the sequencer's table.</summary>
/// <remarks><b>Units</b> Time1, Time2: prescaled ticks; Position: counts. Outputs: bit 0 is OUTA.</remarks>
internal readonly record struct SequencerRow(
    uint Repeats, SequencerTrigger Trigger, uint Outputs1, uint Outputs2, int Position, uint Time1, uint Time2)
{
    /// <summary>It fires frames: OUTA is high in its first phase.</summary>
    public bool IsPulse => (Outputs1 & 1) != 0 && Time1 > 0;
}

/// <summary>Where the fields of a row stand in its words, as <c>TABLE.FIELDS?</c> says.</summary>
internal sealed class SequencerLayout
{
    public const int DocumentedRowWords = 4;

    public static readonly string[] DocumentedFields =
    [
        "15:0 REPEATS uint", "19:16 TRIGGER enum", "63:32 POSITION int", "95:64 TIME1 uint", "20:20 OUTA1 uint", "21:21 OUTB1 uint",
        "22:22 OUTC1 uint", "23:23 OUTD1 uint", "24:24 OUTE1 uint", "25:25 OUTF1 uint", "127:96 TIME2 uint", "26:26 OUTA2 uint",
        "27:27 OUTB2 uint", "28:28 OUTC2 uint", "29:29 OUTD2 uint", "30:30 OUTE2 uint", "31:31 OUTF2 uint",
    ];

    public static readonly SequencerLayout Documented = new(DocumentedFields, DocumentedRowWords);

    private readonly Dictionary<string, (int Low, int Bits)> _fields = [];

    /// <remarks><b>Errors</b> <see cref="FormatException"/> naming the line, or the field that the driver needs and the box
    /// lacks.</remarks>
    public SequencerLayout(IEnumerable<string> lines, int rowWords)
    {
        RowWords = rowWords;
        foreach (var line in lines)
        {
            var words = line.Split(' ', ':');
            if (words.Length < 3 || !int.TryParse(words[0], out var high) || !int.TryParse(words[1], out var low)
                || low < 0 || high < low || high >= rowWords * 32 || high / 32 != low / 32)
                throw new FormatException($"not a field of a table of {rowWords} words a row: {line}");
            _fields[words[2]] = (low, high - low + 1);
        }
        foreach (var needed in new[] { "REPEATS", "TRIGGER", "POSITION", "TIME1", "TIME2", "OUTA1", "OUTA2" })
            if (!_fields.ContainsKey(needed))
                throw new FormatException($"the sequencer's table has no field {needed}");
    }

    public int RowWords { get; }

    public uint[] Encode(IReadOnlyList<SequencerRow> rows)
    {
        var words = new uint[rows.Count * RowWords];
        for (var i = 0; i < rows.Count; i++)
        {
            var row = rows[i];
            var at = words.AsSpan(i * RowWords, RowWords);
            Put(at, "REPEATS", row.Repeats);
            Put(at, "TRIGGER", (uint)row.Trigger);
            Put(at, "POSITION", unchecked((uint)row.Position));
            Put(at, "TIME1", row.Time1);
            Put(at, "TIME2", row.Time2);
            for (var output = 0; output < 6; output++)
            {
                if ((row.Outputs1 >> output & 1) != 0)
                    Put(at, OutputName(output, 1), 1);
                if ((row.Outputs2 >> output & 1) != 0)
                    Put(at, OutputName(output, 2), 1);
            }
        }
        return words;
    }

    public SequencerRow[] Decode(ReadOnlySpan<uint> words)
    {
        var rows = new SequencerRow[words.Length / RowWords];
        for (var i = 0; i < rows.Length; i++)
        {
            var row = words.Slice(i * RowWords, RowWords);
            uint first = 0, second = 0;
            for (var output = 0; output < 6; output++)
            {
                first |= Take(row, OutputName(output, 1)) << output;
                second |= Take(row, OutputName(output, 2)) << output;
            }
            rows[i] = new SequencerRow(
                Take(row, "REPEATS"), (SequencerTrigger)Take(row, "TRIGGER"), first, second,
                unchecked((int)Take(row, "POSITION")), Take(row, "TIME1"), Take(row, "TIME2"));
        }
        return rows;
    }

    private static string OutputName(int output, int phase) => $"OUT{(char)('A' + output)}{phase}";

    private void Put(Span<uint> row, string name, uint value)
    {
        if (!_fields.TryGetValue(name, out var field))
        {
            if (value != 0)
                throw new ArgumentOutOfRangeException(name, value, "The table has no such field.");
            return;
        }
        if (field.Bits < 32 && value >> field.Bits != 0)
            throw new ArgumentOutOfRangeException(name, value, $"The field has {field.Bits} bits.");
        row[field.Low / 32] |= value << (field.Low % 32);
    }

    private uint Take(ReadOnlySpan<uint> row, string name)
    {
        if (!_fields.TryGetValue(name, out var field))
            return 0;
        var value = row[field.Low / 32] >> (field.Low % 32);
        return field.Bits == 32 ? value : value & (1u << field.Bits) - 1;
    }
}
