using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Flyscan.Hardware.Capture;

namespace Flyscan.Hardware.PandA.Capture;

/// <summary>Reads one column out of packed samples, and scales it.</summary>
/// <remarks>The vector ways give the same bits as the plain ones: products are rounded before they are added. Samples are little endian, as
/// is every machine that this runs on. Compiled at once to the best code there is: a first capture may come at full rate.</remarks>
internal static class ColumnReaders
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Index(ReadOnlySpan<byte> samples, int stride, int count, long firstIndex, Span<byte> into)
    {
        var values = MemoryMarshal.Cast<byte, long>(into)[..count];
        for (var i = 0; i < values.Length; i++)
            values[i] = firstIndex + i;
    }

    /// <summary>32-bit words as they are.</summary>
    public static SampleReader Words(int at) =>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)] (samples, stride, count, _, into) =>
    {
        ref var from = ref Start(samples, at, stride, count, 4);
        var values = MemoryMarshal.Cast<byte, uint>(into)[..count];
        for (var i = 0; i < values.Length; i++)
            values[i] = Unsafe.ReadUnaligned<uint>(ref Unsafe.Add(ref from, (nint)i * stride));
    };

    /// <summary>Times of 64 bits in ticks, as nanoseconds; -1 where the gate never rose.</summary>
    public static SampleReader Ticks64(int at, long tickNs) =>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)] (samples, stride, count, _, into) =>
    {
        ref var from = ref Start(samples, at, stride, count, 8);
        var values = MemoryMarshal.Cast<byte, long>(into)[..count];
        for (var i = 0; i < values.Length; i++)
        {
            var ticks = Unsafe.ReadUnaligned<long>(ref Unsafe.Add(ref from, (nint)i * stride));
            values[i] = ticks < 0 ? -1 : ticks * tickNs;
        }
    };

    /// <summary>A duration of 32 bits, unsigned whatever the header says, as nanoseconds.</summary>
    public static SampleReader Ticks32(int at, long tickNs) =>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)] (samples, stride, count, _, into) =>
    {
        ref var from = ref Start(samples, at, stride, count, 4);
        var values = MemoryMarshal.Cast<byte, long>(into)[..count];
        for (var i = 0; i < values.Length; i++)
            values[i] = Unsafe.ReadUnaligned<uint>(ref Unsafe.Add(ref from, (nint)i * stride)) * tickNs;
    };

    /// <summary>raw × scale + offset of 32-bit integers.</summary>
    public static SampleReader Scaled32(int at, double scale, double offset) =>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)] (samples, stride, count, _, into) =>
    {
        ref var from = ref Start(samples, at, stride, count, 4);
        var values = MemoryMarshal.Cast<byte, double>(into)[..count];
        var i = 0;
        if (Avx.IsSupported)
        {
            var (scales, offsets) = (Vector256.Create(scale), Vector256.Create(offset));
            for (; i + 4 <= values.Length; i += 4)
            {
                ref var four = ref Unsafe.Add(ref from, (nint)i * stride);
                var raw = Vector128.Create(
                    Int32(ref four, 0), Int32(ref four, stride), Int32(ref four, 2 * stride), Int32(ref four, 3 * stride));
                (Avx.ConvertToVector256Double(raw) * scales + offsets).CopyTo(values[i..]);
            }
        }
        for (; i < values.Length; i++)
            values[i] = Int32(ref Unsafe.Add(ref from, (nint)i * stride), 0) * scale + offset;
    };

    /// <summary>raw × scale + offset of 64-bit integers.</summary>
    public static SampleReader Scaled64(int at, double scale, double offset) =>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)] (samples, stride, count, _, into) =>
    {
        ref var from = ref Start(samples, at, stride, count, 8);
        var values = MemoryMarshal.Cast<byte, double>(into)[..count];
        for (var i = 0; i < values.Length; i++)
            values[i] = Int64(ref Unsafe.Add(ref from, (nint)i * stride), 0) * scale + offset;
    };

    /// <summary>Sums of 64 bits over gated ticks, as time averages; not a number where the gate never rose.</summary>
    public static SampleReader Mean(int at, int gateAt, double scale, double offset) =>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)] (samples, stride, count, _, into) =>
    {
        ref var from = ref Start(samples, at, stride, count, 8);
        ref var gates = ref Start(samples, gateAt, stride, count, 4);
        var values = MemoryMarshal.Cast<byte, double>(into)[..count];
        var i = 0;
        if (Vector256.IsHardwareAccelerated)
        {
            var (scales, offsets) = (Vector256.Create(scale), Vector256.Create(offset));
            for (; i + 4 <= values.Length; i += 4)
            {
                ref var four = ref Unsafe.Add(ref from, (nint)i * stride);
                ref var gate = ref Unsafe.Add(ref gates, (nint)i * stride);
                var sums = Vector256.Create(
                    (double)Int64(ref four, 0), Int64(ref four, stride), Int64(ref four, 2 * stride), Int64(ref four, 3 * stride));
                var ticks = Vector256.Create(
                    (double)UInt32(ref gate, 0), UInt32(ref gate, stride), UInt32(ref gate, 2 * stride), UInt32(ref gate, 3 * stride));
                // A gate of nought ticks has a sum of nought: the quotient is not a number.
                (sums / ticks * scales + offsets).CopyTo(values[i..]);
            }
        }
        for (; i < values.Length; i++)
        {
            var sum = Int64(ref Unsafe.Add(ref from, (nint)i * stride), 0);
            var gate = UInt32(ref Unsafe.Add(ref gates, (nint)i * stride), 0);
            values[i] = (double)sum / gate * scale + offset;
        }
    };

    /// <summary>Standard deviations over gated ticks, from sums and 96-bit sums of squares, both exact.</summary>
    public static SampleReader StdDev(int at, int sumAt, int gateAt, double scale) =>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)] (samples, stride, count, _, into) =>
    {
        ref var squares = ref Start(samples, at, stride, count, 12);
        ref var sums = ref Start(samples, sumAt, stride, count, 8);
        ref var gates = ref Start(samples, gateAt, stride, count, 4);
        var values = MemoryMarshal.Cast<byte, double>(into)[..count];
        for (var i = 0; i < values.Length; i++)
        {
            var square = new UInt128(
                UInt32(ref Unsafe.Add(ref squares, (nint)i * stride), 8),
                (ulong)Int64(ref Unsafe.Add(ref squares, (nint)i * stride), 0));
            var sum = (Int128)Int64(ref Unsafe.Add(ref sums, (nint)i * stride), 0);
            var gate = UInt32(ref Unsafe.Add(ref gates, (nint)i * stride), 0);
            // n·Σx² − (Σx)²: below 2^127 for 32-bit values, and never negative.
            var spread = square * gate - (UInt128)(sum * sum);
            values[i] = Math.Sqrt((double)spread) / gate * Math.Abs(scale);
        }
    };

    private static ref byte Start(ReadOnlySpan<byte> samples, int at, int stride, int count, int bytes)
    {
        if (count > 0 && (at < 0 || at + bytes > stride || (long)count * stride > samples.Length))
            throw new ArgumentOutOfRangeException(nameof(at), at, $"{count} samples of {stride} bytes do not have it.");
        return ref Unsafe.Add(ref MemoryMarshal.GetReference(samples), at);
    }

    private static int Int32(ref byte from, int at) => Unsafe.ReadUnaligned<int>(ref Unsafe.Add(ref from, at));

    private static uint UInt32(ref byte from, int at) => Unsafe.ReadUnaligned<uint>(ref Unsafe.Add(ref from, at));

    private static long Int64(ref byte from, int at) => Unsafe.ReadUnaligned<long>(ref Unsafe.Add(ref from, at));
}
