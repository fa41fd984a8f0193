using Flyscan.Hardware.Hdf5.Native;

namespace Flyscan.Hardware.Hdf5;

/// <summary>A file that is written once under a temporary name and then takes its place whole.</summary>
/// <remarks>Each call is one short stay on the HDF5 thread, so that segments keep growing meanwhile.
/// <b>Errors</b> <see cref="IOException"/> naming path and cause.</remarks>
public sealed class HdfFile : IAsyncDisposable
{
    private const int MappingsPerCall = 500;

    private readonly string _path;
    private readonly string _temporary;
    private readonly long _file;
    private bool _open = true;

    private HdfFile(string path, string temporary, long file) => (_path, _temporary, _file) = (path, temporary, file);

    /// <summary>Begins a file that will stand at the path.</summary>
    /// <remarks>The temporary name is fixed: one writer per path, and a dead writer's rest is removed by the next.</remarks>
    public static Task<HdfFile> CreateAsync(string path, CancellationToken cancel)
        => HdfThread.Shared.RunAsync(
            () =>
            {
                var temporary = path + ".part";
                File.Delete(temporary);
                return new HdfFile(path, temporary, HdfWriting.CreateFile(temporary).Value);
            },
            cancel);

    /// <summary>Makes a group with its NeXus class.</summary>
    public Task GroupAsync(string group, string nexusClass, CancellationToken cancel)
        => RunAsync(() => HdfWriting.EnsureGroup(_file, _path, group, nexusClass), cancel);

    /// <summary>Writes an attribute of a group or dataset.</summary>
    public Task AttributeAsync(string item, string name, string value, CancellationToken cancel)
        => WithItemAsync(item, opened => HdfWriting.WriteText(opened, _path, name, value), cancel);

    /// <inheritdoc cref="AttributeAsync(string, string, string, CancellationToken)"/>
    public Task AttributeAsync(string item, string name, IReadOnlyList<string> values, CancellationToken cancel)
        => WithItemAsync(item, opened => HdfWriting.WriteTexts(opened, _path, name, values), cancel);

    /// <inheritdoc cref="AttributeAsync(string, string, string, CancellationToken)"/>
    public Task AttributeAsync(string item, string name, long value, CancellationToken cancel)
        => WithItemAsync(item, opened => HdfWriting.WriteInt64(opened, _path, name, value), cancel);

    /// <inheritdoc cref="AttributeAsync(string, string, string, CancellationToken)"/>
    public Task AttributeAsync(string item, string name, IReadOnlyList<long> values, CancellationToken cancel)
        => WithItemAsync(item, opened => HdfWriting.WriteInt64s(opened, _path, name, values), cancel);

    /// <summary>Gives an item a second name.</summary>
    public Task LinkAsync(string item, string newPath, CancellationToken cancel)
        => RunAsync(
            () => HdfErrors.Check(
                Hdf.H5Lcreate_hard(_file, item, _file, newPath, Hdf.Default, Hdf.Default), _path, $"linking {newPath} to {item}"),
            cancel);

    /// <summary>Writes a dataset of numbers.</summary>
    /// <remarks><b>Shapes</b> data: the values of shape, C order, little endian.</remarks>
    public Task WriteAsync(string dataset, string numpyType, ReadOnlyMemory<byte> data, IReadOnlyList<long> shape, CancellationToken cancel)
        => RunAsync(() => Write(dataset, numpyType, data.Span, shape), cancel);

    /// <summary>Writes one text.</summary>
    public Task WriteTextAsync(string dataset, string value, CancellationToken cancel)
        => RunAsync(() => WriteTexts(dataset, [value], isScalar: true), cancel);

    /// <summary>Writes a column of texts.</summary>
    public Task WriteTextsAsync(string dataset, IReadOnlyList<string> values, CancellationToken cancel)
        => RunAsync(() => WriteTexts(dataset, values, isScalar: false), cancel);

    /// <summary>Writes a dataset whose values stand in other files.</summary>
    public async Task VirtualAsync(VirtualDataset dataset, CancellationToken cancel)
    {
        using var writer = await HdfThread.Shared.RunAsync(() => new VirtualDatasetWriter(_path, dataset), cancel);
        for (var next = 0; next < dataset.Mappings.Count; next += MappingsPerCall)
        {
            var (first, end) = (next, Math.Min(next + MappingsPerCall, dataset.Mappings.Count));
            await RunAsync(() => writer.Map(first, end), cancel);
        }

        await RunAsync(() => writer.Create(_file), cancel);
    }

    /// <summary>Closes and syncs the file and puts it in place of the one that stood there: readers see the old or the new one.</summary>
    public async Task PublishAsync(CancellationToken cancel)
    {
        await RunAsync(
            () =>
            {
                _open = false;
                HdfErrors.Check(Hdf.H5Fclose(_file), _path, "closing");
            },
            cancel);
        await Background.RunAsync(Replace);
    }

    /// <summary>Drops the file if it was not published.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_open)
            return;
        await RunAsync(
            () =>
            {
                _open = false;
                _ = Hdf.H5Fclose(_file);
                File.Delete(_temporary);
            },
            CancellationToken.None);
    }

    private void Replace()
    {
        using (var written = File.OpenHandle(_temporary, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite))
            RandomAccess.FlushToDisk(written);
        File.Move(_temporary, _path, overwrite: true);
        Libc.SyncFolder(Path.GetDirectoryName(Path.GetFullPath(_path))!);
    }

    private Task RunAsync(Action call, CancellationToken cancel)
        => HdfThread.Shared.RunAsync(
            () =>
            {
                ObjectDisposedException.ThrowIf(!_open, this);
                call();
            },
            cancel);

    private Task WithItemAsync(string item, Action<long> use, CancellationToken cancel)
        => RunAsync(
            () =>
            {
                using var opened = HdfId.Item(Hdf.H5Oopen(_file, item, Hdf.Default), _path, $"opening {item}");
                use(opened.Value);
            },
            cancel);

    private unsafe void Write(string dataset, string numpyType, ReadOnlySpan<byte> data, IReadOnlyList<long> shape)
    {
        var type = HdfTypes.Of(numpyType);
        var values = shape.Aggregate(1L, (product, n) => product * n);
        if (data.Length != values * (numpyType[^1] - '0'))
            throw new ArgumentException($"{_path}{dataset}: {data.Length} bytes given for {values} values of {numpyType}");
        ulong[] dimensions = [.. shape.Select(n => (ulong)n), 0];
        fixed (ulong* extent = dimensions)
        fixed (byte* first = data)
        {
            using var space = HdfId.Space(Hdf.H5Screate_simple(shape.Count, extent, null), _path, "making a space");
            WriteDataset(dataset, type, space.Value, first);
        }
    }

    private unsafe void WriteTexts(string dataset, IReadOnlyList<string> values, bool isScalar)
        => HdfWriting.WithTexts(values, pointers =>
        {
            using var type = HdfTypes.Text(_path);
            var count = (ulong)values.Count;
            var made = isScalar ? Hdf.H5Screate(0) : Hdf.H5Screate_simple(1, &count, null);
            using var space = HdfId.Space(made, _path, "making a space");
            WriteDataset(dataset, type.Value, space.Value, values.Count == 0 ? null : (void*)pointers);
        });

    private unsafe void WriteDataset(string dataset, long type, long space, void* data)
    {
        var made = Hdf.H5Dcreate2(_file, dataset, type, space, Hdf.Default, Hdf.Default, Hdf.Default);
        using var opened = HdfId.Dataset(made, _path, $"creating {dataset}");
        if (data is not null)
            HdfErrors.Check(Hdf.H5Dwrite(made, type, Hdf.All, Hdf.All, Hdf.Default, data), _path, $"writing {dataset}");
    }
}
