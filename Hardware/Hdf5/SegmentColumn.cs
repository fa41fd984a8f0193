using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Hdf5.Native;

namespace Flyscan.Hardware.Hdf5;

/// <summary>One growing dataset of an open segment; on the HDF5 thread.</summary>
internal sealed unsafe class SegmentColumn
{
    private const long SmallestCache = 1 << 20;

    private readonly string _path;
    private readonly long _type;
    private readonly ulong[] _dimensions;

    private SegmentColumn(string path, DatasetSpec spec, long dataset)
    {
        (_path, Spec, Dataset, _type) = (path, spec, dataset, HdfTypes.Of(spec.NumpyType));
        _dimensions = [0, .. spec.FrameShape.Select(n => (ulong)n)];
    }

    public DatasetSpec Spec { get; }

    public long Dataset { get; }

    private int Rank => _dimensions.Length;

    public static SegmentColumn Create(string path, long file, DatasetSpec spec)
    {
        using var creation = HdfId.List(Hdf.H5Pcreate(HdfTypes.DatasetCreation), path, "making dataset properties");
        using var access = HdfId.List(Hdf.H5Pcreate(HdfTypes.DatasetAccess), path, "making dataset properties");
        ulong[] chunk = [(ulong)spec.ChunkFrames, .. spec.FrameShape.Select(n => (ulong)n)];
        ulong[] none = [0, .. chunk[1..]];
        ulong[] largest = [Hdf.Unlimited, .. chunk[1..]];
        fixed (ulong* chunks = chunk, dimensions = none, most = largest)
        {
            HdfErrors.Check(Hdf.H5Pset_chunk(creation.Value, chunk.Length, chunks), path, $"setting the chunk of {spec.Path}");

            // Two chunks: a batch may end in one and begin the next; a chunk that does not fit is written through on every append.
            var cache = (nuint)Math.Max(SmallestCache, 2 * spec.ChunkFrames * spec.FrameBytes);
            HdfErrors.Check(Hdf.H5Pset_chunk_cache(access.Value, 521, cache, 1.0), path, $"setting the cache of {spec.Path}");
            using var space = HdfId.Space(Hdf.H5Screate_simple(chunk.Length, dimensions, most), path, "making a space");
            var type = HdfTypes.Of(spec.NumpyType);
            var dataset = Hdf.H5Dcreate2(file, spec.Path, type, space.Value, Hdf.Default, creation.Value, access.Value);
            HdfErrors.Check(dataset, path, $"creating {spec.Path}");
            if (spec.Unit is { } unit)
                HdfWriting.WriteText(dataset, path, "units", unit);
            if (spec.Description is { } description)
                HdfWriting.WriteText(dataset, path, "description", description);
            return new SegmentColumn(path, spec, dataset);
        }
    }

    /// <summary>Writes frames at the end: whole chunks directly, the rest through the library's chunk cache.</summary>
    public void Append(long written, ReadOnlySpan<byte> data, int frames)
    {
        SetLength(written + frames);
        fixed (byte* first = data)
        {
            var next = first;
            for (var done = 0; done < frames;)
            {
                var at = written + done;
                var whole = at % Spec.ChunkFrames == 0 && frames - done >= Spec.ChunkFrames;
                var step = whole ? Spec.ChunkFrames : Batch(at, frames - done);
                if (whole)
                    WriteChunk(at, next);
                else
                    WriteSlab(at, step, next);
                done += step;
                next += step * Spec.FrameBytes;
            }
        }
    }

    private int Batch(long at, int left)
    {
        // Up to the next chunk's border, where the direct way begins; scalars are small, so that one call writes what has no whole chunk.
        var border = Spec.ChunkFrames - at % Spec.ChunkFrames;
        return Spec.FrameShape.Count == 0 && left < border + Spec.ChunkFrames ? left : (int)Math.Min(left, border);
    }

    private void SetLength(long frames)
    {
        _dimensions[0] = (ulong)frames;
        fixed (ulong* dimensions = _dimensions)
            HdfErrors.Check(Hdf.H5Dset_extent(Dataset, dimensions), _path, $"growing {Spec.Path} to {frames} frames");
    }

    private void WriteChunk(long at, byte* data)
    {
        var offset = stackalloc ulong[Rank];
        new Span<ulong>(offset, Rank).Clear();
        offset[0] = (ulong)at;
        var bytes = (nuint)(Spec.ChunkFrames * Spec.FrameBytes);
        HdfErrors.Check(
            Hdf.H5Dwrite_chunk(Dataset, Hdf.Default, 0, offset, bytes, data),
            _path,
            $"writing {Spec.ChunkFrames} frames of {Spec.Path} at {at}");
    }

    private void WriteSlab(long at, int frames, byte* data)
    {
        var start = stackalloc ulong[Rank];
        var count = stackalloc ulong[Rank];
        for (var i = 0; i < Rank; i++)
            (start[i], count[i]) = (0, _dimensions[i]);
        (start[0], count[0]) = ((ulong)at, (ulong)frames);
        using var memory = HdfId.Space(Hdf.H5Screate_simple(Rank, count, null), _path, "making a space");
        using var target = HdfId.Space(Hdf.H5Dget_space(Dataset), _path, $"getting the space of {Spec.Path}");
        HdfErrors.Check(
            Hdf.H5Sselect_hyperslab(target.Value, Hdf.SelectSet, start, null, count, null), _path, $"selecting frames of {Spec.Path}");
        HdfErrors.Check(
            Hdf.H5Dwrite(Dataset, _type, memory.Value, target.Value, Hdf.Default, data),
            _path,
            $"writing {frames} frames of {Spec.Path} at {at}");
    }
}
