using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Flyscan.Scanning.Units;
using Microsoft.Win32.SafeHandles;

namespace Flyscan.Persistence.Catalogue;

/// <summary>One process is in charge of a data folder.</summary>
/// <remarks>The lock is the operating system's: it goes with its process, however that ends.</remarks>
public sealed partial class DirectoryLock : IDisposable
{
    private const int CloseOnExec = 0x80000;
    private readonly FileStream _file;

    private DirectoryLock(FileStream file) => _file = file;

    /// <summary>Takes the folder, or says which process on which host has it.</summary>
    /// <remarks><b>Errors</b> <see cref="IOException"/>, <see cref="UnauthorizedAccessException"/>: the folder cannot be written.</remarks>
    public static Outcome<DirectoryLock> Acquire(string dataFolder)
    {
        Directory.CreateDirectory(dataFolder);
        var path = RunFolder.LockOf(dataFolder);
        FileStream file;
        try
        {
            file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException) when (Holder(path) is { } holder)
        {
            return new Outcome<DirectoryLock>.Refused(
                $"{Path.GetFullPath(dataFolder)} is in use by {holder}. Wait for it, end it, or give another folder with --out.");
        }
        var text = string.Create(CultureInfo.InvariantCulture, $"pid {Environment.ProcessId} on {Environment.MachineName}\n");
        file.SetLength(0);
        file.Write(Encoding.UTF8.GetBytes(text));
        file.Flush();
        return new Outcome<DirectoryLock>.Completed(new DirectoryLock(file));
    }

    /// <summary>Frees the folder.</summary>
    public void Dispose() => _file.Dispose();

    /// <summary>The text in the lock file; null where there is none to read, so that the opening failed for another reason.</summary>
    /// <remarks>Opened past the base library, which would ask for a shared lock and be refused.</remarks>
    private static string? Holder(string path)
    {
        if (!OperatingSystem.IsLinux())
            return "another process";
        using var handle = new SafeFileHandle(Open(path, CloseOnExec), ownsHandle: true);
        if (handle.IsInvalid)
            return null;
        var bytes = new byte[256];
        var text = Encoding.UTF8.GetString(bytes, 0, RandomAccess.Read(handle, bytes, 0)).Trim();
        return text.Length > 0 ? text : "another process that has just begun";
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int Open(string path, int flags);
}
