namespace Flyscan.Persistence.Journal;

/// <summary>The journal as a file that others can take away.</summary>
public static class JournalPresence
{
    /// <summary>Who has it open can go on writing into a file that has no name any more, and all of that is gone with the
    /// process.</summary>
    /// <remarks><b>Errors</b> <see cref="FileNotFoundException"/> with what to do, where it is not there.</remarks>
    public static void Check(string path)
    {
        if (!File.Exists(path))
            throw new FileNotFoundException(
                $"the journal {path} is gone: removed, renamed, or its file system is. Put that same file back and the scan goes on; " +
                "what is journaled while it is away is lost with this process", path);
    }
}
