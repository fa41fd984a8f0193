using System.Diagnostics;
using Xunit;

namespace Flyscan.Tests;

/// <summary>Runs scripts in the system's Python with h5py: an independent reader of our files.</summary>
internal static class H5Py
{
    private const string Python = "/usr/bin/python3";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private static readonly Lazy<bool> Found = new(() => File.Exists(Python) && Execute("import h5py", []).Code == 0);

    /// <summary>Whether the system's Python has h5py.</summary>
    public static bool Available => Found.Value;

    /// <summary>Runs a script with arguments in sys.argv[1:]; returns what it printed, trimmed.</summary>
    public static string Run(string script, params string[] args)
    {
        var (code, output, error) = Execute(script, args);
        return code == 0 ? output.Trim() : throw new InvalidOperationException($"the script ended with {code}:\n{error}");
    }

    /// <summary>Starts a script whose input and output the test holds.</summary>
    public static Process Start(string script, params string[] args)
    {
        var start = new ProcessStartInfo(Python)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add(script);
        foreach (var arg in args)
            start.ArgumentList.Add(arg);
        return Process.Start(start)!;
    }

    private static (int Code, string Output, string Error) Execute(string script, string[] args)
    {
        using var process = Start(script, args);
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(Limit))
        {
            process.Kill();
            throw new TimeoutException($"the script ran for more than {Limit}");
        }

        return (process.ExitCode, output.GetAwaiter().GetResult(), error.GetAwaiter().GetResult());
    }
}

/// <summary>A fact that needs h5py, skipped by name where it is missing.</summary>
internal sealed class H5PyFactAttribute : FactAttribute
{
    public H5PyFactAttribute()
    {
        if (!H5Py.Available)
            Skip = "/usr/bin/python3 has no h5py (Debian: python3-h5py)";
    }
}
