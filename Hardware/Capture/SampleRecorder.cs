using Flyscan.Hardware.Contracts;

namespace Flyscan.Hardware.Capture;

/// <summary>Takes samples on the thread that received them and writes them behind it: transposes into pooled columns, appends,
/// flushes.</summary>
/// <remarks>Nothing here waits for the disk but its own loop. Samples that wait are bounded: beyond the limit the recorder faults and
/// takes no more.</remarks>
internal sealed class SampleRecorder
{
    /// <summary>One that fills, one that is written, one between.</summary>
    private const int LeastBatches = 3;

    private const int ManyBatches = 32;
    private const int MostChunks = 4;

    /// <summary>A batch that fills sooner is one of a fast capture.</summary>
    private const long FastNs = 20_000_000;

    /// <summary>Batches given to the store at a time.</summary>
    private const int MostWriting = 4;
    private const long FlushEveryNs = 250_000_000;

    private readonly IFrameStore _store;
    private readonly IClock _clock;
    private readonly int[] _columnBytes;
    private readonly int _chunkRows;
    private readonly int _fastRows;
    private readonly int _mostBatches;
    private readonly Action<long> _recorded;
    private readonly Action<string> _faulted;
    private readonly object _gate = new();
    private readonly Queue<SampleBatch> _ready = new();
    private readonly Stack<SampleBatch> _free = new();
    private readonly List<(long Target, bool Sync, TaskCompletionSource<long> Done)> _requests = [];
    private SampleBatch? _filling;
    private IDisposable? _wake;
    private Task _pump = Task.CompletedTask;
    private bool _pumping;

    /// <summary>The batch that fills is being added to, outside the lock.</summary>
    private bool _isAdding;

    /// <summary>The writing loop came for that batch meanwhile.</summary>
    private bool _isWanted;

    /// <summary>A batch that was not full has been written since the last flush.</summary>
    private bool _partial;
    private int _batches;
    private long _accepted;
    private long _written;
    private long _flushed;
    private long _lastFlushNs;
    private long _rentedNs = long.MinValue / 2;
    private long _watch = long.MaxValue;
    private string? _unreported;

    /// <param name="recorded">Called after each flush with the frames on disk, from the writing loop.</param>
    /// <param name="faulted">Called once, when nothing more can be written.</param>
    public SampleRecorder(
        IFrameStore store, IClock clock, long mostPendingBytes, Action<long> recorded, Action<string> faulted)
    {
        (_store, _clock, _recorded, _faulted) = (store, clock, recorded, faulted);
        _columnBytes = [.. store.Segment.Datasets.Select(d => (int)d.FrameBytes)];
        // Whole chunks of every column, written without going through the library's cache.
        _chunkRows = store.Segment.Datasets.Max(d => d.ChunkFrames);
        var chunkBytes = _chunkRows * (long)_columnBytes.Sum();
        // Of a fast capture several, as each batch costs two hand-overs between threads; but few beside all that may wait.
        _fastRows = _chunkRows * (int)Math.Clamp(mostPendingBytes / chunkBytes / ManyBatches, 1, MostChunks);
        _mostBatches = (int)Math.Clamp(mostPendingBytes / (_fastRows * (long)_columnBytes.Sum()), LeastBatches, 100_000);
        _lastFlushNs = clock.NowNs - FlushEveryNs;
    }

    /// <summary>Samples taken, on disk or not.</summary>
    public long Accepted
    {
        get
        {
            lock (_gate)
                return _accepted;
        }
    }

    /// <summary>Samples flushed to readers.</summary>
    public long Recorded
    {
        get
        {
            lock (_gate)
                return _flushed;
        }
    }

    public string? Fault { get; private set; }

    /// <summary>Flush as soon as this many are written.</summary>
    public void WatchFor(long recorded)
    {
        lock (_gate)
            _watch = recorded;
        Kick();
    }

    /// <summary>Takes whole samples; <paramref name="firstIndex"/>: number of the first since the capture was armed.</summary>
    public void Add(ReadOnlySpan<byte> samples, int stride, int count, long firstIndex, SampleReader[] readers)
    {
        while (count > 0 && Take() is { } batch)
        {
            var rows = Math.Min(count, batch.Capacity - batch.Rows);
            batch.Fill(samples[..(rows * stride)], stride, firstIndex, readers);
            Return(batch, rows);
            samples = samples[(rows * stride)..];
            (count, firstIndex) = (count - rows, firstIndex + rows);
        }
        Report();
    }

    /// <summary>What has been added may be written: called when a piece of the stream has been taken.</summary>
    public void Kick()
    {
        lock (_gate)
        {
            if (_pumping || Fault is not null)
                return;
            _pumping = true;
            _pump = PumpAsync();
        }
    }

    /// <summary>Writes and flushes everything that was accepted until now; returns what is then on disk.</summary>
    public Task<long> FlushAsync(bool sync)
    {
        var done = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            if (Fault is not null)
                return Task.FromException<long>(new IOException(Fault));
            _requests.Add((_accepted, sync, done));
        }
        Kick();
        return done.Task;
    }

    /// <summary>As <see cref="FlushAsync"/> with sync; one that cannot write any more says so by <see cref="Fault"/>.</summary>
    public async Task<long> FlushOrFaultAsync()
    {
        try
        {
            return await FlushAsync(sync: true);
        }
        catch (IOException) when (Fault is not null)
        {
            return Recorded;
        }
    }

    /// <summary>Rows [first, first + count) of a dataset of integers, among those recorded.</summary>
    public Task<long[]> ReadIntegersAsync(string dataset, long first, long count, CancellationToken cancel) =>
        _store.ReadIntegersAsync(dataset, first, count, cancel);

    /// <summary>Rows [first, first + count) of a dataset of numbers, among those written.</summary>
    public Task<double[]> ReadNumbersAsync(string dataset, long first, long count, CancellationToken cancel) =>
        _store.ReadNumbersAsync(dataset, first, count, cancel);

    /// <summary>Writes the rest and closes the file; returns the frames in it.</summary>
    public async Task<long> CloseAsync(CancellationToken cancel)
    {
        if (Fault is null)
            await FlushAsync(sync: false);
        await _pump;
        lock (_gate)
            _wake?.Dispose();
        return await _store.CloseAsync(cancel);
    }

    /// <summary>Stops without writing what waits; what is recorded stays readable.</summary>
    public async Task AbandonAsync()
    {
        lock (_gate)
        {
            _wake?.Dispose();
            Fault ??= "the recording was given up";
        }
        await _pump;
        await _store.DisposeAsync();
    }

    /// <summary>The batch that fills; null when nothing more may wait.</summary>
    /// <remarks>It is filled outside the lock: the writing loop takes that several times a batch, and would wait for it longer than for
    /// the disk.</remarks>
    private SampleBatch? Take()
    {
        lock (_gate)
        {
            if (Fault is not null)
                return null;
            _filling ??= Rent();
            if (_filling is null)
                FailLocked(
                    $"the disk takes samples more slowly than the box makes them: {_accepted - _written} wait, no more may; "
                    + "choose a faster disk, fewer captured fields, or a larger most-pending");
            _isAdding = _filling is not null;
            return _filling;
        }
    }

    private void Return(SampleBatch batch, int rows)
    {
        bool wanted;
        lock (_gate)
        {
            batch.Rows += rows;
            _accepted += rows;
            (_isAdding, wanted, _isWanted) = (false, _isWanted, false);
            if (batch.Rows == batch.Capacity)
            {
                _ready.Enqueue(batch);
                _filling = null;
            }
        }
        if (wanted)
            Kick();
    }

    /// <summary>A batch that ends where a chunk does; null when all that may be are waiting for the disk.</summary>
    private SampleBatch? Rent()
    {
        if (!_free.TryPop(out var batch))
        {
            if (_batches >= _mostBatches)
                return null;
            _batches++;
            batch = new SampleBatch(_columnBytes);
        }
        var now = _clock.NowNs;
        var rows = now - _rentedNs < FastNs ? _fastRows : _chunkRows;
        _rentedNs = now;
        batch.Make(rows, rows - (int)(_accepted % _chunkRows));
        return batch;
    }

    private async Task PumpAsync()
    {
        var writing = new Queue<Task>();
        try
        {
            while (Next(writing.Count == 0, out var batch, out var sync, out var flush) || writing.Count > 0)
            {
                if (batch is not null)
                    writing.Enqueue(AppendAsync(batch));
                if (flush)
                    await WriteThroughAsync(sync);
                else if (batch is null || writing.Count == MostWriting)
                    await writing.Dequeue();
            }
        }
        catch (IOException error)
        {
            lock (_gate)
                FailLocked(error.Message);
            // Until they are over, their buffers are the store's.
            foreach (var left in writing)
                await left.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            Report();
        }
    }

    /// <summary>Chooses what to do next; false where there is nothing, which ends the loop when nothing is under way either.</summary>
    private bool Next(bool isIdle, out SampleBatch? batch, out bool sync, out bool flush)
    {
        lock (_gate)
        {
            (batch, sync, flush) = (null, false, false);
            if (Fault is not null)
                return _pumping = false;
            flush = FlushDue(out sync);
            if (flush)
                return !(_partial = false);
            if (_ready.TryDequeue(out batch))
                return true;
            if (!isIdle)
                return false;
            _isWanted = _isAdding && PartialDue();
            if (_filling is { Rows: > 0 } && !_isAdding && PartialDue())
            {
                (batch, _filling, _partial) = (_filling, null, true);
                return true;
            }
            if (_accepted > _flushed)
                _wake ??= _clock.WakeAt(_lastFlushNs + FlushEveryNs, OnFlushTime);
            return _pumping = false;
        }
    }

    private bool TimeDue => _clock.NowNs - _lastFlushNs >= FlushEveryNs;

    /// <summary>A batch that is not full is written only for a flush: nobody sees it before, and whole chunks are cheaper.</summary>
    private bool PartialDue() => _requests.Count > 0 || _accepted >= _watch && _flushed < _watch || TimeDue;

    private bool FlushDue(out bool sync)
    {
        var asked = sync = false;
        foreach (var request in _requests)
            if (request.Target <= _written)
                (asked, sync) = (true, sync | request.Sync);
        var watched = _written >= _watch && _flushed < _watch;
        // What has come meanwhile goes with it, once; then it is flushed, however fast more comes.
        var timed = TimeDue && (_partial || _ready.Count > 0 || _filling is not { Rows: > 0 });
        return asked || _written > _flushed && (watched || timed);
    }

    private async Task AppendAsync(SampleBatch batch)
    {
        await _store.AppendAsync(batch.Written(), batch.Rows, CancellationToken.None);
        lock (_gate)
        {
            _written += batch.Rows;
            batch.Rows = 0;
            _free.Push(batch);
        }
    }

    private async Task WriteThroughAsync(bool sync)
    {
        var recorded = await _store.FlushAsync(sync, CancellationToken.None);
        List<TaskCompletionSource<long>> done = [];
        lock (_gate)
        {
            _flushed = recorded;
            _lastFlushNs = _clock.NowNs;
            // A request that came after this flush began, and asks for more than it gave, waits for the next.
            foreach (var request in _requests.Where(r => r.Target <= recorded && (sync || !r.Sync)).ToList())
            {
                _requests.Remove(request);
                done.Add(request.Done);
            }
        }
        foreach (var request in done)
            request.TrySetResult(recorded);
        _recorded(recorded);
    }

    private void OnFlushTime()
    {
        lock (_gate)
            _wake = null;
        Kick();
    }

    private void FailLocked(string reason)
    {
        if (Fault is not null)
            return;
        (Fault, _unreported, _pumping) = (reason, reason, false);
        foreach (var (_, _, done) in _requests)
            done.TrySetException(new IOException(reason));
        _requests.Clear();
    }

    private void Report()
    {
        string? reason;
        lock (_gate)
            (reason, _unreported) = (_unreported, null);
        if (reason is not null)
            _faulted(reason);
    }
}
