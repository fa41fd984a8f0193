using System.Runtime.InteropServices;
using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Hdf5.Native;

namespace Flyscan.Hardware.Hdf5;

/// <summary>One growing dataset of an open segment; on the HDF5 thread.</summary>
/// <remarks>Of a packed dataset a chunk is packed only when it is written once and whole. One that a flush has shown before it was full
/// stays plain and in its place: written anew it begins with the same bytes, so that neither a reader beside it nor a writer killed in the
/// midst sees frames change that were recorded.</remarks>
internal sealed unsafe class SegmentColumn
{
    private const long SmallestCache = 1 << 20;

    private readonly string _path;
    private readonly long _type;
    private readonly ulong[] _dimensions;

    /// <summary>Of a packed dataset: the frames behind the last whole chunk, as a plain chunk.</summary>
    private readonly byte[] _open;
    private readonly byte[] _packed;
    private int _openFrames;
    private int _shownFrames;

    private SegmentColumn(string path, DatasetSpec spec, long dataset)
    {
        (_path, Spec, Dataset, _type) = (path, spec, dataset, HdfTypes.Of(spec.NumpyType));
        _dimensions = [0, .. spec.FrameShape.Select(n => (ulong)n)];
        _open = new byte[spec.Packed ? ChunkPacking.HeaderBytes + spec.ChunkFrames * spec.FrameBytes : 0];
        _packed = new byte[spec.Packed ? ChunkPacking.Room(spec.ChunkFrames) : 0];
        if (spec.Packed)
            ChunkPacking.BeginPlain(_open);
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
            if (spec.Packed)
                HdfErrors.Check(Hdf.H5Pset_scaleoffset(creation.Value, Hdf.ScaleOffsetIntegers, 0), path, $"packing {spec.Path}");

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
                if (whole && Spec.Packed)
                    WritePacked(at, new(next, Spec.ChunkFrames));
                else if (whole)
                    WriteChunk(at, new ReadOnlySpan<byte>(next, (int)(Spec.ChunkFrames * Spec.FrameBytes)));
                else if (Spec.Packed)
                    Keep(at, step, next);
                else
                    WriteSlab(at, step, next);
                done += step;
                next += step * Spec.FrameBytes;
            }
        }
    }

    /// <summary>Gives the library what is held back for a chunk to be packed whole.</summary>
    public void Show()
    {
        if (_openFrames == _shownFrames)
            return;
        WriteChunk((long)_dimensions[0] - _openFrames, _open);
        _shownFrames = _openFrames;
    }

    private int Batch(long at, int left)
    {
        if (Spec.Packed)
            return (int)Math.Min(left, Spec.ChunkFrames - at % Spec.ChunkFrames);
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

    private void Keep(long at, int frames, byte* data)
    {
        var kept = _open.AsSpan(ChunkPacking.HeaderBytes);
        new ReadOnlySpan<byte>(data, (int)(frames * Spec.FrameBytes)).CopyTo(kept[(int)(at % Spec.ChunkFrames * Spec.FrameBytes)..]);
        _openFrames += frames;
        if (_openFrames < Spec.ChunkFrames)
            return;
        var begins = at + frames - Spec.ChunkFrames;
        if (_shownFrames > 0)
            WriteChunk(begins, _open);
        else
            WritePacked(begins, MemoryMarshal.Cast<byte, long>(kept));
        (_openFrames, _shownFrames) = (0, 0);
        kept.Clear();
    }

    private void WritePacked(long at, ReadOnlySpan<long> values) => WriteChunk(at, _packed.AsSpan(0, ChunkPacking.Pack(values, _packed)));

    /// <summary>Writes a whole chunk in the form that the file has.</summary>
    private void WriteChunk(long at, ReadOnlySpan<byte> chunk)
    {
        var offset = stackalloc ulong[Rank];
        new Span<ulong>(offset, Rank).Clear();
        offset[0] = (ulong)at;
        fixed (byte* data = chunk)
            HdfErrors.Check(
                Hdf.H5Dwrite_chunk(Dataset, Hdf.Default, 0, offset, (nuint)chunk.Length, data),
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
