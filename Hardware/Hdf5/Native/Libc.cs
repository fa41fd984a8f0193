using System.Runtime.InteropServices;

namespace Flyscan.Hardware.Hdf5.Native;

/// <summary>What the C library does that .NET does not: making a descriptor's data durable.</summary>
internal static partial class Libc
{
    private const int Interrupted = 4;
    private const int CloseOnExecFlag = 0x80000;
    private const int ReadOnlyCloseOnExec = CloseOnExecFlag;
    private const int ReadWriteCloseOnExec = 2 | CloseOnExecFlag;
    private const int SetDescriptorFlags = 2;
    private const int DescriptorCloseOnExec = 1;

    /// <summary>Returns when the descriptor's data, and the metadata needed to read them, are on the disk.</summary>
    /// <exception cref="IOException">The kernel reported an error: data may be lost.</exception>
    public static void SyncData(int descriptor, string path)
    {
        while (Fdatasync(descriptor) != 0)
        {
            if (Marshal.GetLastPInvokeError() != Interrupted)
                throw Failure(path, "fdatasync");
        }
    }

    /// <summary>Returns when a rename in the folder is on the disk.</summary>
    /// <exception cref="IOException">The kernel reported an error.</exception>
    public static void SyncFolder(string folder) => Sync(folder);

    /// <summary>Returns when all that anybody has written to the file is on the disk.</summary>
    /// <exception cref="IOException">The kernel reported an error.</exception>
    public static void SyncFile(string path) => Sync(path);

    private static void Sync(string path)
    {
        var descriptor = Open(path, ReadOnlyCloseOnExec);
        if (descriptor < 0)
            throw Failure(path, "opening it");
        try
        {
            if (Fsync(descriptor) != 0)
                throw Failure(path, "fsync");
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    /// <summary>Keeps a descriptor that the HDF5 library opened from living on in programs that this process starts.</summary>
    public static void CloseOnExec(int descriptor, string path)
    {
        if (Fcntl(descriptor, SetDescriptorFlags, DescriptorCloseOnExec) < 0)
            throw Failure(path, "setting close-on-exec");
    }

    /// <summary>Makes whatever is written to the descriptor from now on go nowhere; the file stays as it is.</summary>
    public static void DiscardWrites(int descriptor, string path)
    {
        var nowhere = Open("/dev/null", ReadWriteCloseOnExec);
        if (nowhere < 0)
            throw Failure("/dev/null", "opening");
        var replaced = Dup3(nowhere, descriptor, CloseOnExecFlag);
        var failure = replaced < 0 ? Failure(path, "giving up the descriptor") : null;
        _ = Close(nowhere);
        if (failure is not null)
            throw failure;
    }

    private static IOException Failure(string path, string operation)
    {
        var error = Marshal.GetLastPInvokeError();
        return new IOException($"{path}: {operation} failed: {Marshal.GetPInvokeErrorMessage(error)} (errno {error})");
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int Fcntl(int descriptor, int command, nint argument);

    [LibraryImport("libc", EntryPoint = "dup3", SetLastError = true)]
    private static partial int Dup3(int from, int to, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Fsync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);

    [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    private static partial int Fdatasync(int descriptor);
}
