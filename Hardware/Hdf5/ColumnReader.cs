using Flyscan.Hardware.Hdf5.Native;

namespace Flyscan.Hardware.Hdf5;

/// <summary>Reads columns of numbers from HDF5 files that anybody wrote.</summary>
/// <remarks><b>Errors</b> <see cref="IOException"/> naming path and cause; <see cref="TimeoutException"/> where the library does not
/// return in time.</remarks>
public sealed class ColumnReader(TimeProvider time, TimeSpan limit)
{
    /// <summary>All values of a one-dimensional dataset as doubles; refused where it has more than a limit.</summary>
    public Task<double[]> ReadAsync(string path, string dataset, int most, CancellationToken cancel)
        => HdfThread.Shared.RunAsync(() => Read(path, dataset, most), $"{path}: reading {dataset}", limit, time, cancel);

    private static unsafe double[] Read(string path, string dataset, int most)
    {
        using var file = SegmentReader.Open(path, Hdf.ReadOnly);
        using var opened = HdfId.Dataset(Hdf.H5Dopen2(file.Value, dataset, Hdf.Default), path, $"opening {dataset}");
        using var space = HdfId.Space(Hdf.H5Dget_space(opened.Value), path, $"getting the space of {dataset}");
        var rank = (int)HdfErrors.Check(Hdf.H5Sget_simple_extent_ndims(space.Value), path, $"getting the shape of {dataset}");
        if (rank != 1)
            throw new IOException($"{path}: {dataset} has {rank} dimensions, but a column has 1");
        ulong length;
        HdfErrors.Check(Hdf.H5Sget_simple_extent_dims(space.Value, &length, null), path, $"getting the shape of {dataset}");
        if (length == 0 || length > (ulong)most)
            throw new IOException($"{path}: {dataset} has {length} values, but must have between 1 and {most}");
        var values = new double[length];
        fixed (double* target = values)
            HdfErrors.Check(
                Hdf.H5Dread(opened.Value, HdfTypes.Double, Hdf.All, Hdf.All, Hdf.Default, target), path, $"reading {dataset}");
        return values;
    }
}
