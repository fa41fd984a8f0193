using Flyscan.Hardware.Hdf5.Native;

namespace Flyscan.Hardware.Hdf5;

/// <summary>Makes the file of a killed writer an ordinary one that every reader opens.</summary>
/// <remarks>The caller knows that the writer is dead: SWMR files carry no lock that would tell. Nothing is appended or cut.
/// Clearing the status flags alone would cut the file at the length that the superblock remembers; so the length is raised to the file's
/// own before. <b>Source</b> decisions, Durability; the library's h5clear does the same through these properties.</remarks>
public sealed class SegmentRecovery(TimeProvider time, TimeSpan limit)
{
    // Superblock versions 2 and 3 with eight-byte addresses and lengths; all that opening and closing changes.
    private const int SuperblockBytes = 48;

    /// <summary>Seals the file if its writer left it open; returns what it holds.</summary>
    /// <exception cref="IOException">The file cannot be repaired; it is then as it was before.</exception>
    /// <exception cref="TimeoutException">The library did not return in time.</exception>
    public Task<SegmentContent> SealAsync(string path, IReadOnlyList<string> datasets, CancellationToken cancel)
        => HdfThread.Shared.RunAsync(() => Seal(path, datasets), $"{path}: sealing", limit, time, cancel);

    private static SegmentContent Seal(string path, IReadOnlyList<string> datasets)
    {
        var before = SegmentReader.Inspect(path, datasets);
        if (OpensPlainly(path))
            return before;
        var length = new FileInfo(path).Length;
        var superblock = ReadStart(path);
        try
        {
            ClearStatus(path);
            var after = SegmentReader.Inspect(path, datasets, Hdf.ReadOnly);
            if (after != before)
                throw new IOException($"{path}: sealing changed what it holds from {before} to {after}; it is put back as it was");
            return after;
        }
        catch (IOException)
        {
            PutBack(path, superblock, length);
            throw;
        }
    }

    private static bool OpensPlainly(string path)
    {
        using var access = HdfWriting.FileAccess(path);
        var file = Hdf.H5Fopen(path, Hdf.ReadOnly, access.Value);
        if (file < 0)
        {
            _ = Hdf.H5Eclear2(Hdf.Default);
            return false;
        }

        HdfErrors.Check(Hdf.H5Fclose(file), path, "closing");
        return true;
    }

    private static unsafe void ClearStatus(string path)
    {
        using var access = HdfWriting.FileAccess(path);
        byte yes = 1;
        HdfErrors.Check(Hdf.H5Pset(access.Value, "clear_status_flags", &yes), path, "asking for the status flags to be cleared");
        HdfErrors.Check(Hdf.H5Pset(access.Value, "skip_eof_check", &yes), path, "asking for the length not to be checked");
        var file = HdfErrors.Check(Hdf.H5Fopen(path, Hdf.ReadWrite, access.Value), path, "opening for repair");
        var raised = Hdf.H5Fincrement_filesize(file, 0);
        HdfErrors.Check(Hdf.H5Fclose(file), path, "closing after repair");
        HdfErrors.Check(raised, path, "setting the length");
    }

    private static byte[] ReadStart(string path)
    {
        using var file = File.OpenRead(path);
        var start = new byte[SuperblockBytes];
        file.ReadExactly(start);
        return start;
    }

    private static void PutBack(string path, byte[] superblock, long length)
    {
        using var file = File.OpenWrite(path);
        file.Write(superblock);
        file.SetLength(length);
        file.Flush(flushToDisk: true);
    }
}
