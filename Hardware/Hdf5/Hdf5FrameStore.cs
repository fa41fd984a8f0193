using System.Runtime.InteropServices;
using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Hdf5.Native;

namespace Flyscan.Hardware.Hdf5;

/// <summary>Grows one segment: an HDF5 file that others read while it is written.</summary>
/// <remarks>After a failed append or flush every further one is refused with the first cause, and the file is left as if its writer had
/// been killed there: the library closing it would write half of what it still holds, and what was recorded could no longer be read.
/// A flush counts frames in <see cref="Hdf5FrameStoreFactory.RecordedPath"/> after they are in the file, so that a reader of a killed
/// writer's file knows which frames are whole: the datasets' own lengths may run ahead of their data.</remarks>
public sealed class Hdf5FrameStore : IFrameStore
{
    private readonly SemaphoreSlim _descriptor = new(1);
    private readonly SegmentColumn[] _columns;
    private readonly long _counter;
    private readonly int _handle;
    private long _file;
    private long _written;
    private long _recorded;
    private long _counted;
    private IOException? _failure;

    private Hdf5FrameStore(SegmentSpec segment, long file, SegmentColumn[] columns, long counter, int handle)
        => (Segment, _file, _columns, _counter, _handle) = (segment, file, columns, counter, handle);

    /// <inheritdoc/>
    public SegmentSpec Segment { get; }

    /// <inheritdoc/>
    public long Written => Interlocked.Read(ref _written);

    /// <inheritdoc/>
    public long Recorded => Interlocked.Read(ref _recorded);

    private string Path => Segment.Path;

    /// <inheritdoc/>
    public Task AppendAsync(IReadOnlyList<ReadOnlyMemory<byte>> columns, int frames, CancellationToken cancel)
    {
        if (columns.Count != _columns.Length)
            throw new ArgumentException($"{Path}: {columns.Count} columns given, the segment has {_columns.Length}");
        ArgumentOutOfRangeException.ThrowIfNegative(frames);
        for (var i = 0; i < _columns.Length; i++)
            if (columns[i].Length != frames * _columns[i].Spec.FrameBytes)
                throw new ArgumentException(
                    $"{Path}{_columns[i].Spec.Path}: {columns[i].Length} bytes given for {frames} frames of " +
                    $"{_columns[i].Spec.FrameBytes} bytes");
        return HdfThread.Shared.RunAsync(() => Guarded(() => Append(columns, frames)), cancel);
    }

    /// <inheritdoc/>
    public async Task<long[]> ReadIntegersAsync(string dataset, long first, long count, CancellationToken cancel)
    {
        var column = _columns.FirstOrDefault(c => c.Spec.Path == dataset)
            ?? throw new IOException($"{Path}: there is no dataset {dataset}");
        var bytes = await HdfThread.Shared.RunAsync(
            () => Guarded(() =>
            {
                column.Show();
                return SegmentReader.Read(column.Dataset, Path, dataset, "<i8", first, count);
            }),
            cancel);
        return MemoryMarshal.Cast<byte, long>(bytes).ToArray();
    }

    /// <inheritdoc/>
    public async Task<double[]> ReadNumbersAsync(string dataset, long first, long count, CancellationToken cancel)
    {
        var column = _columns.FirstOrDefault(c => c.Spec.Path == dataset)
            ?? throw new IOException($"{Path}: there is no dataset {dataset}");
        var bytes = await HdfThread.Shared.RunAsync(
            () => Guarded(() => SegmentReader.Read(column.Dataset, Path, dataset, "<f8", first, count)), cancel);
        return MemoryMarshal.Cast<byte, double>(bytes).ToArray();
    }

    /// <inheritdoc/>
    public async Task<long> FlushAsync(bool sync, CancellationToken cancel)
    {
        var flushed = await HdfThread.Shared.RunAsync(() => Guarded(Flush), cancel);
        if (sync)
            await SyncAsync(cancel);
        RaiseRecorded(flushed);
        return flushed;
    }

    /// <inheritdoc/>
    /// <exception cref="IOException">The store had failed, or closing fails; what was recorded stays readable.</exception>
    public async Task<long> CloseAsync(CancellationToken cancel)
    {
        if (Volatile.Read(ref _file) < 0)
            return _failure is null ? Recorded : throw Refusal();
        await FlushAsync(true, cancel);
        await CloseFileAsync(cancel);
        return Recorded;
    }

    /// <summary>Closes the file: in order, or where the store has failed as a killed writer's for recovery to seal.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Volatile.Read(ref _file) < 0)
            return;
        try
        {
            await CloseFileAsync(CancellationToken.None);
        }
        catch (IOException failure)
        {
            // Told to whoever uses the store after; recovery finds the file as it is.
            _failure ??= failure;
        }
    }

    /// <summary>Makes everything in the new file and starts SWMR writing; on the HDF5 thread.</summary>
    internal static unsafe Hdf5FrameStore Start(SegmentSpec segment, long file)
    {
        SegmentLayout.Write(segment, file);
        var columns = segment.Datasets.Select(dataset => SegmentColumn.Create(segment.Path, file, dataset)).ToArray();
        SegmentLayout.WriteSignals(segment, file);
        var counter = SegmentLayout.CreateCounter(segment.Path, file);
        HdfErrors.Check(Hdf.H5Fflush(file, Hdf.ScopeGlobal), segment.Path, "flushing the new file");
        HdfErrors.Check(Hdf.H5Fstart_swmr_write(file), segment.Path, "starting SWMR writing");
        int* descriptor;
        HdfErrors.Check(Hdf.H5Fget_vfd_handle(file, Hdf.Default, &descriptor), segment.Path, "getting the file's descriptor");
        Libc.CloseOnExec(*descriptor, segment.Path);
        return new Hdf5FrameStore(segment, file, columns, counter, *descriptor);
    }

    private void Append(IReadOnlyList<ReadOnlyMemory<byte>> columns, int frames)
    {
        if (frames == 0)
            return;
        for (var i = 0; i < _columns.Length; i++)
            _columns[i].Append(Written, columns[i].Span, frames);
        Interlocked.Add(ref _written, frames);
    }

    private unsafe long Flush()
    {
        var frames = Written;
        foreach (var column in _columns)
            column.Show();
        HdfErrors.Check(Hdf.H5Fflush(_file, Hdf.ScopeGlobal), Path, "flushing");
        if (frames == _counted)
            return frames;
        HdfErrors.Check(
            Hdf.H5Dwrite(_counter, HdfTypes.Int64, Hdf.All, Hdf.All, Hdf.Default, &frames), Path, "counting recorded frames");
        HdfErrors.Check(Hdf.H5Dflush(_counter), Path, "flushing the count of recorded frames");
        return _counted = frames;
    }

    private async Task SyncAsync(CancellationToken cancel)
    {
        // Off the HDF5 thread, so that other segments grow meanwhile; the descriptor lives until the gate is free.
        await _descriptor.WaitAsync(cancel);
        try
        {
            if (Volatile.Read(ref _file) < 0)
                throw Refusal();
            await Background.RunAsync(() => Libc.SyncData(_handle, Path));
        }
        catch (IOException failure)
        {
            _failure ??= failure;
            throw;
        }
        finally
        {
            _descriptor.Release();
        }
    }

    private async Task CloseFileAsync(CancellationToken cancel)
    {
        await _descriptor.WaitAsync(cancel);
        try
        {
            await HdfThread.Shared.RunAsync(CloseFile, CancellationToken.None);
        }
        finally
        {
            _descriptor.Release();
        }
    }

    private void CloseFile()
    {
        if (_file < 0)
            return;
        if (_failure is not null || !FlushesWell())
            Libc.DiscardWrites(_handle, Path);
        var file = _file;
        Volatile.Write(ref _file, -1);
        var whole = true;
        foreach (var dataset in _columns.Select(column => column.Dataset).Append(_counter))
            whole &= Hdf.H5Dclose(dataset) >= 0;
        whole &= Hdf.H5Fclose(file) >= 0;
        if (whole)
            return;
        var failure = HdfErrors.Failure(Path, "closing");
        if (_failure is null)
            throw failure;
    }

    private bool FlushesWell()
    {
        try
        {
            RaiseRecorded(Flush());
            return true;
        }
        catch (IOException failure)
        {
            _failure = failure;
            return false;
        }
    }

    private void RaiseRecorded(long frames)
    {
        // Flushes may return out of order; the count never falls.
        for (var seen = Recorded; seen < frames; seen = Recorded)
            Interlocked.CompareExchange(ref _recorded, frames, seen);
    }

    private bool Guarded(Action call)
        => Guarded(() =>
        {
            call();
            return true;
        });

    private T Guarded<T>(Func<T> call)
    {
        if (_failure is not null || _file < 0)
            throw Refusal();
        try
        {
            return call();
        }
        catch (IOException failure)
        {
            _failure = failure;
            throw;
        }
    }

    private IOException Refusal()
        => _failure is { } first
            ? new IOException(
                $"{Path}: refused since an earlier failure; {Recorded} frames are recorded: open a new segment. {first.Message}", first)
            : new IOException($"{Path}: refused: the segment is closed with {Recorded} frames; open a new one");
}
