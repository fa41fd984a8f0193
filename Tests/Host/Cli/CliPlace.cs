using System.Diagnostics;
using System.Text.Json;
using Flyscan.Host.Cli;
using Flyscan.Persistence.Journal;
using Flyscan.Scanning.Runs;
using Xunit;

namespace Flyscan.Tests.Host.Cli;

/// <summary>What a command line answered; the place's folder reads DIR in its texts.</summary>
internal sealed record CliAnswer(int Code, string Output, string Error)
{
    /// <summary>The last line of standard output, which --json makes one object.</summary>
    public JsonElement Json()
    {
        using var document = JsonDocument.Parse(Output.TrimEnd('\n').Split('\n')[^1]);
        return document.RootElement.Clone();
    }
}

/// <summary>A folder for one test of the command line, gone with it.</summary>
internal sealed class CliPlace : IDisposable
{
    public static readonly string Program = Path.Combine(AppContext.BaseDirectory, "flyscan.dll");
    public static readonly string Beamline = Path.Combine(AppContext.BaseDirectory, "beamlines", "virtual.hocon");

    /// <summary>200 frames of 20 ms along x: time to do something to the scan while it flies.</summary>
    public const string Slow = """
        {"request": 1, "detectors": ["cam"],
         "spec": {"type": "ConstantDuration", "constant_duration": 0.02,
                  "spec": {"type": "Fly", "spec": {"type": "Linspace", "axis": "x", "start": 0, "stop": 1, "num": 200}}}}
        """;

    /// <summary>Ten frames of 10 ms along x.</summary>
    public const string Good = """
        {"request": 1, "detectors": ["cam"], "metadata": {"title": "ten frames"},
         "spec": {"type": "ConstantDuration", "constant_duration": 0.01,
                  "spec": {"type": "Fly", "spec": {"type": "Linspace", "axis": "x", "start": 0, "stop": 1, "num": 10}}}}
        """;

    public string Folder { get; } = Directory.CreateTempSubdirectory("flyscan-cli-").FullName;

    public string Data => In("data");

    /// <summary>What planning is told of the disk.</summary>
    public long? FreeBytes { get; set; } = 1L << 40;

    /// <summary>Everything in the folder, relative to it.</summary>
    public IReadOnlyList<string> Entries =>
        [.. Directory.EnumerateFileSystemEntries(Folder, "*", SearchOption.AllDirectories)
            .Select(e => Path.GetRelativePath(Folder, e)).Order(StringComparer.Ordinal)];

    public string In(string name) => Path.Combine(Folder, name);

    public string Write(string name, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(In(name))!);
        File.WriteAllText(In(name), text);
        return In(name);
    }

    /// <summary>Runs a command line in this process.</summary>
    public async Task<CliAnswer> RunAsync(params string[] arguments)
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        var code = await CommandLine.RunAsync(CommandLine.Create(_ => FreeBytes), arguments, output, error);
        return new CliAnswer(code, Plain(output.ToString()), Plain(error.ToString()));
    }

    /// <summary>Starts a command line as a process of its own.</summary>
    public static Process Start(IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Program, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        var process = Process.Start(start)!;
        process.StandardInput.Close();
        return process;
    }

    /// <summary>What `status` says of the scan that runs in this place; null while none does. Scans of other tests run beside it.</summary>
    public async Task<JsonElement?> RunningAsync()
    {
        var answer = await RunAsync("status", "--json");
        Assert.Equal(0, answer.Code);
        var here = answer.Json().GetProperty("running").EnumerateArray()
            .Where(scan => scan.GetProperty("data_folder").GetString() == "DIR/data").ToList();
        return here.Count == 0 ? null : here[0];
    }

    /// <summary>Asks until the scan of a run in this place is as wanted; the run must not end before.</summary>
    public async Task<JsonElement> UntilAsync(Task<CliAnswer> run, Func<JsonElement, bool> wanted)
    {
        while (!run.IsCompleted)
        {
            if (await RunningAsync() is JsonElement scan && wanted(scan))
                return scan;
        }
        Assert.Fail($"it ended: {(await run).Error}");
        return default;
    }

    /// <summary>What the journal of this place has of a run that told its uid.</summary>
    public IReadOnlyList<ScanEvent> Events(CliAnswer ended) =>
        [.. JournalReader.ReadScan(In("data/journal.db"), ended.Json().GetProperty("uid").GetString()!).Select(e => e.Event)];

    /// <summary>Runs a command line as a process of its own to its end.</summary>
    public async Task<CliAnswer> RunProcessAsync(IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        using var process = Start(environment, arguments);
        var error = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return new CliAnswer(process.ExitCode, Plain(output), Plain(await error));
    }

    /// <summary>Processes that were told of this folder: virtual beamlines left behind.</summary>
    public IReadOnlyList<int> Processes =>
        [.. Directory.EnumerateDirectories("/proc")
            .Select(d => int.TryParse(Path.GetFileName(d), out var pid) ? pid : 0)
            .Where(pid => pid > 0 && CommandOf(pid).Contains(Folder, StringComparison.Ordinal))];

    public string Plain(string text) => text.Replace(Folder, "DIR", StringComparison.Ordinal);

    public void Dispose()
    {
        foreach (var pid in Processes)
            End(pid);
        Directory.Delete(Folder, recursive: true);
    }

    private static void End(int pid)
    {
        try
        {
            using var process = Process.GetProcessById(pid);
            process.Kill();
            process.WaitForExit();
        }
        catch (ArgumentException)
        {
            // It has ended by itself.
        }
    }

    private static string CommandOf(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/cmdline");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
