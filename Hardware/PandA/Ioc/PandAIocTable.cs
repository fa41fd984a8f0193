using Flyscan.Hardware.Epics;
using Flyscan.Hardware.PandA.Programmes;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.PandA.Ioc;

/// <summary>The sequencer's table as the columns of an NTTable.</summary>
/// <remarks><b>Source</b> the table's fields as the box tells them; names in the case of the IOC.</remarks>
internal static class PandAIocTable
{
    /// <summary>By <see cref="SequencerTrigger"/>.</summary>
    private static readonly string[] Triggers =
    [
        "Immediate", "BITA=0", "BITA=1", "BITB=0", "BITB=1", "BITC=0", "BITC=1", "POSA>=POSITION", "POSA<=POSITION", "POSB>=POSITION",
        "POSB<=POSITION", "POSC>=POSITION", "POSC<=POSITION",
    ];

    /// <summary>Rows as the IOC's table, in its own columns.</summary>
    /// <remarks><b>Errors</b> <see cref="IOException"/> naming the column that the driver does not know.</remarks>
    public static PvValue.Table Of(IReadOnlyList<SequencerRow> rows, PvValue.Table asNow) =>
        new(asNow.Columns.Select(c => c with { Values = Column(c, rows) }).ToEquatableArray());

    /// <summary>The rows that the IOC's table says.</summary>
    /// <remarks><b>Errors</b> <see cref="IOException"/> naming what is missing or not known.</remarks>
    public static SequencerRow[] Rows(PvValue.Table table)
    {
        var triggers = Find(table, "TRIGGER");
        var repeats = Find(table, "REPEATS").AsNumbers();
        var position = Find(table, "POSITION").AsNumbers();
        var (time1, time2) = (Find(table, "TIME1").AsNumbers(), Find(table, "TIME2").AsNumbers());
        var outputs = Enumerable.Range(0, 12).Select(i => Find(table, OutputName(i)).AsNumbers()).ToArray();
        var lengths = outputs.Append(repeats).Append(position).Append(time1).Append(time2).Select(c => c.Length).Append(triggers.Count);
        if (lengths.Distinct().Count() != 1)
            throw new IOException("the columns of the IOC's table differ in length");
        var rows = new SequencerRow[repeats.Length];
        for (var i = 0; i < rows.Length; i++)
        {
            uint first = 0, second = 0;
            for (var output = 0; output < 6; output++)
            {
                first |= (uint)outputs[output][i] << output;
                second |= (uint)outputs[output + 6][i] << output;
            }
            rows[i] = new SequencerRow(
                (uint)repeats[i], Trigger(triggers, i), first, second, (int)position[i], (uint)time1[i], (uint)time2[i]);
        }
        return rows;
    }

    private static PvValue Column(PvColumn column, IReadOnlyList<SequencerRow> rows) => column.Name.ToUpperInvariant() switch
    {
        "TRIGGER" when column.Values is PvValue.Array<string> => Of(rows, r => Triggers[(int)r.Trigger]),
        "TRIGGER" => Of(rows, r => (uint)r.Trigger),
        "REPEATS" => Of(rows, r => (ushort)r.Repeats),
        "POSITION" => Of(rows, r => r.Position),
        "TIME1" => Of(rows, r => r.Time1),
        "TIME2" => Of(rows, r => r.Time2),
        ['O', 'U', 'T', >= 'A' and <= 'F' and var output, '1'] => Of(rows, r => (byte)(r.Outputs1 >> output - 'A' & 1)),
        ['O', 'U', 'T', >= 'A' and <= 'F' and var output, '2'] => Of(rows, r => (byte)(r.Outputs2 >> output - 'A' & 1)),
        _ => throw new IOException($"the IOC's table has a column {column.Name} that this driver does not know"),
    };

    private static PvValue.Array<T> Of<T>(IReadOnlyList<SequencerRow> rows, Func<SequencerRow, T> field) => new([.. rows.Select(field)]);

    private static string OutputName(int index) => $"OUT{(char)('A' + index % 6)}{index / 6 + 1}";

    private static PvValue Find(PvValue.Table table, string name) =>
        table.Columns.FirstOrDefault(c => c.Name.Equals(name, StringComparison.OrdinalIgnoreCase))?.Values
        ?? throw new IOException($"the IOC's table has no column {name}");

    private static SequencerTrigger Trigger(PvValue triggers, int row)
    {
        if (triggers is not PvValue.Array<string> texts)
            return (SequencerTrigger)(int)triggers.AsNumbers()[row];
        var at = Array.IndexOf(Triggers, texts.Items[row]);
        return at >= 0
            ? (SequencerTrigger)at
            : throw new IOException($"row {row + 1} of the IOC's table waits for {texts.Items[row]}, which this driver does not know");
    }
}
