using System.Runtime.InteropServices;
using Flyscan.Hardware.Contracts;

namespace Flyscan.Tests.Hardware.PandA;

/// <summary>Segments kept in memory, with the faults that these tests need.</summary>
internal sealed class TestFrameStores : IFrameStoreFactory
{
    public List<Store> Stores { get; } = [];

    /// <summary>Fault: the disk is full after this many frames.</summary>
    public long FullAfter { get; set; } = long.MaxValue;

    /// <summary>Fault: appending waits for this.</summary>
    public Task Slow { get; set; } = Task.CompletedTask;

    public Task<IFrameStore> CreateAsync(SegmentSpec segment, CancellationToken cancel)
    {
        if (Stores.Any(s => s.Segment.Path == segment.Path))
            throw new IOException($"{segment.Path} exists already");
        var store = new Store(this, segment);
        Stores.Add(store);
        return Task.FromResult<IFrameStore>(store);
    }

    internal sealed class Store(TestFrameStores owner, SegmentSpec segment) : IFrameStore
    {
        private readonly MemoryStream[] _columns = [.. segment.Datasets.Select(_ => new MemoryStream())];

        public SegmentSpec Segment => segment;

        public long Written { get; private set; }

        public long Recorded { get; private set; }

        public bool Closed { get; private set; }

        public List<long> Flushes { get; } = [];

        public async Task AppendAsync(IReadOnlyList<ReadOnlyMemory<byte>> columns, int frames, CancellationToken cancel)
        {
            await owner.Slow;
            if (Written + frames > owner.FullAfter)
                throw new IOException($"{segment.Path}: no space left on device");
            for (var i = 0; i < columns.Count; i++)
            {
                Xunit.Assert.Equal(frames * segment.Datasets[i].FrameBytes, columns[i].Length);
                _columns[i].Write(columns[i].Span);
            }
            Written += frames;
        }

        public Task<long[]> ReadIntegersAsync(string dataset, long first, long count, CancellationToken cancel)
        {
            var index = segment.Datasets.ToList().FindIndex(d => d.Path == dataset);
            return Task.FromResult(MemoryMarshal.Cast<byte, long>(_columns[index].ToArray()).Slice((int)first, (int)count).ToArray());
        }

        public Task<long> FlushAsync(bool sync, CancellationToken cancel)
        {
            Recorded = Written;
            Flushes.Add(Recorded);
            return Task.FromResult(Recorded);
        }

        public Task<long> CloseAsync(CancellationToken cancel)
        {
            (Recorded, Closed) = (Written, true);
            return Task.FromResult(Written);
        }

        public ValueTask DisposeAsync()
        {
            Closed = true;
            return ValueTask.CompletedTask;
        }

        public double[] Doubles(string key) => MemoryMarshal.Cast<byte, double>(Column(key)).ToArray();

        public long[] Longs(string key) => MemoryMarshal.Cast<byte, long>(Column(key)).ToArray();

        /// <summary>A dataset by its whole path, whatever numbers it holds.</summary>
        public double[] Numbers(string path)
        {
            var index = segment.Datasets.ToList().FindIndex(d => d.Path == path);
            var bytes = index >= 0 ? _columns[index].ToArray() : throw new IOException($"{segment.Path}{path}: there is no such dataset");
            return segment.Datasets[index].NumpyType switch
            {
                "<f8" => MemoryMarshal.Cast<byte, double>(bytes).ToArray(),
                "<i8" => Array.ConvertAll(MemoryMarshal.Cast<byte, long>(bytes).ToArray(), v => (double)v),
                "<i4" => Array.ConvertAll(MemoryMarshal.Cast<byte, int>(bytes).ToArray(), v => (double)v),
                "<u4" => Array.ConvertAll(MemoryMarshal.Cast<byte, uint>(bytes).ToArray(), v => (double)v),
                var other => throw new NotSupportedException(other),
            };
        }

        private byte[] Column(string key)
        {
            var index = segment.Datasets.ToList().FindIndex(d => d.Path == $"/entry/data/{key}");
            return _columns[index].ToArray();
        }
    }
}
