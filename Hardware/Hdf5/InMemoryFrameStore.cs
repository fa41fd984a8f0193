using System.Runtime.InteropServices;
using Flyscan.Hardware.Contracts;

namespace Flyscan.Hardware.Hdf5;

/// <summary>A segment in memory that behaves as <see cref="Hdf5FrameStore"/> does, its failures included.</summary>
/// <remarks>Completes synchronously unless the disk is slow, so that a simulation on one thread stays on it.</remarks>
public sealed class InMemoryFrameStore : IFrameStore
{
    private readonly InMemoryDisk _disk;
    private readonly MemoryStream[] _columns;
    private bool _closed;
    private IOException? _failure;

    internal InMemoryFrameStore(SegmentSpec segment, InMemoryDisk disk)
    {
        Segment = segment;
        _disk = disk;
        _columns = segment.Datasets.Select(_ => new MemoryStream()).ToArray();
    }

    /// <inheritdoc/>
    public SegmentSpec Segment { get; }

    /// <inheritdoc/>
    public long Written { get; private set; }

    /// <inheritdoc/>
    public long Recorded { get; private set; }

    /// <summary>Whether it was closed in order; false while it is written, and for good when its writer was killed.</summary>
    public bool ClosedInOrder { get; private set; }

    /// <inheritdoc/>
    public Task AppendAsync(IReadOnlyList<ReadOnlyMemory<byte>> columns, int frames, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        ArgumentOutOfRangeException.ThrowIfNegative(frames);
        if (columns.Count != _columns.Length)
            throw new ArgumentException($"{Segment.Path}: {columns.Count} columns given, the segment has {_columns.Length}");
        for (var i = 0; i < _columns.Length; i++)
            if (columns[i].Length != frames * Segment.Datasets[i].FrameBytes)
                throw new ArgumentException(
                    $"{Segment.Path}{Segment.Datasets[i].Path}: {columns[i].Length} bytes given for {frames} frames of " +
                    $"{Segment.Datasets[i].FrameBytes} bytes");
        if (Refusal() is { } refusal)
            return Task.FromException(refusal);
        if (!_disk.TryTake(columns.Sum(column => (long)column.Length)))
            return Task.FromException(
                _failure = new IOException($"{Segment.Path}: writing {frames} frames failed: No space left on device (errno 28)"));
        for (var i = 0; i < _columns.Length; i++)
            _columns[i].Write(columns[i].Span);
        Written += frames;
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task<long> FlushAsync(bool sync, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        if (Refusal() is { } refusal)
            throw refusal;
        var flushed = Written;
        await _disk.FlushedAsync();

        // The writer may have been killed while the disk was slow: then nothing was recorded.
        if (Refusal() is { } died)
            throw died;
        Recorded = Math.Max(Recorded, flushed);
        return flushed;
    }

    /// <inheritdoc/>
    public Task<long[]> ReadIntegersAsync(string dataset, long first, long count, CancellationToken cancel)
    {
        for (var i = 0; i < _columns.Length; i++)
            if (Segment.Datasets[i].Path == dataset)
                return Task.FromResult(MemoryMarshal.Cast<byte, long>(Read(i, first, count).Span).ToArray());
        return Task.FromException<long[]>(new IOException($"{Segment.Path}: there is no dataset {dataset}"));
    }

    /// <inheritdoc/>
    public Task<double[]> ReadNumbersAsync(string dataset, long first, long count, CancellationToken cancel)
    {
        for (var i = 0; i < _columns.Length; i++)
        {
            if (Segment.Datasets[i].Path != dataset)
                continue;
            var bytes = Read(i, first, count).Span;
            return Segment.Datasets[i].NumpyType switch
            {
                "<f8" => Task.FromResult(MemoryMarshal.Cast<byte, double>(bytes).ToArray()),
                "<i8" => Task.FromResult(Array.ConvertAll(MemoryMarshal.Cast<byte, long>(bytes).ToArray(), n => (double)n)),
                "<u4" => Task.FromResult(Array.ConvertAll(MemoryMarshal.Cast<byte, uint>(bytes).ToArray(), n => (double)n)),
                var type => Task.FromException<double[]>(new IOException($"{Segment.Path}: {dataset} is of {type}, not of numbers")),
            };
        }
        return Task.FromException<double[]>(new IOException($"{Segment.Path}: there is no dataset {dataset}"));
    }

    /// <inheritdoc/>
    public async Task<long> CloseAsync(CancellationToken cancel)
    {
        if (_closed && _failure is null)
            return Recorded;
        await FlushAsync(true, cancel);
        _closed = ClosedInOrder = true;
        return Recorded;
    }

    /// <summary>Closes it as far as it can be.</summary>
    public ValueTask DisposeAsync()
    {
        if (!_closed && _failure is null)
        {
            Recorded = Written;
            ClosedInOrder = true;
        }

        _closed = true;
        return ValueTask.CompletedTask;
    }

    /// <summary>The writer's process dies: what was not flushed is gone, but for a torn tail in the first dataset.</summary>
    public void Kill()
    {
        if (_closed)
            return;
        for (var i = _disk.Faults.TornTail ? 1 : 0; i < _columns.Length; i++)
            _columns[i].SetLength(Recorded * Segment.Datasets[i].FrameBytes);
        (_closed, Written) = (true, Recorded);
        _failure = new IOException($"{Segment.Path}: the writer was killed");
    }

    /// <summary>Somebody who reads back a file that nobody writes any more records every frame that is whole in it.</summary>
    public void Seal()
    {
        if (_closed || _failure is not null)
            Recorded = Lengths().Min();
    }

    /// <summary>Frames in each dataset, as one who opens the file finds them; the least of them are whole.</summary>
    public IReadOnlyList<long> Lengths() => [.. _columns.Select((column, i) => column.Length / Segment.Datasets[i].FrameBytes)];

    /// <summary>Frames [first, first + count) of a dataset, as bytes.</summary>
    public ReadOnlyMemory<byte> Read(int dataset, long first, long count)
    {
        var bytes = Segment.Datasets[dataset].FrameBytes;
        return _columns[dataset].GetBuffer().AsMemory((int)(first * bytes), (int)(count * bytes));
    }

    private IOException? Refusal()
    {
        if (_failure is { } first)
            return new IOException(
                $"{Segment.Path}: refused since an earlier failure; {Recorded} frames are recorded: open a new segment. {first.Message}",
                first);
        return _closed ? new IOException($"{Segment.Path}: refused: the segment is closed with {Recorded} frames; open a new one") : null;
    }
}
