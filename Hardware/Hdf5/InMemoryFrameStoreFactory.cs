using Flyscan.Hardware.Contracts;

namespace Flyscan.Hardware.Hdf5;

/// <summary>What goes wrong with segments held in memory.</summary>
/// <remarks><b>Units</b> FlushDelayNs: nanoseconds of the given clock. DiskFullAtBytes: over all segments of the factory together.
/// TornTail: when the writer is killed, the first dataset keeps frames that the others lost.</remarks>
public sealed record FrameStoreFaults(long? DiskFullAtBytes = null, long FlushDelayNs = 0, bool TornTail = false);

/// <summary>Opens segments in memory, with faults on request: for the simulated beamline and for tests.</summary>
public sealed class InMemoryFrameStoreFactory(FrameStoreFaults? faults = null, IClock? clock = null) : IFrameStoreFactory
{
    private readonly object _gate = new();
    private readonly SortedDictionary<string, InMemoryFrameStore> _segments = new(StringComparer.Ordinal);
    private readonly InMemoryDisk _disk = new(faults ?? new FrameStoreFaults(), clock);

    /// <summary>Every segment made, by path, open and closed.</summary>
    public IReadOnlyDictionary<string, InMemoryFrameStore> Segments
    {
        get
        {
            lock (_gate)
                return new SortedDictionary<string, InMemoryFrameStore>(_segments, StringComparer.Ordinal);
        }
    }

    /// <summary>Bytes that segments hold.</summary>
    public long UsedBytes => _disk.UsedBytes;

    /// <summary>Changes what goes wrong from now on: a disk that fills up, or has been cleared.</summary>
    public void Inject(FrameStoreFaults changed) => _disk.Faults = changed;

    /// <inheritdoc/>
    public Task<IFrameStore> CreateAsync(SegmentSpec segment, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        lock (_gate)
        {
            var store = new InMemoryFrameStore(segment, _disk);
            return _segments.TryAdd(segment.Path, store)
                ? Task.FromResult<IFrameStore>(store)
                : Task.FromException<IFrameStore>(
                    new IOException($"{segment.Path}: exists already and is never overwritten; give the segment another number"));
        }
    }
}

/// <summary>The disk that the segments of one factory share.</summary>
internal sealed class InMemoryDisk(FrameStoreFaults faults, IClock? clock)
{
    private long _usedBytes;

    public FrameStoreFaults Faults { get; set; } = faults;

    public long UsedBytes => Interlocked.Read(ref _usedBytes);

    /// <summary>Takes the bytes, or nothing where they do not fit.</summary>
    public bool TryTake(long bytes)
    {
        if (Interlocked.Add(ref _usedBytes, bytes) <= (Faults.DiskFullAtBytes ?? long.MaxValue))
            return true;
        Interlocked.Add(ref _usedBytes, -bytes);
        return false;
    }

    /// <summary>Completes when a flush begun now would.</summary>
    public Task FlushedAsync()
    {
        if (Faults.FlushDelayNs == 0)
            return Task.CompletedTask;
        if (clock is null)
            throw new InvalidOperationException("a slow disk needs a clock: give the factory one");
        var done = new TaskCompletionSource();
        clock.WakeAt(clock.NowNs + Faults.FlushDelayNs, () => done.TrySetResult());
        return done.Task;
    }
}
