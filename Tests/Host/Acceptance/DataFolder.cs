using System.Diagnostics;
using Flyscan.Persistence.Catalogue;
using Flyscan.Persistence.Journal;
using Flyscan.Scanning.Runs;

namespace Flyscan.Tests.Host.Acceptance;

/// <summary>A data folder of its own for one test. Disposing it ends the virtual beamline that still belongs to it, and deletes
/// it.</summary>
internal sealed class DataFolder : IDisposable
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private readonly string _timeScale;
    private readonly string[] _beamline;

    /// <param name="beamline">A file that comes with flyscan; the default one when null.</param>
    public DataFolder(double timeScale = 0.1, string? beamline = null)
    {
        _beamline = beamline is null ? [] : ["--beamline", System.IO.Path.Combine(AppContext.BaseDirectory, "beamlines", beamline)];
        Path = Directory.CreateTempSubdirectory("flyscan-accept-").FullName;
        _timeScale = timeScale.ToString("R", System.Globalization.CultureInfo.InvariantCulture);
    }

    public string Path { get; }

    public string VirtualFile => System.IO.Path.Combine(Path, "virtual.json");

    /// <summary>The one run of the folder.</summary>
    public RunFolder Run => new(Directory.GetDirectories(System.IO.Path.Combine(Path, "runs")).Single());

    public string Uid => System.IO.Path.GetFileName(Run.Path);

    public FlyscanProcess StartRun(string requestJson, string? killAt = null)
    {
        var request = System.IO.Path.Combine(Path, "asked.json");
        File.WriteAllText(request, requestJson);
        return FlyscanProcess.Start(killAt, ["run", request, "--out", Path, "--time-scale", _timeScale, "--json", .. _beamline]);
    }

    public FlyscanProcess StartResume(string? killAt = null) =>
        FlyscanProcess.Start(killAt, ["resume", "--out", Path, "--time-scale", _timeScale, "--json", .. _beamline]);

    public async Task<FlyscanResult> RunAsync(string requestJson, string? killAt = null)
    {
        using var run = StartRun(requestJson, killAt);
        return await run.EndAsync();
    }

    public async Task<FlyscanResult> ResumeAsync(string? killAt = null)
    {
        using var resume = StartResume(killAt);
        return await resume.EndAsync();
    }

    /// <summary>Every event of the folder's scan; none where it was not begun.</summary>
    public IReadOnlyList<ScanEvent> Journal()
    {
        var journal = RunFolder.JournalOf(Path);
        if (!File.Exists(journal) || JournalReader.ListScans(journal) is not [var scan, ..])
            return [];
        return [.. JournalReader.ReadScan(journal, scan.Uid).Select(e => e.Event)];
    }

    /// <summary>Waits until the journal has as many events of a kind while the process lives.</summary>
    public async Task UntilAsync<T>(FlyscanProcess process, int count = 1)
        where T : ScanEvent
    {
        await UntilAsync(process, () => EventsSoFar().OfType<T>().Count() >= count, $"{count} {typeof(T).Name} in the journal");
    }

    /// <summary>Waits until the journal has as many such events of a kind while the process lives.</summary>
    public Task UntilAsync<T>(FlyscanProcess process, Func<T, bool> isOne, int count)
        where T : ScanEvent =>
        UntilAsync(process, () => EventsSoFar().OfType<T>().Count(isOne) >= count, $"{count} such {typeof(T).Name} in the journal");

    /// <summary>Waits until the virtual beamline listens.</summary>
    public Task UntilBeamlineAsync(FlyscanProcess process) => UntilAsync(process, () => File.Exists(VirtualFile), "the virtual beamline");

    /// <summary>Kills the virtual beamline as a power failure would.</summary>
    public void KillBeamline()
    {
        foreach (var process in Beamlines())
        {
            using (process)
            {
                process.Kill();
                process.WaitForExit(Limit);
            }
        }
    }

    /// <summary>Whether a virtual beamline of this folder runs.</summary>
    public bool HasBeamline => Beamlines().Count > 0;

    public void Dispose()
    {
        KillBeamline();
        Directory.Delete(Path, recursive: true);
    }

    private static async Task UntilAsync(FlyscanProcess process, Func<bool> reached, string what)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (!reached())
        {
            var isOver = process.HasEnded || TimeProvider.System.GetElapsedTime(began) > Limit;
            // It may have done both since it was looked at.
            if (isOver && !reached())
                throw new InvalidOperationException($"{what} did not come:\n{await process.EndAsync()}");
            await Task.Delay(Look, TimeProvider.System);
        }
    }

    /// <summary>A journal that is just being made cannot be read yet.</summary>
    private IReadOnlyList<ScanEvent> EventsSoFar()
    {
        try
        {
            return Journal();
        }
        catch (JournalException)
        {
            return [];
        }
    }

    /// <summary>Processes whose ready file is in this folder: nobody else's, as its name is unique.</summary>
    private List<Process> Beamlines()
    {
        var found = new List<Process>();
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(System.IO.Path.GetFileName(folder), out var id) || !IsOurs(folder))
                continue;
            try
            {
                found.Add(Process.GetProcessById(id));
            }
            catch (ArgumentException)
            {
                // It ended meanwhile.
            }
        }
        return found;
    }

    private bool IsOurs(string folder)
    {
        try
        {
            var arguments = File.ReadAllText(System.IO.Path.Combine(folder, "cmdline")).Split('\0');
            return arguments.Contains("virtual") && arguments.Contains(VirtualFile);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
