using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Flyscan.Hardware.Hdf5;

/// <summary>Packs a chunk of 64-bit integers as the library's scale-offset filter does: the smallest value, then each one's distance from
/// it in as few whole bytes as the farthest needs.</summary>
/// <remarks>Every HDF5 library unpacks it. Done here because the library's own way goes bit by bit, and several times slower than the
/// data come. <b>Source</b> H5Zscaleoffset.c of HDF5 1.10, and what it wrote itself: bits per value (4 bytes), length of the smallest
/// value (1), the smallest value (8), reserve (8), the distances with the most significant byte first, one byte of nothing.</remarks>
internal static class ChunkPacking
{
    /// <summary>Bytes before the values, where a chunk is in the filter's form.</summary>
    public const int HeaderBytes = 21;

    /// <summary>The last value is written with a whole word.</summary>
    private const int Slack = 8;

    /// <summary>Room that a chunk of so many values may take.</summary>
    public static int Room(int values) => HeaderBytes + values * sizeof(long) + Slack;

    /// <summary>Writes the header behind which values stand as they are.</summary>
    /// <remarks>The filter's own form for values that no fewer bits can hold. Telling the library that a chunk was not filtered would do,
    /// too, but 1.10 then reads it wrongly in the process that wrote it.</remarks>
    public static void BeginPlain(Span<byte> into) => Begin(into, 8 * sizeof(long), 0);

    /// <summary>Bytes packed.</summary>
    /// <remarks><b>Shapes</b> into: at least <see cref="Room"/> bytes.</remarks>
    public static int Pack(ReadOnlySpan<long> values, Span<byte> into)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(into.Length, Room(values.Length));
        var (least, most) = Bounds(values);
        var farthest = unchecked((ulong)most - (ulong)least);
        // All bits set stand for the fill value, so that the largest distance must be smaller.
        var width = farthest == ulong.MaxValue ? sizeof(long) : (64 - BitOperations.LeadingZeroCount(farthest + 1) + 7) / 8;
        var distances = into[HeaderBytes..];
        if (width == sizeof(long))
        {
            BeginPlain(into);
            MemoryMarshal.AsBytes(values).CopyTo(distances);
            return HeaderBytes + values.Length * sizeof(long);
        }
        Begin(into, farthest == 0 ? 1 : width * 8, least);
        var body = farthest == 0 ? (values.Length + 7) / 8 : values.Length * width;
        if (farthest == 0)
            distances[..body].Clear();
        else
            Write(values, least, width, distances);
        distances[body] = 0;
        return HeaderBytes + body + 1;
    }

    private static void Begin(Span<byte> into, int bits, long least)
    {
        into[..HeaderBytes].Clear();
        BinaryPrimitives.WriteInt32LittleEndian(into, bits);
        into[4] = sizeof(long);
        BinaryPrimitives.WriteInt64LittleEndian(into[5..], least);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Write(ReadOnlySpan<long> values, long least, int width, Span<byte> into)
    {
        // Each value is stored as a whole word, of which the next one overwrites what is not its own: Room has been checked.
        ref var to = ref MemoryMarshal.GetReference(into);
        var shift = 64 - 8 * width;
        for (var i = 0; i < values.Length; i++)
        {
            var distance = unchecked((ulong)values[i] - (ulong)least) << shift;
            Unsafe.WriteUnaligned(ref Unsafe.Add(ref to, (nint)i * width), BinaryPrimitives.ReverseEndianness(distance));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static (long Least, long Most) Bounds(ReadOnlySpan<long> values)
    {
        var (least, most) = (values[0], values[0]);
        var i = 0;
        if (Vector256.IsHardwareAccelerated && values.Length >= Vector256<long>.Count)
        {
            var (low, high) = (Vector256.Create(least), Vector256.Create(most));
            for (; i + Vector256<long>.Count <= values.Length; i += Vector256<long>.Count)
            {
                var four = Vector256.Create(values[i..]);
                (low, high) = (Vector256.Min(low, four), Vector256.Max(high, four));
            }
            for (var k = 0; k < Vector256<long>.Count; k++)
                (least, most) = (Math.Min(least, low[k]), Math.Max(most, high[k]));
        }
        for (; i < values.Length; i++)
            (least, most) = (Math.Min(least, values[i]), Math.Max(most, values[i]));
        return (least, most);
    }
}
