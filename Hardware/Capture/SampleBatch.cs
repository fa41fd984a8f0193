namespace Flyscan.Hardware.Capture;

/// <summary>Reads one column of many samples.</summary>
/// <remarks><b>Shapes</b> samples: count × stride bytes; into: count × column bytes. firstIndex: number of the first sample.</remarks>
internal delegate void SampleReader(ReadOnlySpan<byte> samples, int stride, int count, long firstIndex, Span<byte> into);

/// <summary>Samples on their way to a file, column by column, in buffers that are used again.</summary>
internal sealed class SampleBatch(int[] columnBytes)
{
    /// <summary>Samples read at a time, column by column: few enough to stay in the nearest cache.</summary>
    private const int BlockBytes = 16 * 1024;

    private byte[][] _columns = [];

    /// <summary>Samples in it.</summary>
    public int Rows { get; set; }

    /// <summary>Samples that it may take.</summary>
    public int Capacity { get; private set; }

    /// <summary>Has room for <paramref name="rows"/>, and may take <paramref name="capacity"/> of them.</summary>
    public void Make(int rows, int capacity)
    {
        if (_columns.Length == 0 || _columns[0].Length < rows * columnBytes[0])
            _columns = [.. columnBytes.Select(bytes => GC.AllocateUninitializedArray<byte>(bytes * rows))];
        Capacity = capacity;
    }

    /// <summary>Reads whole samples behind those that are in it; whoever does so counts them.</summary>
    public void Fill(ReadOnlySpan<byte> samples, int stride, long firstIndex, SampleReader[] readers)
    {
        var block = Math.Max(1, BlockBytes / stride);
        var at = Rows;
        for (; !samples.IsEmpty; samples = samples[Math.Min(samples.Length, block * stride)..])
        {
            var rows = Math.Min(block, samples.Length / stride);
            for (var c = 0; c < readers.Length; c++)
            {
                var into = _columns[c].AsSpan(at * columnBytes[c], rows * columnBytes[c]);
                readers[c](samples, stride, rows, firstIndex, into);
            }
            at += rows;
            firstIndex += rows;
        }
    }

    /// <summary>Its columns, as far as they are filled.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Written() =>
        [.. _columns.Select((c, i) => (ReadOnlyMemory<byte>)c.AsMemory(0, Rows * columnBytes[i]))];
}
