using System.Diagnostics;
using System.Text.Json;
using Flyscan.Hardware.Contracts;
using Flyscan.Host.Cli;
using Flyscan.Scanning.Units;

namespace Flyscan.Host.Composition;

/// <summary>Where a running virtual beamline listens: what it writes for whoever started it.</summary>
public sealed record VirtualReady(int Pid, string Beamline, double TimeScale, SortedDictionary<string, string> Endpoints);

/// <summary>The virtual beamline as a process of its own, so that hardware can outlive the software that drives it.</summary>
internal sealed class VirtualProcess
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan LookPeriod = TimeSpan.FromMilliseconds(10);

    private readonly string _readyFile;

    private VirtualProcess(string readyFile, VirtualReady ready, bool found)
    {
        _readyFile = readyFile;
        Ready = ready;
        Found = found;
    }

    public VirtualReady Ready { get; }

    /// <summary>It ran already: what it holds of a scan may be adopted.</summary>
    public bool Found { get; }

    public EndpointOverrides Endpoints => new(Ready.Endpoints.ToEquatableArray());

    /// <summary>The one that a data folder's last process left running, or a new one.</summary>
    /// <remarks><b>Errors</b> <see cref="RefusedException"/> with what the process said.</remarks>
    public static async Task<VirtualProcess> FindOrStartAsync(
        string dataFolder, LoadedBeamline beamline, double timeScale, CancellationToken cancel)
    {
        var readyFile = Path.Combine(dataFolder, "virtual.json");
        if (Read(readyFile) is VirtualReady left && IsRunning(left))
        {
            if (left.TimeScale.Equals(timeScale) && left.Beamline == beamline.Name)
                return new VirtualProcess(readyFile, left, found: true);
            End(left);
        }
        File.Delete(readyFile);
        var start = StartOfSelf(
            "virtual", "--beamline", beamline.File, "--time-scale",
            timeScale.ToString("R", System.Globalization.CultureInfo.InvariantCulture),
            "--free-ports", "--ready-file", readyFile);
        (start.RedirectStandardInput, start.RedirectStandardOutput, start.RedirectStandardError) = (true, true, true);
        start.Environment.Remove("FLYSCAN_KILL_AT");
        using var process = Process.Start(start) ?? throw new RefusedException("the virtual beamline could not be started");
        process.StandardInput.Close();
        var said = process.StandardError.ReadToEndAsync(CancellationToken.None);
        try
        {
            return new VirtualProcess(readyFile, await WaitReadyAsync(process, said, readyFile, cancel), found: false);
        }
        catch
        {
            process.Kill();
            await process.WaitForExitAsync(CancellationToken.None);
            File.Delete(readyFile);
            throw;
        }
    }

    /// <summary>Ends the process and forgets it; for a run that needs its hardware no longer.</summary>
    public void End()
    {
        End(Ready);
        File.Delete(_readyFile);
    }

    /// <summary>Where the one of this data folder listens; null when none runs.</summary>
    public static VirtualReady? RunningIn(string dataFolder) =>
        Read(Path.Combine(dataFolder, "virtual.json")) is VirtualReady ready && IsRunning(ready) ? ready : null;

    /// <summary>How this program is started once more.</summary>
    public static ProcessStartInfo StartOfSelf(params IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!);
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
            start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "flyscan.dll"));
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        return start;
    }

    /// <summary>Ends what a dead process of this data folder left running, where nothing needs it any more.</summary>
    public static void EndLeftOf(string dataFolder)
    {
        var readyFile = Path.Combine(dataFolder, "virtual.json");
        if (Read(readyFile) is not VirtualReady left)
            return;
        End(left);
        File.Delete(readyFile);
    }

    private static async Task<VirtualReady> WaitReadyAsync(Process process, Task<string> said, string readyFile, CancellationToken cancel)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (Read(readyFile) is not VirtualReady)
        {
            if (process.HasExited)
                throw new RefusedException($"the virtual beamline did not start:\n{(await said).Trim()}");
            if (TimeProvider.System.GetElapsedTime(began) > StartLimit)
                throw new RefusedException($"the virtual beamline was not ready within {StartLimit.TotalSeconds:0} s");
            await Task.Delay(LookPeriod, TimeProvider.System, cancel);
        }
        return Read(readyFile)!;
    }

    private static VirtualReady? Read(string file)
    {
        if (!File.Exists(file))
            return null;
        try
        {
            return JsonSerializer.Deserialize<VirtualReady>(File.ReadAllBytes(file));
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static bool IsRunning(VirtualReady ready) => Of(ready) is Process { HasExited: false };

    /// <summary>The process, unless its number now belongs to another program.</summary>
    private static Process? Of(VirtualReady ready)
    {
        try
        {
            var process = Process.GetProcessById(ready.Pid);
            var arguments = File.ReadAllText($"/proc/{ready.Pid}/cmdline");
            return arguments.Contains("\0virtual\0", StringComparison.Ordinal) ? process : null;
        }
        catch (Exception gone) when (gone is ArgumentException or IOException)
        {
            return null;
        }
    }

    private static void End(VirtualReady ready)
    {
        if (Of(ready) is not Process process)
            return;
        process.Kill();
        process.WaitForExit(StartLimit);
    }
}
