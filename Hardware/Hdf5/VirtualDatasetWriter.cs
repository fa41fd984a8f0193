using Flyscan.Hardware.Hdf5.Native;

namespace Flyscan.Hardware.Hdf5;

/// <summary>Collects the mappings of a virtual dataset and creates it; on the HDF5 thread.</summary>
internal sealed unsafe class VirtualDatasetWriter : IDisposable
{
    private readonly string _path;
    private readonly VirtualDataset _dataset;
    private readonly HdfId _creation;
    private readonly HdfId _target;
    private readonly HdfId[] _sources;

    public VirtualDatasetWriter(string path, VirtualDataset dataset)
    {
        (_path, _dataset) = (path, dataset);
        _creation = HdfId.List(Hdf.H5Pcreate(HdfTypes.DatasetCreation), path, "making dataset properties");
        _target = MakeSpace(dataset.Shape);
        _sources = [.. dataset.Sources.Select(source => MakeSpace([source.Frames]))];
        SetFill();
    }

    /// <summary>Adds mappings [first, end) of the dataset.</summary>
    public void Map(int first, int end)
    {
        for (var i = first; i < end; i++)
        {
            var mapping = _dataset.Mappings[i];
            var source = _dataset.Sources[mapping.Source];
            Select(_sources[mapping.Source].Value, [mapping.Frames]);
            Select(_target.Value, mapping.Target.AsSpan());
            HdfErrors.Check(
                Hdf.H5Pset_virtual(
                    _creation.Value, _target.Value, Literal(source.File), Literal(source.Dataset), _sources[mapping.Source].Value),
                _path,
                $"mapping {source.File}{source.Dataset} {mapping.Frames} into {_dataset.Path} {mapping.Target}");
        }
    }

    public void Create(long file)
    {
        var made = Hdf.H5Dcreate2(
            file, _dataset.Path, HdfTypes.Of(_dataset.NumpyType), _target.Value, Hdf.Default, _creation.Value, Hdf.Default);
        using var created = HdfId.Dataset(made, _path, $"creating virtual dataset {_dataset.Path}");
    }

    /// <summary>Lets go of the library's lists: on its thread, without waiting.</summary>
    public void Dispose() => _ = HdfThread.Shared.RunAsync(Close, CancellationToken.None);

    // The library reads "%b" in these names as a block's number.
    private static string Literal(string name) => name.Replace("%", "%%", StringComparison.Ordinal);

    private void Close()
    {
        _creation.Dispose();
        _target.Dispose();
        foreach (var source in _sources)
            source.Dispose();
    }

    private HdfId MakeSpace(IReadOnlyList<long> frames)
    {
        ulong[] dimensions = [.. frames.Concat(_dataset.FrameShape).Select(n => (ulong)n)];
        fixed (ulong* first = dimensions)
            return HdfId.Space(Hdf.H5Screate_simple(dimensions.Length, first, null), _path, "making a space");
    }

    private void Select(long space, ReadOnlySpan<Slab> frames)
    {
        var rank = frames.Length + _dataset.FrameShape.Count;
        var start = stackalloc ulong[rank];
        var stride = stackalloc ulong[rank];
        var count = stackalloc ulong[rank];
        var block = stackalloc ulong[rank];
        for (var i = 0; i < rank; i++)
        {
            var slab = i < frames.Length ? frames[i] : Slab.Range(0, _dataset.FrameShape[i - frames.Length]);
            (start[i], stride[i], count[i], block[i]) = ((ulong)slab.Start, (ulong)slab.Stride, (ulong)slab.Count, (ulong)slab.Block);
        }

        HdfErrors.Check(
            Hdf.H5Sselect_hyperslab(space, Hdf.SelectSet, start, stride, count, block), _path, $"selecting frames for {_dataset.Path}");
    }

    private void SetFill()
    {
        var type = _dataset.NumpyType;
        if (HdfTypes.IsFloat(type))
        {
            var missing = double.NaN;
            HdfErrors.Check(Hdf.H5Pset_fill_value(_creation.Value, HdfTypes.Double, &missing), _path, "setting the fill value");
        }
        else if (type[1] == 'i')
        {
            long missing = -1;
            HdfErrors.Check(Hdf.H5Pset_fill_value(_creation.Value, HdfTypes.Int64, &missing), _path, "setting the fill value");
        }
    }
}
