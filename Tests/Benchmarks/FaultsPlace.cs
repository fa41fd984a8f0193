using System.Diagnostics;
using System.Globalization;
using Flyscan.Host.Cli;
using Flyscan.Host.Composition;
using Flyscan.Persistence.Catalogue;
using Flyscan.Persistence.Journal;
using Flyscan.Scanning.Runs;

namespace Flyscan.Benchmarks;

/// <summary>Folders, beamline file and requests of one number of cameras. Deleted when disposed.</summary>
internal sealed class FaultsPlace : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly string _folder = Directory.CreateTempSubdirectory("flyscan-faults-").FullName;
    private readonly string[] _cameras;

    public FaultsPlace(int cameras)
    {
        _cameras = [.. Enumerable.Range(1, cameras).Select(n => n == 1 ? "cam" : $"cam{n}")];
        BeamlineFile = Path.Combine(_folder, "virtual.hocon");
        var more = string.Concat(_cameras.Skip(1).Select(c => $"    {c} = ${{beamline.devices.cam}}\n"));
        var original = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "beamlines", "virtual.hocon"));
        File.WriteAllText(BeamlineFile, original.Replace("    shutter {", more + "    shutter {", StringComparison.Ordinal));
        Beamline = RunPreparation.LoadBeamline(BeamlineFile);
    }

    public string BeamlineFile { get; }

    public LoadedBeamline Beamline { get; }

    public string FolderOf(string what) => Directory.CreateDirectory(Path.Combine(_folder, what)).FullName;

    /// <summary>Frames of 10 ms: z by software, y and x flown and snaked; a file's path.</summary>
    public string Request(string name, int outer, int rows, int columns)
    {
        var path = Path.Combine(_folder, name + ".json");
        var detectors = string.Join(", ", _cameras.Select(c => $"\"{c}\""));
        File.WriteAllText(path, string.Create(CultureInfo.InvariantCulture, $$"""
            {"request": 1, "detectors": [{{detectors}}],
            "spec": {"type": "Fly", "spec": {"type": "ConstantDuration", "constant_duration": 0.01, "spec": {"type": "Product",
              "outer": {"type": "Linspace", "axis": "z", "start": 0, "stop": 1, "num": {{outer}} },
              "inner": {"type": "Product",
                "outer": {"type": "Linspace", "axis": "y", "start": 0, "stop": 1, "num": {{rows}} },
                "inner": {"type": "Snake", "spec": {"type": "Linspace", "axis": "x", "start": 0, "stop": 1, "num": {{columns}} } } } } } } }
            """));
        return path;
    }

    public RunToMake Prepare(string request, string data) =>
        RunPreparation.NewRun(new PlanArguments(request, BeamlineFile, data, null, null, DiskSpace.FreeBytes), Beamline);

    /// <summary>Events of a folder's one scan; none where it is not begun or cannot be read yet.</summary>
    public static IReadOnlyList<ScanEvent> Journal(string data)
    {
        var journal = RunFolder.JournalOf(data);
        try
        {
            return File.Exists(journal) && JournalReader.ListScans(journal) is [.., var scan]
                ? [.. JournalReader.ReadScan(journal, scan.Uid).Select(e => e.Event)]
                : [];
        }
        catch (JournalException)
        {
            return [];
        }
    }

    public static async Task UntilAsync(Func<bool> reached, string what)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (!reached())
        {
            if (TimeProvider.System.GetElapsedTime(began) > Limit)
                throw new InvalidOperationException($"{what} did not come within {Limit.TotalSeconds:0} s");
            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System, CancellationToken.None);
        }
    }

    public static Task PassAsync(int milliseconds) =>
        Task.Delay(TimeSpan.FromMilliseconds(milliseconds), TimeProvider.System, CancellationToken.None);

    /// <summary>Another process of flyscan, whose words are not wanted.</summary>
    public static Process Start(params string[] arguments)
    {
        var start = VirtualProcess.StartOfSelf(arguments);
        (start.RedirectStandardOutput, start.RedirectStandardError) = (true, true);
        var process = Process.Start(start) ?? throw new InvalidOperationException("flyscan could not be started");
        _ = process.StandardOutput.ReadToEndAsync();
        _ = process.StandardError.ReadToEndAsync();
        return process;
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
