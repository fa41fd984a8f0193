using System.Runtime.InteropServices;
using Flyscan.Hardware.Hdf5.Native;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Hdf5;

/// <summary>What a segment's file holds.</summary>
/// <remarks>Frames: whole in every dataset. Counted: by its writer's own count, not only by the datasets' lengths, which may run ahead of
/// their data when the writer was killed.</remarks>
public sealed record SegmentContent(string Path, long Frames, bool Counted, EquatableArray<long> Lengths);

/// <summary>Reads segments, also while they are written and after their writer was killed.</summary>
/// <remarks><b>Errors</b> <see cref="IOException"/> naming path and cause; <see cref="TimeoutException"/> where the library does not return
/// in time, which damaged files make it do.</remarks>
public sealed class SegmentReader(TimeProvider time, TimeSpan limit)
{
    /// <summary>Counts the frames that can be read in every one of the datasets.</summary>
    public Task<SegmentContent> InspectAsync(string path, IReadOnlyList<string> datasets, CancellationToken cancel)
        => RunAsync(() => Inspect(path, datasets), path, "counting frames", cancel);

    /// <summary>Frames [first, first + count) of a dataset as bytes of the given type.</summary>
    /// <remarks><b>Shapes</b> [count, frame shape…], C order.</remarks>
    public Task<byte[]> ReadAsync(string path, string dataset, string numpyType, long first, long count, CancellationToken cancel)
        => RunAsync(() => Read(path, dataset, numpyType, first, count), path, $"reading {dataset}", cancel);

    /// <summary>Frames [first, first + count) of a dataset as doubles, converted where it holds another type.</summary>
    public async Task<double[]> ReadScalarsAsync(string path, string dataset, long first, long count, CancellationToken cancel)
        => MemoryMarshal.Cast<byte, double>(await ReadAsync(path, dataset, "<f8", first, count, cancel)).ToArray();

    /// <summary>Frames [first, first + count) of a dataset of integers.</summary>
    public async Task<long[]> ReadIntegersAsync(string path, string dataset, long first, long count, CancellationToken cancel)
        => MemoryMarshal.Cast<byte, long>(await ReadAsync(path, dataset, "<i8", first, count, cancel)).ToArray();

    /// <summary>Whether nobody writes it any more: it opens as an ordinary file.</summary>
    public Task<bool> IsClosedAsync(string path, CancellationToken cancel) => RunAsync(
        () =>
        {
            try
            {
                using var opened = Open(path, Hdf.ReadOnly);
                return true;
            }
            catch (IOException)
            {
                return false;
            }
        },
        path, "opening it as an ordinary file", cancel);

    /// <summary>Brings to the disk what its writer, whoever that is, has handed to this machine's kernel.</summary>
    public Task SyncAsync(string path, CancellationToken cancel) => RunAsync(
        () =>
        {
            Libc.SyncFile(path);
            return 0;
        },
        path, "bringing it to the disk", cancel);

    internal static SegmentContent Inspect(string path, IReadOnlyList<string> datasets, uint flags = Hdf.SwmrRead)
    {
        using var file = Open(path, flags);
        var lengths = datasets.Select(dataset => LengthOf(file.Value, path, dataset)).ToEquatableArray();
        var counted = CountOf(file.Value, path);
        var frames = lengths.Append(counted ?? long.MaxValue).Min();
        return new SegmentContent(path, frames, counted is not null, lengths);
    }

    /// <summary>Opens for reading beside a writer.</summary>
    internal static HdfId Open(string path, uint flags)
    {
        if (!File.Exists(path))
            throw new FileNotFoundException($"{path}: there is no such file", path);
        using var access = HdfWriting.FileAccess(path);
        return HdfId.File(Hdf.H5Fopen(path, flags, access.Value), path, "opening for reading");
    }

    private Task<T> RunAsync<T>(Func<T> call, string path, string what, CancellationToken cancel)
        => HdfThread.Shared.RunAsync(call, $"{path}: {what}", limit, time, cancel);

    private static byte[] Read(string path, string dataset, string numpyType, long first, long count)
    {
        using var file = Open(path, Hdf.SwmrRead);
        using var opened = HdfId.Dataset(Hdf.H5Dopen2(file.Value, dataset, Hdf.Default), path, $"opening {dataset}");
        return Read(opened.Value, path, dataset, numpyType, first, count);
    }

    /// <summary>Frames of an open dataset; on the HDF5 thread.</summary>
    internal static unsafe byte[] Read(long opened, string path, string dataset, string numpyType, long first, long count)
    {
        var dimensions = DimensionsOf(opened, path, dataset);
        var length = dimensions.Length == 0 ? 1 : (long)dimensions[0];
        if (first < 0 || count < 0 || first + count > length)
            throw new IOException($"{path}{dataset}: frames [{first}, {first + count}) are not all there; it holds {length}");
        var frameValues = dimensions.Skip(1).Aggregate(1L, (values, n) => values * (long)n);
        var bytes = new byte[checked(count * frameValues * (numpyType[^1] - '0'))];
        if (bytes.Length == 0)
            return bytes;
        var start = new ulong[dimensions.Length];
        start[0] = (ulong)first;
        dimensions[0] = (ulong)count;
        fixed (ulong* from = start, extent = dimensions)
        fixed (byte* target = bytes)
        {
            using var memory = HdfId.Space(Hdf.H5Screate_simple(dimensions.Length, extent, null), path, "making a space");
            using var source = HdfId.Space(Hdf.H5Dget_space(opened), path, $"getting the space of {dataset}");
            HdfErrors.Check(
                Hdf.H5Sselect_hyperslab(source.Value, Hdf.SelectSet, from, null, extent, null), path, $"selecting frames of {dataset}");
            HdfErrors.Check(
                Hdf.H5Dread(opened, HdfTypes.Of(numpyType), memory.Value, source.Value, Hdf.Default, target),
                path,
                $"reading {dataset}");
        }

        return bytes;
    }

    private static long LengthOf(long file, string path, string dataset)
    {
        using var opened = HdfId.Dataset(Hdf.H5Dopen2(file, dataset, Hdf.Default), path, $"opening {dataset}");
        HdfErrors.Check(Hdf.H5Drefresh(opened.Value), path, $"refreshing {dataset}");
        var dimensions = DimensionsOf(opened.Value, path, dataset);
        return dimensions.Length == 0 ? 1 : (long)dimensions[0];
    }

    private static unsafe ulong[] DimensionsOf(long dataset, string path, string name)
    {
        using var space = HdfId.Space(Hdf.H5Dget_space(dataset), path, $"getting the space of {name}");
        var rank = (int)HdfErrors.Check(Hdf.H5Sget_simple_extent_ndims(space.Value), path, $"getting the shape of {name}");
        var dimensions = new ulong[rank];
        fixed (ulong* first = dimensions)
            HdfErrors.Check(Hdf.H5Sget_simple_extent_dims(space.Value, first, null), path, $"getting the shape of {name}");
        return dimensions;
    }

    private static unsafe long? CountOf(long file, string path)
    {
        const string Name = Hdf5FrameStoreFactory.RecordedPath;
        if (!HdfWriting.Exists(file, path, Name))
            return null;
        using var opened = HdfId.Dataset(Hdf.H5Dopen2(file, Name, Hdf.Default), path, $"opening {Name}");
        long frames;
        HdfErrors.Check(Hdf.H5Dread(opened.Value, HdfTypes.Int64, Hdf.All, Hdf.All, Hdf.Default, &frames), path, $"reading {Name}");
        return frames;
    }
}
