using Flyscan.Actors.Devices;
using Flyscan.Engine.Simulation;
using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Hdf5;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Units;

namespace Flyscan.Twin;

/// <summary>The file system that all machines share: segments in memory, which die with their writers.</summary>
internal sealed class TwinDisk : IFrameStoreFactory, ISegmentSalvage
{
    private readonly InMemoryFrameStoreFactory _memory;
    private readonly SortedDictionary<string, InMemoryFrameStore> _stores = new(StringComparer.Ordinal);
    private readonly FrameStoreFaults _usual;
    private long _freeBytes = long.MaxValue;

    public TwinDisk(SimulationRun run)
    {
        _usual = new FrameStoreFaults(TornTail: run.GeneratorFor("torn").Below(2) == 0);
        _memory = new InMemoryFrameStoreFactory(_usual, new RunClock(run));
    }

    public IReadOnlyDictionary<string, InMemoryFrameStore> Stores => _stores;

    public async Task<IFrameStore> CreateAsync(SegmentSpec segment, CancellationToken cancel)
    {
        var made = await _memory.CreateAsync(segment, cancel);
        _stores.Add(segment.Path, (InMemoryFrameStore)made);
        return made;
    }

    /// <summary>What is told to whoever asks for room, or tries to write.</summary>
    public DiskQuestions Questions => new(
        _ => Task.FromResult<long?>(_freeBytes), _ => Task.FromResult(_freeBytes == 0 ? "no space left on the device" : null));

    public void Fill()
    {
        _freeBytes = 0;
        _memory.Inject(_usual with { DiskFullAtBytes = _memory.UsedBytes });
    }

    /// <summary>Room runs low; there is still enough for what is under way.</summary>
    public void RunLow() => _freeBytes = 1;

    public void Slow(long flushNs) => _memory.Inject(_usual with { FlushDelayNs = flushNs });

    public void Clear()
    {
        _freeBytes = long.MaxValue;
        _memory.Inject(_usual);
    }

    /// <summary>The writers of a recorder's segments die.</summary>
    public void Kill(string recorder)
    {
        foreach (var (path, store) in _stores)
        {
            if (IsOf(path, recorder) && !store.ClosedInOrder)
                store.Kill();
        }
    }

    public int NextNumber(string runFolder, string recorder) => 1 + _stores.Keys.Count(p => IsOf(p, recorder));

    public Task<Outcome<EquatableArray<SegmentRun>>> SalvageAsync(string runFolder, SegmentState segment, CancellationToken cancel)
    {
        if (!_stores.TryGetValue(Path.Combine(runFolder, segment.Segment.Path), out var store))
            return Done<EquatableArray<SegmentRun>>([]);
        store.Seal();
        var runs = new List<SegmentRun>();
        var triggers = Integers(store, IndexOf(store, segment, "identity"), 0, store.Lengths().Min());
        for (var i = 0; i < triggers.Length; i++)
        {
            if (runs.Count > 0 && runs[^1] is var last && last.FirstTrigger + last.Count == triggers[i])
                runs[^1] = last with { Count = last.Count + 1 };
            else
                runs.Add(new SegmentRun(segment.Segment.Number, segment.Session, triggers[i], 1, i));
        }
        return Done(runs.ToEquatableArray());
    }

    public Task<Outcome<EquatableArray<long>>> ExposureStartsAsync(
        string runFolder, SegmentState segment, long position, long count, CancellationToken cancel)
    {
        if (segment.ClockZeroNs is not long zero
            || !_stores.TryGetValue(Path.Combine(runFolder, segment.Segment.Path), out var store))
            return Task.FromResult<Outcome<EquatableArray<long>>>(
                new Outcome<EquatableArray<long>>.Failed($"{segment.Segment.Path}: nothing in it says when its frames were exposed"));
        var starts = Integers(store, IndexOf(store, segment, "timestamp"), position, count);
        return Done(starts.Select(s => zero + s).ToEquatableArray());
    }

    public async Task<Outcome<EquatableArray<double>>> CapturedAsync(
        string runFolder, SegmentState segment, string column, long position, long count, CancellationToken cancel)
    {
        var dataset = segment.Segment.Datasets.First(d => d.Key == column);
        var store = _stores[Path.Combine(runFolder, segment.Segment.Path)];
        return new Outcome<EquatableArray<double>>.Completed(
            (await store.ReadNumbersAsync(dataset.Path, position, count, cancel)).ToEquatableArray());
    }

    /// <summary>Values of a dataset of 64-bit integers.</summary>
    public static long[] Integers(InMemoryFrameStore store, int dataset, long first, long count) =>
        System.Runtime.InteropServices.MemoryMarshal.Cast<byte, long>(store.Read(dataset, first, count).Span).ToArray();

    public static int IndexOf(InMemoryFrameStore store, SegmentState segment, string role)
    {
        var path = segment.Segment.Datasets.First(d => d.Role == role).Path;
        return store.Segment.Datasets.ToList().FindIndex(d => d.Path == path);
    }

    private static bool IsOf(string path, string recorder) =>
        Path.GetFileName(path).StartsWith(recorder + ".", StringComparison.Ordinal);

    private static Task<Outcome<T>> Done<T>(T value) => Task.FromResult<Outcome<T>>(new Outcome<T>.Completed(value));
}
