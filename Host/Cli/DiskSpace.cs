namespace Flyscan.Host.Cli;

/// <summary>How much room there is.</summary>
internal static class DiskSpace
{
    private const int ProbeBytes = 4 << 20;

    /// <summary>Bytes free where a folder is or would be; null where the system does not say.</summary>
    public static long? FreeBytes(string folder)
    {
        var existing = Path.GetFullPath(folder);
        while (!Directory.Exists(existing) && Path.GetDirectoryName(existing) is string parent)
            existing = parent;
        try
        {
            return Directory.Exists(existing) ? new DriveInfo(existing).AvailableFreeSpace : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Writes a file of some size to a folder, syncs it and takes it away again; null where that went well, else why
    /// not.</summary>
    public static string? Probe(string folder)
    {
        var path = Path.Combine(folder, ".room");
        try
        {
            using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose);
            file.Write(new byte[ProbeBytes]);
            file.Flush(flushToDisk: true);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return e.Message;
        }
    }

    /// <summary>Bytes of all files in a folder and below; 0 where it is not there.</summary>
    public static long UsedBytes(string folder) => Directory.Exists(folder)
        ? new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories).Sum(f => f.Length)
        : 0;
}
