using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Flyscan.Scanning.Trajectories;

namespace Flyscan.Hardware.Motion;

/// <summary>A trajectory as one block of bytes, and its digest.</summary>
/// <remarks><b>Shapes</b> little endian: axes u32, points u32, then per axis its name (u32 length, UTF-8) and start f64, then per point its
/// duration i64, live u8, and per axis position f64, velocity f64.</remarks>
internal static class TrajectoryBlock
{
    private const int MostAxes = 64;
    private const int LongestName = 256;

    public static byte[] Encode(Trajectory trajectory)
    {
        var axes = trajectory.Axes.Count;
        using var stream = new MemoryStream(trajectory.Points * (9 + 16 * axes) + 64);
        using var writer = new BinaryWriter(stream);
        writer.Write((uint)axes);
        writer.Write((uint)trajectory.Points);
        for (var axis = 0; axis < axes; axis++)
        {
            var name = Encoding.UTF8.GetBytes(trajectory.Axes[axis]);
            writer.Write((uint)name.Length);
            writer.Write(name);
            writer.Write(trajectory.Start[axis]);
        }
        for (var point = 0; point < trajectory.Points; point++)
        {
            writer.Write(trajectory.DurationsNs[point]);
            writer.Write(trajectory.Live[point]);
            for (var index = point * axes; index < (point + 1) * axes; index++)
            {
                writer.Write(trajectory.Positions[index]);
                writer.Write(trajectory.Velocities[index]);
            }
        }
        writer.Flush();
        return stream.ToArray();
    }

    /// <summary>Hex digest of a block: what both ends compare.</summary>
    public static string Digest(ReadOnlySpan<byte> block) => Convert.ToHexStringLower(SHA256.HashData(block));

    /// <summary>The trajectory in a block; null with a problem where the block is not one.</summary>
    public static Trajectory? Decode(string controller, ReadOnlySpan<byte> block, out string? problem)
    {
        var cursor = new Cursor(block);
        var (axes, points) = (cursor.Count(MostAxes), cursor.Count(int.MaxValue));
        var (names, start) = (new string[axes], new double[axes]);
        for (var axis = 0; axis < axes; axis++)
        {
            names[axis] = Encoding.UTF8.GetString(cursor.Take(cursor.Count(LongestName)));
            start[axis] = cursor.Float();
        }
        // The size is checked before anything is allocated by it.
        if (cursor.IsBroken || cursor.Left != (long)points * (9 + 16 * axes))
        {
            problem = $"the block of {block.Length} bytes is not a trajectory of {axes} axes and {points} points";
            return null;
        }
        problem = null;
        return Points(ref cursor, controller, names, start, points);
    }

    private static Trajectory Points(ref Cursor cursor, string controller, string[] names, double[] start, int points)
    {
        var axes = names.Length;
        var trajectory = new Trajectory
        {
            Controller = controller,
            Axes = names,
            Start = start,
            DurationsNs = new long[points],
            Positions = new double[points * axes],
            Velocities = new double[points * axes],
            Live = new bool[points],
        };
        for (var point = 0; point < points; point++)
        {
            trajectory.DurationsNs[point] = BinaryPrimitives.ReadInt64LittleEndian(cursor.Take(8));
            trajectory.Live[point] = cursor.Take(1)[0] != 0;
            for (var index = point * axes; index < (point + 1) * axes; index++)
            {
                trajectory.Positions[index] = cursor.Float();
                trajectory.Velocities[index] = cursor.Float();
            }
        }
        return trajectory;
    }

    private ref struct Cursor(ReadOnlySpan<byte> bytes)
    {
        private static readonly byte[] Zeros = new byte[LongestName];

        private ReadOnlySpan<byte> _bytes = bytes;

        public bool IsBroken { get; private set; }

        public readonly int Left => _bytes.Length;

        public ReadOnlySpan<byte> Take(int count)
        {
            if (count > _bytes.Length)
            {
                IsBroken = true;
                _bytes = [];
                return Zeros.AsSpan(0, count);
            }
            var taken = _bytes[..count];
            _bytes = _bytes[count..];
            return taken;
        }

        public int Count(int most)
        {
            var count = BinaryPrimitives.ReadUInt32LittleEndian(Take(4));
            if (count <= most)
                return (int)count;
            IsBroken = true;
            return 0;
        }

        public double Float() => BinaryPrimitives.ReadDoubleLittleEndian(Take(8));
    }
}
