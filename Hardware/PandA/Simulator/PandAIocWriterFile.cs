using Flyscan.Hardware.Capture;
using Flyscan.Hardware.Contracts;

namespace Flyscan.Hardware.PandA.Simulator;

/// <summary>The file of one capture: made, grown and closed behind the samples, one thing at a time.</summary>
/// <remarks>Guarded by the server's lock, but for the writing itself. Samples that wait for the disk are bounded.</remarks>
/// <param name="run">Runs an action under the server's lock, where its clock may be used.</param>
/// <param name="written">Called with the rows in the file that others can read.</param>
/// <param name="failed">Called once, when nothing more can be written; the file is then closed.</param>
internal sealed class PandAIocWriterFile(Action<Action> run, Action<long> written, Action<string> failed)
{
    private const int BatchRows = 4096;
    private const long MostWaitingBytes = 1L << 28;

    private readonly Queue<SampleBatch> _full = new();
    private readonly List<Action> _closed = [];
    private IFrameStoreFactory? _stores;
    private SegmentSpec? _spec;
    private PandAIocWriterColumns? _columns;
    private SampleBatch? _filling;
    private IFrameStore? _store;
    private bool _isBusy;
    private bool _isClosing;
    private bool _isOver;
    private bool _hasFailed;

    /// <summary>Makes it; a file of that name is overwritten without a word.</summary>
    public void Make(IFrameStoreFactory stores, SegmentSpec spec, PandAIocWriterColumns columns)
    {
        (_stores, _spec, _columns) = (stores, spec, columns);
        Pump();
    }

    /// <summary>Takes samples that come after all others; they are written by <see cref="Flush"/>.</summary>
    public void Add(ReadOnlySpan<byte> samples, int stride)
    {
        while (!samples.IsEmpty && !_hasFailed)
        {
            _filling ??= Rent();
            var rows = Math.Min(_filling.Capacity - _filling.Rows, samples.Length / stride);
            _filling.Fill(samples[..(rows * stride)], stride, 0, _columns!.Readers);
            _filling.Rows += rows;
            samples = samples[(rows * stride)..];
            if (_filling.Rows < _filling.Capacity)
                continue;
            _full.Enqueue(_filling);
            _filling = null;
            if (_full.Count * (long)BatchRows * _columns.Datasets.Sum(d => d.FrameBytes) > MostWaitingBytes)
                Fail("the disk takes samples more slowly than the box makes them");
        }
    }

    /// <summary>Writes what there is.</summary>
    public void Flush()
    {
        if (_filling is { Rows: > 0 })
        {
            _full.Enqueue(_filling);
            _filling = null;
        }
        Pump();
    }

    /// <summary>Writes what was flushed, then closes it; samples that were not are lost.</summary>
    public void Close(Action closed)
    {
        _closed.Add(closed);
        (_isClosing, _filling) = (true, null);
        Pump();
    }

    private SampleBatch Rent()
    {
        var batch = new SampleBatch([.. _columns!.Datasets.Select(d => (int)d.FrameBytes)]);
        batch.Make(BatchRows, BatchRows);
        return batch;
    }

    private void Pump()
    {
        if (_isBusy)
            return;
        if (_isOver || (_isClosing && _store is null && (_spec is null || _hasFailed)))
            End();
        else if (_store is null && _spec is not null && !_hasFailed)
            Run(MakeAsync);
        else if (_full.Count > 0 && !_hasFailed)
            Run(WriteAsync);
        else if (_isClosing)
            Run(CloseAsync);
    }

    private void End()
    {
        _isOver = true;
        Action[] waiting = [.. _closed];
        _closed.Clear();
        foreach (var closed in waiting)
            closed();
    }

    /// <summary>What is not the disk's refusal ends the process: a mistake of ours must not look like a box without samples.</summary>
    private async void Run(Func<Task> work)
    {
        _isBusy = true;
        string? problem = null;
        try
        {
            await work();
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException or ArgumentException)
        {
            problem = refused.Message;
        }
        run(() =>
        {
            _isBusy = false;
            if (problem is not null)
                Fail(problem);
            Pump();
        });
    }

    private void Fail(string problem)
    {
        if (_hasFailed)
            return;
        _hasFailed = true;
        _full.Clear();
        failed(problem);
    }

    private async Task MakeAsync()
    {
        if (File.Exists(_spec!.Path))
            File.Delete(_spec.Path);
        _store = await _stores!.CreateAsync(_spec, CancellationToken.None);
    }

    private async Task WriteAsync()
    {
        // Taken before the first wait, under the lock.
        SampleBatch[] batches = [.. _full];
        _full.Clear();
        foreach (var batch in batches)
            await _store!.AppendAsync(batch.Written(), batch.Rows, CancellationToken.None);
        var recorded = await _store!.FlushAsync(false, CancellationToken.None);
        run(() => written(recorded));
    }

    private async Task CloseAsync()
    {
        var store = _store!;
        (_store, _isOver) = (null, true);
        if (_hasFailed)
            await store.DisposeAsync();
        else
            await store.CloseAsync(CancellationToken.None);
    }
}
