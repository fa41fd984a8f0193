using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Simulation;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Detectors;

/// <summary>What the simulated camera puts into its file.</summary>
/// <remarks>Pixels 0 and 1 of an image: low and high 16 bits of its trigger's number; 2 and 3: of a hash of that number; the rest a
/// pattern that follows from the number, so that any image tells which trigger made it.</remarks>
internal static class CameraFrames
{
    public const string DataPath = "/entry/data/data";
    public const string NumberPath = "/entry/data/frame_number";
    public const string TimestampPath = "/entry/data/timestamp";

    /// <summary>Bytes of a frame besides its image: number and time stamp.</summary>
    public const int ExtraBytes = 16;

    private const int LeastChunkBytes = 64 * 1024;
    private const int ScalarChunk = 8192;

    /// <summary>Datasets of a segment, image first.</summary>
    public static EquatableArray<SegmentDataset> Datasets(string camera, int width, int height)
    {
        var imageBytes = 2 * width * height;
        var chunk = (LeastChunkBytes + imageBytes - 1) / imageBytes;
        return
        [
            new SegmentDataset(camera, DataPath, "<u2", [height, width], null, "detector", null, chunk),
            new SegmentDataset($"{camera}_frame_number", NumberPath, "<i8", [], null, "identity", null, ScalarChunk),
            new SegmentDataset($"{camera}_timestamp", TimestampPath, "<i8", [], "ns", "timestamp", null, ScalarChunk),
        ];
    }

    /// <summary>The segment as its writer makes it.</summary>
    public static SegmentSpec Spec(string path, string camera, int width, int height, EquatableArray<SegmentAttribute> attributes) => new(
        path,
        [.. Datasets(camera, width, height).Select(d => new DatasetSpec(d.Path, d.NumpyType, d.FrameShape, d.ChunkFrames, d.Unit))],
        attributes);

    /// <summary>Writes the image of a trigger.</summary>
    /// <remarks><b>Shapes</b> image: height × width little-endian u2.</remarks>
    public static void WriteImage(long number, Span<byte> image)
    {
        var pixels = MemoryMarshal.Cast<byte, ushort>(image);
        var hash = Hash(number);
        for (var i = 4; i < pixels.Length; i++)
            pixels[i] = (ushort)(number * 31 + i);
        BinaryPrimitives.WriteUInt32LittleEndian(image, (uint)number);
        BinaryPrimitives.WriteUInt32LittleEndian(image[4..], hash);
    }

    /// <summary>What pixels 2 and 3 hold: depends on the number alone.</summary>
    public static uint Hash(long number) => (uint)SeededGenerator.Mix((ulong)number);
}
