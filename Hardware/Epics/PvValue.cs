using System.Globalization;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Epics;

/// <summary>What a process variable holds, whatever protocol carried it.</summary>
/// <remarks>Whole numbers are <see cref="Integer"/>, floating ones <see cref="Number"/>; a character waveform is an array of bytes and
/// <see cref="AsText"/> reads it as a long string. Structures, tables and images come over pvAccess only.</remarks>
public abstract record PvValue
{
    private PvValue() { }

    /// <summary>A whole number.</summary>
    public sealed record Integer(long Value) : PvValue;

    /// <summary>A floating number.</summary>
    public sealed record Number(double Value) : PvValue;

    /// <summary>A text.</summary>
    public sealed record Text(string Value) : PvValue;

    /// <summary>One of an enumeration's choices; Name is null where only the index is known.</summary>
    public sealed record Choice(int Index, string? Name = null) : PvValue;

    /// <summary>Several values of one type: bool, sbyte to ulong, float, double, string, or values with fields.</summary>
    /// <remarks><b>Shapes</b> Items: [n]. Compares by its items.</remarks>
    public sealed record Array<T>(T[] Items) : PvValue
    {
        public bool Equals(Array<T>? other) => other is not null && Items.AsSpan().SequenceEqual(other.Items);

        public override int GetHashCode() => Items.Length;

        public override int Count => Items.Length;

        public override string AsText() => this switch
        {
            Array<byte> bytes => EpicsText.Read(bytes.Items),
            Array<sbyte> bytes => EpicsText.Read(System.Runtime.InteropServices.MemoryMarshal.AsBytes<sbyte>(bytes.Items)),
            Array<PvValue> values => string.Join(' ', values.Items.Select(v => v.AsText())),
            _ => string.Join(' ', Items.Select(item => Convert.ToString(item, CultureInfo.InvariantCulture))),
        };
    }

    /// <summary>Named values; none at all for a value that is nothing.</summary>
    public sealed record Structure(EquatableArray<PvField> Fields) : PvValue
    {
        /// <summary>A field by its name, or by a path with dots; null where there is none.</summary>
        public PvValue? this[string path]
        {
            get
            {
                var parts = path.Split('.', 2);
                foreach (var field in Fields)
                    if (field.Name == parts[0])
                        return parts.Length == 1 ? field.Value : (field.Value as Structure)?[parts[1]];
                return null;
            }
        }

        public override int Count => Fields.Count;

        public override string AsText() => $"{{{string.Join(", ", Fields.Select(f => $"{f.Name}: {f.Value.AsText()}"))}}}";
    }

    /// <summary>Columns of equal length.</summary>
    public sealed record Table(EquatableArray<PvColumn> Columns) : PvValue
    {
        /// <summary>How many rows the longest column has.</summary>
        public override int Count => Columns.Count == 0 ? 0 : Columns.Max(c => c.Values.Count);

        /// <summary>A column's values by its field's name; null where there is none.</summary>
        public PvValue? this[string name] => Columns.FirstOrDefault(c => c.Name == name)?.Values;

        public override string AsText() => string.Join("; ", Columns.Select(c => $"{c.Label}: {c.Values.AsText()}"));
    }

    /// <summary>A frame of a detector.</summary>
    /// <remarks><b>Shapes</b> Pixels: an array, the first of Dimensions runs fastest; bytes as they are where Codec is not empty.
    /// </remarks>
    public sealed record Image(PvValue Pixels, EquatableArray<int> Dimensions, string Codec, long UniqueId) : PvValue
    {
        /// <summary>What the driver says of the frame.</summary>
        public EquatableArray<PvField> Attributes { get; init; }

        public override int Count => Pixels.Count;

        public override string AsText() =>
            $"frame {UniqueId}, {string.Join('×', Dimensions)}{(Codec.Length > 0 ? $", {Codec}" : "")}";
    }

    /// <summary>How many values it holds.</summary>
    public virtual int Count => 1;

    /// <summary>The value for a person: a choice by its name, a character waveform as the string in it.</summary>
    public virtual string AsText() => this switch
    {
        Integer i => i.Value.ToString(CultureInfo.InvariantCulture),
        Number n => n.Value.ToString("G15", CultureInfo.InvariantCulture),
        Text t => t.Value,
        Choice c => c.Name ?? c.Index.ToString(CultureInfo.InvariantCulture),
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    /// <summary>The value, or an array's first, as a number; NaN where it is none.</summary>
    public double AsNumber() => this switch
    {
        Integer i => i.Value,
        Number n => n.Value,
        Choice c => c.Index,
        Text t => double.TryParse(t.Value, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) ? value : double.NaN,
        Array<double> a => First(a.Items),
        Array<float> a => First(a.Items),
        Array<int> a => First(a.Items),
        Array<uint> a => First(a.Items),
        Array<long> a => First(a.Items),
        Array<ulong> a => First(a.Items),
        Array<short> a => First(a.Items),
        Array<ushort> a => First(a.Items),
        Array<byte> a => First(a.Items),
        Array<sbyte> a => First(a.Items),
        Array<bool> a => First(a.Items),
        _ => double.NaN,
    };

    /// <summary>All values as numbers; NaN for what is none.</summary>
    public double[] AsNumbers() => this switch
    {
        Array<double> a => a.Items,
        Array<float> a => Array.ConvertAll(a.Items, v => (double)v),
        Array<int> a => Array.ConvertAll(a.Items, v => (double)v),
        Array<uint> a => Array.ConvertAll(a.Items, v => (double)v),
        Array<long> a => Array.ConvertAll(a.Items, v => (double)v),
        Array<ulong> a => Array.ConvertAll(a.Items, v => (double)v),
        Array<short> a => Array.ConvertAll(a.Items, v => (double)v),
        Array<ushort> a => Array.ConvertAll(a.Items, v => (double)v),
        Array<byte> a => Array.ConvertAll(a.Items, v => (double)v),
        Array<sbyte> a => Array.ConvertAll(a.Items, v => (double)v),
        Array<bool> a => Array.ConvertAll(a.Items, v => v ? 1.0 : 0),
        Array<string> a => Array.ConvertAll(a.Items, v => new Text(v).AsNumber()),
        Array<PvValue> a => Array.ConvertAll(a.Items, v => v.AsNumber()),
        Image i => i.Pixels.AsNumbers(),
        _ => [AsNumber()],
    };

    private static double First<T>(T[] items)
        where T : IConvertible => items.Length == 0 ? double.NaN : items[0].ToDouble(CultureInfo.InvariantCulture);
}

/// <summary>One of a structure's values.</summary>
public sealed record PvField(string Name, PvValue Value);

/// <summary>A column of a table. Label: what is to be shown instead of the name.</summary>
public sealed record PvColumn(string Name, string Label, PvValue Values);
