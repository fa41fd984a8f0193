using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Flyscan.Hardware.Epics.PvAccess;

/// <summary>Arrays of single values on the wire.</summary>
internal static class PvaArrays
{
    /// <summary>An array of the type with no items.</summary>
    public static PvaValue Empty(PvaType.ScalarArray type) => type.Kind switch
    {
        PvaScalar.Boolean => new PvaValue.Array<bool>([]),
        PvaScalar.Int8 => new PvaValue.Array<sbyte>([]),
        PvaScalar.UInt8 => new PvaValue.Array<byte>([]),
        PvaScalar.Int16 => new PvaValue.Array<short>([]),
        PvaScalar.UInt16 => new PvaValue.Array<ushort>([]),
        PvaScalar.Int32 => new PvaValue.Array<int>([]),
        PvaScalar.UInt32 => new PvaValue.Array<uint>([]),
        PvaScalar.Int64 => new PvaValue.Array<long>([]),
        PvaScalar.UInt64 => new PvaValue.Array<ulong>([]),
        PvaScalar.Float32 => new PvaValue.Array<float>([]),
        PvaScalar.Float64 => new PvaValue.Array<double>([]),
        _ => new PvaValue.Array<string>([]),
    };

    /// <summary>Bytes of one item; of a text, the fewest.</summary>
    public static int LengthOf(PvaScalar kind) => kind switch
    {
        PvaScalar.Int16 or PvaScalar.UInt16 => 2,
        PvaScalar.Int32 or PvaScalar.UInt32 or PvaScalar.Float32 => 4,
        PvaScalar.Int64 or PvaScalar.UInt64 or PvaScalar.Float64 => 8,
        _ => 1,
    };

    public static PvaValue Read(ref PvaReader r, PvaType.ScalarArray type, PvaValue? before = null)
    {
        var length = LengthOf(type.Kind);
        int count;
        if (type.Bound == PvaBound.Fixed)
        {
            count = (long)type.Size * length <= r.Left ? type.Size : -1;
            if (count < 0)
                r.Fail();
            count = Math.Max(0, count);
        }
        else
        {
            count = r.Count(length);
        }
        if (type.Bound == PvaBound.Bounded && count > type.Size)
            r.Fail();
        if (r.Failed)
            return Empty(type);
        return type.Kind switch
        {
            PvaScalar.Boolean => new PvaValue.Array<bool>(Booleans(r.Take(count))),
            PvaScalar.Int8 => new PvaValue.Array<sbyte>(MemoryMarshal.Cast<byte, sbyte>(r.Take(count)).ToArray()),
            PvaScalar.UInt8 => new PvaValue.Array<byte>(r.Take(count).ToArray()),
            PvaScalar.Int16 => new PvaValue.Array<short>(Shorts<short>(ref r, count)),
            PvaScalar.UInt16 => new PvaValue.Array<ushort>(Shorts<ushort>(ref r, count)),
            PvaScalar.Int32 => new PvaValue.Array<int>(Words<int>(ref r, count)),
            PvaScalar.UInt32 => new PvaValue.Array<uint>(Words<uint>(ref r, count)),
            PvaScalar.Float32 => new PvaValue.Array<float>(Words<float>(ref r, count)),
            PvaScalar.Int64 => new PvaValue.Array<long>(Longs<long>(ref r, count)),
            PvaScalar.UInt64 => new PvaValue.Array<ulong>(Longs<ulong>(ref r, count)),
            PvaScalar.Float64 => new PvaValue.Array<double>(Longs<double>(ref r, count)),
            _ => Texts(ref r, count, before),
        };
    }

    /// <summary>Writes what <see cref="Read"/> reads.</summary>
    public static void Write(PvaWriter to, PvaType.ScalarArray type, PvaValue value)
    {
        if (type.Bound != PvaBound.Fixed)
            to.Size(CountOf(value));
        switch (value)
        {
            case PvaValue.Array<bool> a:
                foreach (var item in a.Items)
                    to.Byte(item ? (byte)1 : (byte)0);
                break;
            case PvaValue.Array<sbyte> a:
                to.Raw(MemoryMarshal.Cast<sbyte, byte>(a.Items));
                break;
            case PvaValue.Array<byte> a:
                to.Raw(a.Items);
                break;
            case PvaValue.Array<short> a:
                Shorts<short>(to, a.Items);
                break;
            case PvaValue.Array<ushort> a:
                Shorts<ushort>(to, a.Items);
                break;
            case PvaValue.Array<int> a:
                Words<int>(to, a.Items);
                break;
            case PvaValue.Array<uint> a:
                Words<uint>(to, a.Items);
                break;
            case PvaValue.Array<float> a:
                Words<float>(to, a.Items);
                break;
            case PvaValue.Array<long> a:
                Longs<long>(to, a.Items);
                break;
            case PvaValue.Array<ulong> a:
                Longs<ulong>(to, a.Items);
                break;
            case PvaValue.Array<double> a:
                Longs<double>(to, a.Items);
                break;
            case PvaValue.Array<string> a:
                foreach (var item in a.Items)
                    to.Text(item);
                break;
            default:
                throw new ArgumentException($"{value.GetType().Name} is no array of {type.Name}.", nameof(value));
        }
    }

    /// <summary>How many items an array has.</summary>
    public static int CountOf(PvaValue value) => value switch
    {
        PvaValue.Array<bool> a => a.Items.Length,
        PvaValue.Array<sbyte> a => a.Items.Length,
        PvaValue.Array<byte> a => a.Items.Length,
        PvaValue.Array<short> a => a.Items.Length,
        PvaValue.Array<ushort> a => a.Items.Length,
        PvaValue.Array<int> a => a.Items.Length,
        PvaValue.Array<uint> a => a.Items.Length,
        PvaValue.Array<long> a => a.Items.Length,
        PvaValue.Array<ulong> a => a.Items.Length,
        PvaValue.Array<float> a => a.Items.Length,
        PvaValue.Array<double> a => a.Items.Length,
        PvaValue.Array<string> a => a.Items.Length,
        _ => 0,
    };

    private static bool[] Booleans(ReadOnlySpan<byte> bytes)
    {
        var items = new bool[bytes.Length];
        for (var i = 0; i < items.Length; i++)
            items[i] = bytes[i] != 0;
        return items;
    }

    /// <summary>Texts beside a value are choices, the same each time they come.</summary>
    private static PvaValue.Array<string> Texts(ref PvaReader r, int count, PvaValue? before)
    {
        var known = before is PvaValue.Array<string> array && array.Items.Length == count ? array : null;
        var texts = known is null ? new string[count] : null;
        for (var i = 0; i < count; i++)
        {
            var was = known?.Items[i];
            var text = r.Text(was);
            if (texts is null && ReferenceEquals(text, was))
                continue;
            texts ??= (string[])known!.Items.Clone();
            texts[i] = text;
        }
        return texts is null ? known! : new PvaValue.Array<string>(texts);
    }

    private static T[] Shorts<T>(ref PvaReader r, int count)
        where T : struct
    {
        var items = MemoryMarshal.Cast<byte, T>(r.Take(count * 2)).ToArray();
        if (r.IsBig == BitConverter.IsLittleEndian)
        {
            var words = MemoryMarshal.Cast<T, ushort>(items.AsSpan());
            BinaryPrimitives.ReverseEndianness(words, words);
        }
        return items;
    }

    private static T[] Words<T>(ref PvaReader r, int count)
        where T : struct
    {
        var items = MemoryMarshal.Cast<byte, T>(r.Take(count * 4)).ToArray();
        if (r.IsBig == BitConverter.IsLittleEndian)
        {
            var words = MemoryMarshal.Cast<T, uint>(items.AsSpan());
            BinaryPrimitives.ReverseEndianness(words, words);
        }
        return items;
    }

    private static T[] Longs<T>(ref PvaReader r, int count)
        where T : struct
    {
        var items = MemoryMarshal.Cast<byte, T>(r.Take(count * 8)).ToArray();
        if (r.IsBig == BitConverter.IsLittleEndian)
        {
            var words = MemoryMarshal.Cast<T, ulong>(items.AsSpan());
            BinaryPrimitives.ReverseEndianness(words, words);
        }
        return items;
    }

    private static void Shorts<T>(PvaWriter to, ReadOnlySpan<T> items)
        where T : struct
    {
        var words = MemoryMarshal.Cast<byte, ushort>(Room(to, MemoryMarshal.AsBytes(items)));
        if (to.IsBig == BitConverter.IsLittleEndian)
            BinaryPrimitives.ReverseEndianness(words, words);
    }

    private static void Words<T>(PvaWriter to, ReadOnlySpan<T> items)
        where T : struct
    {
        var words = MemoryMarshal.Cast<byte, uint>(Room(to, MemoryMarshal.AsBytes(items)));
        if (to.IsBig == BitConverter.IsLittleEndian)
            BinaryPrimitives.ReverseEndianness(words, words);
    }

    private static void Longs<T>(PvaWriter to, ReadOnlySpan<T> items)
        where T : struct
    {
        var words = MemoryMarshal.Cast<byte, ulong>(Room(to, MemoryMarshal.AsBytes(items)));
        if (to.IsBig == BitConverter.IsLittleEndian)
            BinaryPrimitives.ReverseEndianness(words, words);
    }

    private static Span<byte> Room(PvaWriter to, ReadOnlySpan<byte> bytes)
    {
        var room = to.Append(bytes.Length);
        bytes.CopyTo(room);
        return room;
    }
}
