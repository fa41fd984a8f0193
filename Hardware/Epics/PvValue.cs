using System.Globalization;

namespace Flyscan.Hardware.Epics;

/// <summary>What a process variable holds, whatever protocol carried it.</summary>
/// <remarks>Whole numbers are <see cref="Integer"/>, floating ones <see cref="Number"/>; a character waveform is an array of bytes and
/// <see cref="AsText"/> reads it as a long string.</remarks>
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

    /// <summary>Several values of one type: byte, short, ushort, int, long, float, double or string.</summary>
    /// <remarks><b>Shapes</b> Items: [n]. Compares by its items.</remarks>
    public sealed record Array<T>(T[] Items) : PvValue
    {
        public bool Equals(Array<T>? other) => other is not null && Items.AsSpan().SequenceEqual(other.Items);

        public override int GetHashCode() => Items.Length;

        public override int Count => Items.Length;

        public override string AsText() => this is Array<byte> bytes
            ? EpicsText.Read(bytes.Items)
            : string.Join(' ', Items.Select(item => Convert.ToString(item, CultureInfo.InvariantCulture)));
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
        Array<long> a => First(a.Items),
        Array<short> a => First(a.Items),
        Array<ushort> a => First(a.Items),
        Array<byte> a => First(a.Items),
        _ => double.NaN,
    };

    /// <summary>All values as numbers; NaN for what is none.</summary>
    public double[] AsNumbers() => this switch
    {
        Array<double> a => a.Items,
        Array<float> a => Array.ConvertAll(a.Items, v => (double)v),
        Array<int> a => Array.ConvertAll(a.Items, v => (double)v),
        Array<long> a => Array.ConvertAll(a.Items, v => (double)v),
        Array<short> a => Array.ConvertAll(a.Items, v => (double)v),
        Array<ushort> a => Array.ConvertAll(a.Items, v => (double)v),
        Array<byte> a => Array.ConvertAll(a.Items, v => (double)v),
        Array<string> a => Array.ConvertAll(a.Items, v => new Text(v).AsNumber()),
        _ => [AsNumber()],
    };

    private static double First<T>(T[] items)
        where T : IConvertible => items.Length == 0 ? double.NaN : items[0].ToDouble(CultureInfo.InvariantCulture);
}
