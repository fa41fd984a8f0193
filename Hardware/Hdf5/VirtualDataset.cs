using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Hdf5;

/// <summary>A dataset whose values stand in other files.</summary>
/// <remarks><b>Shapes</b> [Shape…, FrameShape…]; a source is [frames, FrameShape…]. What no mapping covers reads as the type's fill value:
/// NaN for floats, -1 for signed integers, 0 for unsigned ones.</remarks>
public sealed record VirtualDataset(
    string Path,
    string NumpyType,
    EquatableArray<long> Shape,
    EquatableArray<long> FrameShape,
    IReadOnlyList<VirtualSource> Sources,
    IReadOnlyList<FrameMapping> Mappings);

/// <summary>A dataset that a virtual one draws from. File: relative to the file of the virtual dataset, so that folders can move.</summary>
public sealed record VirtualSource(string File, string Dataset, long Frames);

/// <summary>Frames of a source shown at places of a virtual dataset, both in C order.</summary>
/// <remarks>Source: index into <see cref="VirtualDataset.Sources"/>. The same number of frames on both sides.</remarks>
public readonly record struct FrameMapping(int Source, Slab Frames, EquatableArray<Slab> Target);

/// <summary>Along one dimension: Count blocks of Block indices, Stride apart, from Start on.</summary>
public readonly record struct Slab(long Start, long Stride, long Count, long Block)
{
    /// <summary>One index.</summary>
    public static Slab At(long index) => new(index, 1, 1, 1);

    /// <summary>Indices [start, start + length).</summary>
    public static Slab Range(long start, long length) => new(start, length, 1, length);

    /// <summary>How many indices it selects.</summary>
    public long Size => Count * Block;

    /// <summary>The index after the last one selected.</summary>
    public long End => Start + (Count - 1) * Stride + Block;
}
