using Flyscan.Hardware.Epics.PvAccess;
using Flyscan.Hardware.Epics.PvAccess.Server;
using Flyscan.Hardware.PandA.Protocol;

namespace Flyscan.Hardware.PandA.Simulator;

/// <summary>A box's table as NTTable: a column for each of its fields, in the box's order.</summary>
/// <remarks>Columns are unsigned of 8, 16 or 32 bits, whichever is the least that holds the field, signed of 32, or texts where the field
/// has labels.</remarks>
internal sealed class PandAIocFieldTable
{
    private static readonly System.Globalization.CultureInfo Invariant = System.Globalization.CultureInfo.InvariantCulture;

    private readonly PandAIocField _field;
    private readonly PvaType.Structure _columnsType;
    private readonly PvaType.Structure _type;
    private readonly Action<PandACommand, Action<PandAReply>> _ask;

    /// <param name="name">Of the record.</param>
    /// <param name="boxName">Of the field, as the box says it.</param>
    /// <param name="ask">Sends a command to the box.</param>
    public PandAIocFieldTable(string name, string boxName, PandAIocField field, Action<PandACommand, Action<PandAReply>> ask)
    {
        (_field, _ask) = (field, ask);
        _columnsType = PvaType.Of([.. field.Columns.Select(c => (c.Name.ToLowerInvariant(), (PvaType)new PvaType.ScalarArray(KindOf(c))))]);
        _type = PvaType.Of("epics:nt/NTTable:1.0", ("labels", new PvaType.ScalarArray(PvaScalar.Text)), ("value", _columnsType));
        Served = new PvaServed(name, Unpack([])) { Written = (change, _, done) => Put(boxName, change.Value, done) };
    }

    public PvaServed Served { get; }

    /// <summary>The box has these words in it.</summary>
    public void Show(uint[] words)
    {
        if (words.Length % _field.RowWords == 0)
            Served.Post(Unpack(words));
    }

    private static PvaScalar KindOf(PandAIocColumn column) => column switch
    {
        { Labels.Count: > 0 } => PvaScalar.Text,
        { IsSigned: true } => PvaScalar.Int32,
        { Bits: <= 8 } => PvaScalar.UInt8,
        { Bits: <= 16 } => PvaScalar.UInt16,
        _ => PvaScalar.UInt32,
    };

    private void Put(string boxName, PvaValue.Structure value, Action<PvaStatus> done)
    {
        var columns = (PvaValue.Structure)value.Fields[1];
        var counts = columns.Fields.Select(CountOf).ToArray();
        if (counts.Distinct().Count() > 1)
        {
            done(PvaStatus.Error(
                $"columns of a table have one length; these have {string.Join(", ", counts)} rows: put all columns at once"));
            return;
        }
        var words = new uint[counts[0] * _field.RowWords];
        for (var i = 0; i < _field.Columns.Count; i++)
            if (Pack(_field.Columns[i], columns.Fields[i], words) is { } problem)
            {
                done(PvaStatus.Error(problem));
                return;
            }
        _ask(PandACommand.Words(boxName, words), reply =>
        {
            if (reply is PandAReply.Ok)
                Served.Post(Unpack(words));
            // Refused by the box, it keeps the old rows, and whoever put new ones hears nothing of it.
            done(PvaStatus.Ok);
        });
    }

    private static int CountOf(PvaValue column) => column switch
    {
        PvaValue.Array<string> a => a.Items.Length,
        PvaValue.Array<int> a => a.Items.Length,
        PvaValue.Array<byte> a => a.Items.Length,
        PvaValue.Array<ushort> a => a.Items.Length,
        PvaValue.Array<uint> a => a.Items.Length,
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    private string? Pack(PandAIocColumn column, PvaValue values, uint[] words)
    {
        var most = column.Bits == 32 ? uint.MaxValue : (1u << column.Bits) - 1;
        for (int row = 0, count = CountOf(values); row < count; row++)
        {
            long value;
            switch (values)
            {
                case PvaValue.Array<string> texts:
                    value = column.Labels.ToList().IndexOf(texts.Items[row]);
                    if (value < 0)
                        return $"{column.Name}, row {row}: '{texts.Items[row]}' is none of {string.Join(", ", column.Labels)}";
                    break;
                case PvaValue.Array<int> numbers:
                    value = unchecked((uint)numbers.Items[row]);
                    break;
                default:
                    value = values is PvaValue.Array<byte> bytes ? bytes.Items[row]
                        : values is PvaValue.Array<ushort> shorts ? shorts.Items[row]
                        : ((PvaValue.Array<uint>)values).Items[row];
                    if (value > most)
                        return $"{column.Name}, row {row}: {value} is more than {most}, the greatest that fits {column.Bits} bits";
                    break;
            }
            words[row * _field.RowWords + column.Low / 32] |= ((uint)value & most) << (column.Low % 32);
        }
        return null;
    }

    private PvaValue.Structure Unpack(uint[] words) => new(
        _type,
        [
            new PvaValue.Array<string>([.. _field.Columns.Select(c => c.Name.ToLowerInvariant())]),
            new PvaValue.Structure(_columnsType, [.. _field.Columns.Select(c => Column(c, words))]),
        ]);

    private PvaValue Column(PandAIocColumn column, uint[] words)
    {
        var values = new uint[words.Length / _field.RowWords];
        var most = column.Bits == 32 ? uint.MaxValue : (1u << column.Bits) - 1;
        for (var row = 0; row < values.Length; row++)
            values[row] = words[row * _field.RowWords + column.Low / 32] >> (column.Low % 32) & most;
        var free = 32 - column.Bits;
        return KindOf(column) switch
        {
            // A number without a label is shown as it is.
            PvaScalar.Text => new PvaValue.Array<string>(
                Array.ConvertAll(values, v => column.Labels.ElementAtOrDefault((int)Math.Min(v, int.MaxValue)) ?? v.ToString(Invariant))),
            PvaScalar.Int32 => new PvaValue.Array<int>(Array.ConvertAll(values, v => (int)(v << free) >> free)),
            PvaScalar.UInt8 => new PvaValue.Array<byte>(Array.ConvertAll(values, v => (byte)v)),
            PvaScalar.UInt16 => new PvaValue.Array<ushort>(Array.ConvertAll(values, v => (ushort)v)),
            _ => new PvaValue.Array<uint>(values),
        };
    }
}
