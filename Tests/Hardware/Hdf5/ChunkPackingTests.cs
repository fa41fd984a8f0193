using System.Runtime.InteropServices;
using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Hdf5;
using Xunit;

namespace Flyscan.Tests.Hardware.Hdf5;

/// <summary>The library, and so every reader, unpacks what is packed here.</summary>
public sealed class ChunkPackingTests : IDisposable
{
    private const string Path = "/entry/data/t";
    private const int Chunk = 1000;
    private static readonly SegmentReader Reader = new(TimeProvider.System, TimeSpan.FromSeconds(30));
    private readonly TemporaryFolder _folder = new();

    private string FilePath => _folder.File("box.0001.h5");

    public void Dispose() => _folder.Dispose();

    /// <summary>Distances below, at and above the largest of each width: that with all bits set is the fill value's.</summary>
    [Theory]
    [InlineData(0, 0L, 22 + Chunk / 8)]
    [InlineData(-7, 1L, 22 + Chunk)]
    [InlineData(0, 254L, 22 + Chunk)]
    [InlineData(0, 255L, 22 + 2 * Chunk)]
    [InlineData(-1, 65_534L, 22 + 2 * Chunk)]
    [InlineData(5, 65_535L, 22 + 3 * Chunk)]
    [InlineData(long.MinValue, (1L << 32) - 2, 22 + 4 * Chunk)]
    [InlineData(long.MinValue, (1L << 32) - 1, 22 + 5 * Chunk)]
    [InlineData(1_700_000_000_000_000_000, (1L << 40), 22 + 6 * Chunk)]
    [InlineData(-1, (1L << 56) - 2, 22 + 7 * Chunk)]
    [InlineData(-1, (1L << 56) - 1, 21 + 8 * Chunk)]
    [InlineData(long.MinValue, -1L, 21 + 8 * Chunk)]
    public async Task Numbers_come_back_whatever_their_range_and_take_as_few_bytes_as_it_needs(long least, long farthest, int bytes)
    {
        var random = new Seeded(5);
        var values = Enumerable.Range(0, Chunk)
            .Select(_ => unchecked(least + (long)(random.NextUInt64() % Math.Max(1, (ulong)farthest)))).ToArray();
        (values[17], values[^1]) = (least, unchecked(least + farthest));

        Assert.Equal(bytes, ChunkPacking.Pack(values, new byte[ChunkPacking.Room(Chunk)]));
        Assert.Equal(values, await StoredAsync(values, Chunk));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(333)]
    [InlineData(2_500)]
    public async Task Batches_of_any_length_with_flushes_between_come_back(int batch)
    {
        var values = Enumerable.Range(0, 4 * Chunk + 3).Select(i => 1_000_000_000L * i).ToArray();
        Assert.Equal(values, await StoredAsync(values, batch, flushes: true));
    }

    [Fact]
    public async Task What_has_been_written_and_not_flushed_can_be_read_back_by_its_writer()
    {
        await using var store = await CreateAsync();
        await store.AppendAsync([Bytes([1, 2, 3])], 3, default);
        long[] expected = [2, 3];
        Assert.Equal(expected, await store.ReadIntegersAsync(Path, 1, 2, default));
        await store.AppendAsync([Bytes([4, 5])], 2, default);
        expected = [3, 4, 5];
        Assert.Equal(expected, await store.ReadIntegersAsync(Path, 2, 3, default));
    }

    [H5PyFact]
    public async Task Times_at_a_megahertz_take_three_bytes_each_and_h5py_reads_them()
    {
        var values = Enumerable.Range(0, 100 * Chunk).Select(i => 1_000L * i).ToArray();
        await StoredAsync(values, 100 * Chunk);
        const string Script = """
            import h5py, sys, numpy as np
            d = h5py.File(sys.argv[1], 'r')['/entry/data/t']
            assert (d[:] == 1000 * np.arange(d.shape[0])).all()
            print(d.shape[0], d.dtype.str, d.id.get_storage_size() // 1000, d.scaleoffset is not None)
            """;
        Assert.Equal($"{values.Length} <i8 {100 * (22 + 3 * Chunk) / 1000} True", H5Py.Run(Script, FilePath));
    }

    [Fact]
    public async Task Only_whole_numbers_of_one_value_a_frame_can_be_packed()
    {
        foreach (var dataset in new DatasetSpec[] { new(Path, "<f8", [], 8, Packed: true), new(Path, "<i8", [2], 8, Packed: true) })
        {
            var refused = await Assert.ThrowsAsync<ArgumentException>(
                () => new Hdf5FrameStoreFactory().CreateAsync(new SegmentSpec(FilePath, [dataset], []), default));
            Assert.Contains("cannot be packed", refused.Message, StringComparison.Ordinal);
        }
    }

    private static byte[] Bytes(long[] values) => MemoryMarshal.AsBytes<long>(values).ToArray();

    private Task<IFrameStore> CreateAsync() => new Hdf5FrameStoreFactory().CreateAsync(
        new SegmentSpec(FilePath, [new DatasetSpec(Path, "<i8", [], Chunk, Packed: true)], []), default);

    private async Task<long[]> StoredAsync(long[] values, int batch, bool flushes = false)
    {
        await using (var store = await CreateAsync())
        {
            for (var at = 0; at < values.Length; at += batch)
            {
                var count = Math.Min(batch, values.Length - at);
                await store.AppendAsync([Bytes(values[at..(at + count)])], count, default);
                if (flushes && at / batch % 7 == 3)
                    await store.FlushAsync(sync: false, default);
            }
            Assert.Equal(values.Length, await store.CloseAsync(default));
        }
        return await Reader.ReadIntegersAsync(FilePath, Path, 0, values.Length, default);
    }
}
