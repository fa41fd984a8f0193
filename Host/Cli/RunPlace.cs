using Flyscan.Host.Composition;
using Flyscan.Persistence.Catalogue;

namespace Flyscan.Host.Cli;

/// <summary>A data folder in this process's hands, and what was made in it, so that a refusal can leave nothing behind.</summary>
internal sealed class RunPlace : IDisposable
{
    private readonly string _dataFolder;
    private readonly DirectoryLock _lock;
    private readonly List<string> _made;
    private bool _madeLock;
    private string? _runFolder;

    private RunPlace(string dataFolder, bool madeLock, DirectoryLock held, List<string> made) =>
        (_dataFolder, _madeLock, _lock, _made) = (dataFolder, madeLock, held, made);

    /// <summary>Takes the data folder for this process; makes it where it is not there.</summary>
    /// <remarks><b>Errors</b> <see cref="RefusedException"/>: it cannot be made or written, or another process has it.</remarks>
    public static RunPlace Take(string dataFolder)
    {
        var made = Missing(Path.GetFullPath(dataFolder));
        var madeLock = !File.Exists(RunFolder.LockOf(dataFolder));
        try
        {
            return new RunPlace(dataFolder, madeLock, RefusedException.Unless(DirectoryLock.Acquire(dataFolder)), made);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            RemoveEmpty(made);
            throw new RefusedException($"the data folder {dataFolder} cannot be written: {e.Message} Give another with --out.");
        }
    }

    /// <summary>Makes the run's folder with its request and plan.</summary>
    /// <remarks><b>Errors</b> <see cref="RefusedException"/> naming the folder.</remarks>
    public void Make(RunToMake run, string planJson)
    {
        var folder = run.Folder;
        if (Directory.Exists(folder.Path))
            throw new RefusedException($"the run's folder {folder.Path} exists already; give a path template that names each run");
        _made.InsertRange(0, Missing(folder.Path));
        _runFolder = folder.Path;
        try
        {
            Directory.CreateDirectory(folder.Data);
            File.WriteAllText(folder.Request, run.RequestJson);
            File.WriteAllText(folder.Plan, planJson);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RefusedException($"the run's folder {folder.Path} cannot be made: {e.Message}");
        }
    }

    /// <summary>What was made here is a run from now on: nothing of it is removed any more.</summary>
    public void Keep()
    {
        _runFolder = null;
        _madeLock = false;
        _made.Clear();
    }

    /// <summary>Removes what was made here and is not a run: the run's folder, then folders above it and the lock that are new.</summary>
    public void Undo()
    {
        try
        {
            if (_runFolder is not null && Directory.Exists(_runFolder))
                Directory.Delete(_runFolder, recursive: true);
            if (_madeLock)
                File.Delete(RunFolder.LockOf(_dataFolder));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Whoever refuses has a better reason to tell than what could not be tidied up after it.
        }
        RemoveEmpty(_made);
    }

    public void Dispose() => _lock.Dispose();

    /// <summary>The folder and those above it that do not exist, deepest first.</summary>
    private static List<string> Missing(string folder)
    {
        var missing = new List<string>();
        for (var at = folder; at is not null && !Directory.Exists(at); at = Path.GetDirectoryName(at))
            missing.Add(at);
        return missing;
    }

    private static void RemoveEmpty(IEnumerable<string> deepestFirst)
    {
        foreach (var folder in deepestFirst)
        {
            if (!Directory.Exists(folder))
                continue;
            try
            {
                Directory.Delete(folder);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Not empty: somebody uses it by now, and those above it.
                return;
            }
        }
    }
}
