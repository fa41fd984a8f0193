using System.Runtime.InteropServices;

namespace Flyscan.Hardware.Hdf5.Native;

/// <summary>What the C library does that .NET does not: making a descriptor's data durable.</summary>
internal static partial class Libc
{
    private const int Interrupted = 4;

    /// <summary>Returns when the descriptor's data, and the metadata needed to read them, are on the disk.</summary>
    /// <exception cref="IOException">The kernel reported an error: data may be lost.</exception>
    public static void SyncData(int descriptor, string path)
    {
        while (Fdatasync(descriptor) != 0)
        {
            var error = Marshal.GetLastPInvokeError();
            if (error != Interrupted)
                throw new IOException($"{path}: fdatasync failed: {Marshal.GetPInvokeErrorMessage(error)} (errno {error})");
        }
    }

    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    private static partial int Fdatasync(int descriptor);
}
