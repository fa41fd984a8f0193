using Flyscan.Hardware.Contracts;

namespace Flyscan.Hardware.Zebra;

/// <summary>Takes rows on the thread that received them and writes them behind it.</summary>
/// <remarks>Rows that wait are bounded: beyond the limit the recorder faults and takes no more.</remarks>
internal sealed class ZebraRecorder(IFrameStore store, int columns, IClock clock, Action<long> recorded, Action<string> faulted)
{
    private const long FlushEveryNs = 250_000_000;
    private const int MostWaiting = 1_000_000;
    private const int ColumnBytes = 8;

    private readonly object _gate = new();
    private readonly List<(long Target, bool Sync, TaskCompletionSource<long> Done)> _requests = [];
    private List<byte[]> _rows = [];
    private IDisposable? _wake;
    private Task _pump = Task.CompletedTask;
    private bool _pumping;
    private long _written;
    private long _lastFlushNs = clock.NowNs;
    private long _watch = long.MaxValue;

    /// <summary>Rows taken, on disk or not.</summary>
    public long Accepted { get; private set; }

    /// <summary>Rows flushed to readers.</summary>
    public long Recorded { get; private set; }

    public string? Fault { get; private set; }

    /// <summary>Flush as soon as this many are written.</summary>
    public void WatchFor(long count)
    {
        lock (_gate)
            _watch = count;
        Kick();
    }

    public void Add(byte[] row)
    {
        string? full = null;
        lock (_gate)
        {
            if (Fault is not null)
                return;
            if (_rows.Count >= MostWaiting)
                FailLocked(full = $"the disk takes samples more slowly than the box makes them: {MostWaiting} wait, no more may");
            else
            {
                _rows.Add(row);
                Accepted++;
            }
        }
        if (full is not null)
            faulted(full);
        Kick();
    }

    /// <summary>Writes and flushes everything that was accepted until now; returns what is then on disk.</summary>
    public Task<long> FlushAsync(bool sync)
    {
        var done = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            if (Fault is not null)
                return Task.FromException<long>(new IOException(Fault));
            _requests.Add((Accepted, sync, done));
        }
        Kick();
        return done.Task;
    }

    public Task<long[]> ReadIntegersAsync(string dataset, long first, long count, CancellationToken cancel) =>
        store.ReadIntegersAsync(dataset, first, count, cancel);

    /// <summary>Writes the rest and closes the file; returns the frames in it.</summary>
    public async Task<long> CloseAsync(CancellationToken cancel)
    {
        if (Fault is null)
            await FlushAsync(sync: false);
        await _pump;
        lock (_gate)
            _wake?.Dispose();
        return await store.CloseAsync(cancel);
    }

    /// <summary>Stops without writing what waits; what is recorded stays readable.</summary>
    public async Task AbandonAsync()
    {
        lock (_gate)
        {
            _wake?.Dispose();
            FailLocked("the recording was given up");
        }
        await _pump;
        await store.DisposeAsync();
    }

    private void Kick()
    {
        lock (_gate)
        {
            if (_pumping || Fault is not null)
                return;
            _pumping = true;
            _pump = PumpAsync();
        }
    }

    private async Task PumpAsync()
    {
        try
        {
            while (Next(out var rows, out var sync))
            {
                if (rows.Count > 0)
                    await AppendAsync(rows);
                else
                    await WriteThroughAsync(sync);
            }
        }
        catch (IOException error)
        {
            lock (_gate)
                FailLocked(error.Message);
            faulted(error.Message);
        }
    }

    /// <summary>Chooses what to do next: rows to append, else a flush; false ends the loop.</summary>
    private bool Next(out List<byte[]> rows, out bool sync)
    {
        lock (_gate)
        {
            (rows, sync) = ([], false);
            if (Fault is not null)
                return _pumping = false;
            if (_rows.Count > 0)
            {
                (rows, _rows) = (_rows, []);
                return true;
            }
            sync = _requests.Exists(r => r.Sync);
            var dirty = _written > Recorded;
            var due = dirty && (clock.NowNs - _lastFlushNs >= FlushEveryNs || _written >= _watch && Recorded < _watch);
            if (_requests.Count > 0 || due)
                return true;
            if (dirty)
                _wake ??= clock.WakeAt(_lastFlushNs + FlushEveryNs, OnFlushTime);
            return _pumping = false;
        }
    }

    private async Task AppendAsync(List<byte[]> rows)
    {
        var buffers = new byte[columns][];
        for (var c = 0; c < columns; c++)
        {
            buffers[c] = new byte[rows.Count * ColumnBytes];
            for (var r = 0; r < rows.Count; r++)
                rows[r].AsSpan(c * ColumnBytes, ColumnBytes).CopyTo(buffers[c].AsSpan(r * ColumnBytes));
        }
        await store.AppendAsync([.. buffers.Select(b => (ReadOnlyMemory<byte>)b)], rows.Count, CancellationToken.None);
        lock (_gate)
            _written += rows.Count;
    }

    private async Task WriteThroughAsync(bool sync)
    {
        var flushed = await store.FlushAsync(sync, CancellationToken.None);
        List<TaskCompletionSource<long>> done;
        lock (_gate)
        {
            (Recorded, _lastFlushNs) = (flushed, clock.NowNs);
            done = [.. _requests.Where(r => r.Target <= flushed && (sync || !r.Sync)).Select(r => r.Done)];
            _requests.RemoveAll(r => done.Contains(r.Done));
        }
        foreach (var request in done)
            request.TrySetResult(flushed);
        recorded(flushed);
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
        (Fault, _pumping) = (reason, false);
        foreach (var (_, _, done) in _requests)
            done.TrySetException(new IOException(reason));
        _requests.Clear();
    }
}
