using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Flyscan.Hocon;

namespace Flyscan.Host.Cli;

/// <summary>One thing that flyscan needs, or can use, and whether it is there.</summary>
/// <remarks>IsRequired: without it, scans cannot run. Advice: what to do; null when all is well.</remarks>
public sealed record DoctorCheck(string Name, bool Ok, bool IsRequired, string Detail, string? Advice);

/// <summary>What is to be looked at. Folder: where runs are to be written; Ports: what the beamline's simulation listens on.</summary>
public sealed record DoctorQuestions(string Engine, string Folder, IReadOnlyList<int> Ports);

/// <summary>Looks whether this machine has what flyscan needs; changes nothing.</summary>
public static class Doctor
{
    private const long LeastFreeBytes = 1L << 30;

    /// <summary>Names under which distributions install HDF5, the proved one first.</summary>
    public static readonly IReadOnlyList<string> Hdf5Names =
        ["libhdf5_serial.so.103", "libhdf5.so.310", "libhdf5.so.200", "libhdf5.so.103", "libhdf5.so"];

    /// <summary>All checks, in the order in which they are worth reading.</summary>
    public static IReadOnlyList<DoctorCheck> Run(DoctorQuestions questions) =>
    [
        CheckRuntime(Environment.Version),
        CheckEngine(questions.Engine),
        CheckLibrary("HDF5 library", Hdf5Names, "install it: apt-get install libhdf5-103-1"),
        CheckLibrary("SQLite library", ["libsqlite3.so.0"], "install it: apt-get install libsqlite3-0"),
        CheckDisk(questions.Folder, LeastFreeBytes),
        .. questions.Ports.Where(p => p > 0).Distinct().Select(CheckPort),
        CheckH5py("python3"),
    ];

    internal static DoctorCheck CheckRuntime(Version version) => Needed(
        ".NET runtime", version.Major >= 10, version.ToString(), "install .NET 10: https://dotnet.microsoft.com/download/dotnet/10.0");

    internal static DoctorCheck CheckEngine(string engine) => Needed(
        "actor engine", engine is "embedded" or "akka", engine, "ActorEngine must be embedded or akka");

    internal static DoctorCheck CheckLibrary(string name, IReadOnlyList<string> candidates, string advice)
    {
        foreach (var candidate in candidates)
        {
            if (!NativeLibrary.TryLoad(candidate, out var handle))
                continue;
            NativeLibrary.Free(handle);
            return Needed(name, ok: true, candidate, advice);
        }
        return Needed(name, ok: false, $"none of {string.Join(", ", candidates)} can be loaded", advice);
    }

    internal static DoctorCheck CheckDisk(string folder, long leastBytes)
    {
        var existing = Path.GetFullPath(folder);
        while (!Directory.Exists(existing) && Path.GetDirectoryName(existing) is { } parent)
            existing = parent;
        try
        {
            var free = new DriveInfo(existing).AvailableFreeSpace;
            var detail = string.Create(CultureInfo.InvariantCulture, $"{free / (double)(1L << 30):0.0} GiB free for {folder}");
            var advice = $"free at least {HoconUnits.FormatBytes(leastBytes)}, or write elsewhere (--out)";
            return Needed("disk space", free >= leastBytes, detail, advice);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Needed("disk space", ok: false, $"{folder}: {e.Message}", "name a folder that can be written (--out)");
        }
    }

    internal static DoctorCheck CheckPort(int port)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"port {port}");
        var listener = new TcpListener(IPAddress.Loopback, port);
        try
        {
            listener.Start();
            return Wanted(name, ok: true, "free", "");
        }
        catch (SocketException e)
        {
            const string Advice = "a virtual beamline may be running already; else set another port in the beamline file";
            return Wanted(name, ok: false, $"in use or not allowed ({e.SocketErrorCode})", Advice);
        }
        finally
        {
            listener.Stop();
        }
    }

    internal static DoctorCheck CheckH5py(string python)
    {
        const string Advice = "to read runs from Python: apt-get install python3-h5py";
        var start = new ProcessStartInfo(python, ["-c", "import h5py; print(h5py.__version__)"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        try
        {
            using var process = Process.Start(start)!;
            process.StandardInput.Close();
            if (!process.WaitForExit(TimeSpan.FromSeconds(20)))
            {
                process.Kill(entireProcessTree: true);
                return Wanted("h5py", ok: false, $"{python} did not answer within 20 s", Advice);
            }
            var version = process.StandardOutput.ReadToEnd().Trim();
            return Wanted("h5py", process.ExitCode == 0, process.ExitCode == 0 ? version : "not installed", Advice);
        }
        catch (Win32Exception)
        {
            return Wanted("h5py", ok: false, $"{python} is not installed", Advice);
        }
    }

    private static DoctorCheck Needed(string name, bool ok, string detail, string advice) =>
        new(name, ok, IsRequired: true, detail, ok ? null : advice);

    private static DoctorCheck Wanted(string name, bool ok, string detail, string advice) =>
        new(name, ok, IsRequired: false, detail, ok ? null : advice);
}
