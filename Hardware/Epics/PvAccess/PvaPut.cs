using System.Globalization;

namespace Flyscan.Hardware.Epics.PvAccess;

/// <summary>Makes of a value the fields of a structure that are to be written.</summary>
internal static class PvaPut
{
    /// <summary>Whether what is written depends on what the server says of itself now: a choice by its text.</summary>
    public static bool NeedsChoices(PvValue value, PvaType.Structure type) =>
        value is PvValue.Text or PvValue.Choice { Name: not null } && EnumOf(type) is not null;

    /// <summary>The change that writes the value; null where it does not fit the type.</summary>
    /// <param name="now">What the server last said of the structure.</param>
    /// <param name="value">What to write.</param>
    public static PvaChange? For(PvValue value, PvaValue.Structure now)
    {
        var bits = new List<int>();
        var index = now.Type.IndexOf("value");
        if (index < 0)
            return Fields(value, now, 0, bits) is { } whole ? new PvaChange(PvaBits.Of([.. bits]), whole) : null;
        var bit = now.Type.BitOf(index);
        var field = value switch
        {
            PvValue.Table table when now.Fields[index] is PvaValue.Structure columns => Columns(table, columns, bit, bits),
            PvValue.Structure when now.Fields[index] is PvaValue.Structure inner => Fields(value, inner, bit, bits),
            _ when EnumOf(now.Type) is { } members => Choice(value, (PvaValue.Structure)now.Fields[index], members, bit, bits),
            _ => Whole(value, now.Type.Members[index].Type, bit, bits),
        };
        return field is null ? null : new PvaChange(PvaBits.Of([.. bits]), now.With("value", field));
    }

    /// <summary>A value in a type; null where it does not fit.</summary>
    public static PvaValue? Convert(PvValue value, PvaType type) => type switch
    {
        PvaType.Scalar { Kind: PvaScalar.Text } => value.Count == 1 || value is PvValue.Array<byte> or PvValue.Array<sbyte>
            ? new PvaValue.Text(value.AsText())
            : null,
        PvaType.Scalar s => Number(value, s.Kind),
        PvaType.BoundedText t => EpicsText.Bytes(value.AsText()).Length <= t.Most ? new PvaValue.Text(value.AsText()) : null,
        PvaType.ScalarArray a => Array(value, a),
        PvaType.Union u => Member(value, u),
        PvaType.Any => Natural(value) is { } natural ? new PvaValue.Any(natural, Convert(value, natural)) : null,
        PvaType.Structure s => Fields(value, PvaValue.Default(s), 0, []),
        _ => null,
    };

    private static PvaType.Structure? EnumOf(PvaType.Structure type)
    {
        var index = type.IndexOf("value");
        return index >= 0 && type.Members[index].Type is PvaType.Structure s && s.IndexOf("index") is var i and >= 0
            && s.IndexOf("choices") is var c and >= 0 && s.Members[i].Type is PvaType.Scalar { Kind: PvaScalar.Int32 or PvaScalar.Int16 }
            && s.Members[c].Type is PvaType.ScalarArray { Kind: PvaScalar.Text }
                ? s
                : null;
    }

    private static PvaValue? Whole(PvValue value, PvaType type, int bit, List<int> bits)
    {
        bits.Add(bit);
        return Convert(value, type);
    }

    private static PvaValue.Structure? Choice(PvValue value, PvaValue.Structure now, PvaType.Structure type, int bit, List<int> bits)
    {
        var choices = now["choices"] is PvaValue.Array<string> known ? known.Items : [];
        var name = value switch
        {
            PvValue.Text t => t.Value,
            PvValue.Choice c => c.Name,
            _ => null,
        };
        var named = name is null ? -1 : System.Array.IndexOf(choices, name);
        var index = named >= 0 ? named : value is PvValue.Choice { Name: not null } ? -1 : value.AsNumber();
        if (!(index >= 0 && index < (choices.Length > 0 ? choices.Length : 65_536)) || index != Math.Floor(index))
            return null;
        bits.Add(bit + type.BitOf(type.IndexOf("index")));
        return now.With("index", new PvaValue.Whole((long)index));
    }

    /// <summary>Columns that are given; others stay. A column that the table has not does not fit.</summary>
    private static PvaValue.Structure? Columns(PvValue.Table table, PvaValue.Structure now, int bit, List<int> bits)
    {
        foreach (var column in table.Columns)
        {
            var index = now.Type.IndexOf(column.Name);
            if (index < 0 || Convert(column.Values, now.Type.Members[index].Type) is not { } values)
                return null;
            bits.Add(bit + now.Type.BitOf(index));
            now = now.With(column.Name, values);
        }
        return now;
    }

    /// <summary>Fields that are given; others stay.</summary>
    private static PvaValue.Structure? Fields(PvValue value, PvaValue.Structure now, int bit, List<int> bits)
    {
        if (value is not PvValue.Structure given)
            return null;
        foreach (var field in given.Fields)
        {
            var index = now.Type.IndexOf(field.Name);
            if (index < 0)
                return null;
            var at = bit + now.Type.BitOf(index);
            var fitting = now.Fields[index] is PvaValue.Structure inner
                ? Fields(field.Value, inner, at, bits)
                : Whole(field.Value, now.Type.Members[index].Type, at, bits);
            if (fitting is null)
                return null;
            now = now.With(field.Name, fitting);
        }
        return now;
    }

    private static PvaValue? Number(PvValue value, PvaScalar kind)
    {
        if (value is PvValue.Integer { Value: var exact })
            return kind switch
            {
                PvaScalar.Boolean => PvaValue.Flag.Of(exact != 0),
                PvaScalar.Float32 or PvaScalar.Float64 => new PvaValue.Number(exact),
                PvaScalar.Int64 => new PvaValue.Whole(exact),
                _ => Within(exact, kind) ? new PvaValue.Whole(exact) : null,
            };
        if (kind == PvaScalar.Boolean && value is PvValue.Text { Value: var word } && bool.TryParse(word, out var flag))
            return PvaValue.Flag.Of(flag);
        if (value is PvValue.Text { Value: var text } && kind is PvaScalar.Int64 or PvaScalar.UInt64
            && long.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out var parsed))
            return kind == PvaScalar.Int64 || parsed >= 0 ? new PvaValue.Whole(parsed) : null;
        if (value.Count != 1)
            return null;
        var number = value.AsNumber();
        if (kind is PvaScalar.Float32 or PvaScalar.Float64)
            return double.IsNaN(number) && value is not PvValue.Number ? null : new PvaValue.Number(number);
        if (!Within(number, kind))
            return null;
        return kind == PvaScalar.Boolean ? PvaValue.Flag.Of(number != 0)
            : kind == PvaScalar.UInt64 ? new PvaValue.Whole((long)(ulong)number)
            : new PvaValue.Whole((long)number);
    }

    /// <summary>Whether a whole number is one of the kind; fractions and NaN are of none.</summary>
    private static bool Within(double number, PvaScalar kind)
    {
        var (low, before) = kind switch
        {
            PvaScalar.Boolean => (double.NegativeInfinity, double.PositiveInfinity),
            PvaScalar.Int8 => (-128.0, 128.0),
            PvaScalar.UInt8 => (0, 256),
            PvaScalar.Int16 => (-32_768, 32_768),
            PvaScalar.UInt16 => (0, 65_536),
            PvaScalar.Int32 => (-2_147_483_648, 2_147_483_648),
            PvaScalar.UInt32 => (0, 4_294_967_296),
            PvaScalar.UInt64 => (0, 18_446_744_073_709_551_616.0),
            _ => (-9_223_372_036_854_775_808.0, 9_223_372_036_854_775_808.0),
        };
        return number >= low && number < before && number == Math.Floor(number);
    }

    private static PvaValue? Array(PvValue value, PvaType.ScalarArray type)
    {
        var array = Items(value, type.Kind);
        if (array is null || type.Bound == PvaBound.Variable)
            return array;
        var count = PvaArrays.CountOf(array);
        return type.Bound == PvaBound.Fixed ? count == type.Size ? array : null : count <= type.Size ? array : null;
    }

    private static PvaValue? Items(PvValue value, PvaScalar kind)
    {
        // A text in a waveform of characters ends with a zero.
        if (value is PvValue.Text t && kind is PvaScalar.Int8 or PvaScalar.UInt8)
            value = new PvValue.Array<byte>([.. EpicsText.Bytes(((PvValue.Text)value).Value), 0]);
        return (kind, value) switch
        {
            (PvaScalar.Boolean, PvValue.Array<bool> a) => new PvaValue.Array<bool>(a.Items),
            (PvaScalar.UInt8, PvValue.Array<byte> a) => new PvaValue.Array<byte>(a.Items),
            (PvaScalar.Int8, PvValue.Array<sbyte> a) => new PvaValue.Array<sbyte>(a.Items),
            (PvaScalar.Int8, PvValue.Array<byte> a) => new PvaValue.Array<sbyte>(System.Array.ConvertAll(a.Items, b => (sbyte)b)),
            (PvaScalar.UInt8, PvValue.Array<sbyte> a) => new PvaValue.Array<byte>(System.Array.ConvertAll(a.Items, b => (byte)b)),
            (PvaScalar.Int16, PvValue.Array<short> a) => new PvaValue.Array<short>(a.Items),
            (PvaScalar.UInt16, PvValue.Array<ushort> a) => new PvaValue.Array<ushort>(a.Items),
            (PvaScalar.Int32, PvValue.Array<int> a) => new PvaValue.Array<int>(a.Items),
            (PvaScalar.UInt32, PvValue.Array<uint> a) => new PvaValue.Array<uint>(a.Items),
            (PvaScalar.Int64, PvValue.Array<long> a) => new PvaValue.Array<long>(a.Items),
            (PvaScalar.UInt64, PvValue.Array<ulong> a) => new PvaValue.Array<ulong>(a.Items),
            (PvaScalar.Float32, PvValue.Array<float> a) => new PvaValue.Array<float>(a.Items),
            (PvaScalar.Text, PvValue.Array<string> a) => new PvaValue.Array<string>(a.Items),
            (PvaScalar.Text, PvValue.Text text) => new PvaValue.Array<string>([text.Value]),
            (PvaScalar.Text, _) => null,
            _ => Numbers(value, kind),
        };
    }

    private static PvaValue? Numbers(PvValue value, PvaScalar kind)
    {
        if (value is PvValue.Text { Value: var text })
            value = new PvValue.Array<string>(text.Split([' ', ','], StringSplitOptions.RemoveEmptyEntries));
        var numbers = value.AsNumbers();
        if (value is PvValue.Array<string> && numbers.Any(double.IsNaN))
            return null;
        if (kind is not (PvaScalar.Float32 or PvaScalar.Float64) && !numbers.All(n => Within(n, kind)))
            return null;
        return kind switch
        {
            PvaScalar.Boolean => new PvaValue.Array<bool>(System.Array.ConvertAll(numbers, n => n != 0)),
            PvaScalar.Int8 => new PvaValue.Array<sbyte>(System.Array.ConvertAll(numbers, n => (sbyte)n)),
            PvaScalar.UInt8 => new PvaValue.Array<byte>(System.Array.ConvertAll(numbers, n => (byte)n)),
            PvaScalar.Int16 => new PvaValue.Array<short>(System.Array.ConvertAll(numbers, n => (short)n)),
            PvaScalar.UInt16 => new PvaValue.Array<ushort>(System.Array.ConvertAll(numbers, n => (ushort)n)),
            PvaScalar.Int32 => new PvaValue.Array<int>(System.Array.ConvertAll(numbers, n => (int)n)),
            PvaScalar.UInt32 => new PvaValue.Array<uint>(System.Array.ConvertAll(numbers, n => (uint)n)),
            PvaScalar.Int64 => new PvaValue.Array<long>(System.Array.ConvertAll(numbers, n => (long)n)),
            PvaScalar.UInt64 => new PvaValue.Array<ulong>(System.Array.ConvertAll(numbers, n => (ulong)n)),
            PvaScalar.Float32 => new PvaValue.Array<float>(System.Array.ConvertAll(numbers, n => (float)n)),
            _ => new PvaValue.Array<double>(numbers),
        };
    }

    /// <summary>The first member that the value is of by nature, else the first that it fits.</summary>
    private static PvaValue.Union? Member(PvValue value, PvaType.Union type)
    {
        var natural = Natural(value);
        for (var pass = 0; pass < 2; pass++)
            for (var i = 0; i < type.Members.Count; i++)
                if ((pass == 1 || type.Members[i].Type.Equals(natural)) && Convert(value, type.Members[i].Type) is { } fitting)
                    return new PvaValue.Union(i, fitting);
        return null;
    }

    private static PvaType? Natural(PvValue value) => value switch
    {
        PvValue.Integer => new PvaType.Scalar(PvaScalar.Int64),
        PvValue.Number => new PvaType.Scalar(PvaScalar.Float64),
        PvValue.Text => new PvaType.Scalar(PvaScalar.Text),
        PvValue.Choice => new PvaType.Scalar(PvaScalar.Int32),
        PvValue.Array<bool> => new PvaType.ScalarArray(PvaScalar.Boolean),
        PvValue.Array<sbyte> => new PvaType.ScalarArray(PvaScalar.Int8),
        PvValue.Array<byte> => new PvaType.ScalarArray(PvaScalar.UInt8),
        PvValue.Array<short> => new PvaType.ScalarArray(PvaScalar.Int16),
        PvValue.Array<ushort> => new PvaType.ScalarArray(PvaScalar.UInt16),
        PvValue.Array<int> => new PvaType.ScalarArray(PvaScalar.Int32),
        PvValue.Array<uint> => new PvaType.ScalarArray(PvaScalar.UInt32),
        PvValue.Array<long> => new PvaType.ScalarArray(PvaScalar.Int64),
        PvValue.Array<ulong> => new PvaType.ScalarArray(PvaScalar.UInt64),
        PvValue.Array<float> => new PvaType.ScalarArray(PvaScalar.Float32),
        PvValue.Array<double> => new PvaType.ScalarArray(PvaScalar.Float64),
        PvValue.Array<string> => new PvaType.ScalarArray(PvaScalar.Text),
        _ => null,
    };
}
