using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Hdf5;
using Xunit;

namespace Flyscan.Tests.Hardware.Hdf5;

public sealed class InMemoryFrameStoreTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task A_killed_writer_loses_what_was_not_flushed_and_may_leave_a_torn_tail()
    {
        var factory = new InMemoryFrameStoreFactory(new FrameStoreFaults(TornTail: true));
        var store = await factory.CreateAsync(ChildWriter.Spec("a.h5"), None);
        await store.AppendAsync(ChildWriter.Frames(0, 4), 4, None);
        await store.FlushAsync(true, None);
        await store.AppendAsync(ChildWriter.Frames(4, 3), 3, None);
        factory.Segments["a.h5"].Kill();
        Assert.Equal([7, 4, 4], factory.Segments["a.h5"].Lengths());
        Assert.False(factory.Segments["a.h5"].ClosedInOrder);
        await Assert.ThrowsAsync<IOException>(() => store.FlushAsync(true, None));
    }

    [Fact]
    public async Task A_full_disk_refuses_the_append_by_path_and_everything_after_it()
    {
        var frameBytes = ChildWriter.Spec("a.h5").Datasets.Sum(dataset => dataset.FrameBytes);
        var factory = new InMemoryFrameStoreFactory(new FrameStoreFaults(DiskFullAtBytes: 5 * frameBytes));
        var store = await factory.CreateAsync(ChildWriter.Spec("a.h5"), None);
        await store.AppendAsync(ChildWriter.Frames(0, 4), 4, None);
        await store.FlushAsync(true, None);
        var full = await Assert.ThrowsAsync<IOException>(() => store.AppendAsync(ChildWriter.Frames(4, 2), 2, None));
        Assert.Contains("a.h5", full.Message, StringComparison.Ordinal);
        Assert.Contains("No space left", full.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<IOException>(() => store.AppendAsync(ChildWriter.Frames(4, 1), 1, None));
        Assert.Equal(4, store.Recorded);
    }

    [Fact]
    public async Task A_slow_disk_records_when_its_clock_says_so()
    {
        var clock = new ManualClock();
        var factory = new InMemoryFrameStoreFactory(new FrameStoreFaults(FlushDelayNs: 1_000), clock);
        var store = await factory.CreateAsync(ChildWriter.Spec("a.h5"), None);
        await store.AppendAsync(ChildWriter.Frames(0, 4), 4, None);
        var flush = store.FlushAsync(true, None);
        Assert.False(flush.IsCompleted);
        Assert.Equal(0, store.Recorded);
        clock.Wake(1_000);
        Assert.Equal(4, await flush);
        Assert.Equal(4, store.Recorded);
    }

    private sealed class ManualClock : IClock
    {
        private readonly List<(long At, Action Wake)> _wakes = [];

        public long NowNs { get; private set; }

        public IDisposable WakeAt(long timeNs, Action wake)
        {
            _wakes.Add((timeNs, wake));
            return new Registration(() => _wakes.Clear());
        }

        private sealed class Registration(Action cancel) : IDisposable
        {
            public void Dispose() => cancel();
        }

        public void Wake(long timeNs)
        {
            NowNs = timeNs;
            foreach (var (_, wake) in _wakes.Where(due => due.At <= timeNs).ToArray())
                wake();
        }
    }
}
