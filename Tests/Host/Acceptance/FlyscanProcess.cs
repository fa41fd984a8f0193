using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Flyscan.Tests.Host.Acceptance;

/// <summary>What a process of flyscan said and how it ended.</summary>
/// <remarks>Code: 137 where it was killed.</remarks>
internal sealed record FlyscanResult(string Arguments, int Code, string Output, string Error)
{
    public const int Killed = 128 + 9;

    /// <summary>The JSON object that ends standard output.</summary>
    public JsonElement Json
    {
        get
        {
            var last = Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).LastOrDefault()
                ?? throw new InvalidOperationException($"nothing on standard output:\n{this}");
            return JsonDocument.Parse(last).RootElement;
        }
    }

    public override string ToString() => $"flyscan {Arguments}\nended with {Code}\n--- output\n{Output}\n--- error\n{Error}";
}

/// <summary>The built flyscan as a process of its own, as a user starts it.</summary>
internal sealed partial class FlyscanProcess : IDisposable
{
    private const int SigInt = 2;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);
    private readonly Process _process;
    private readonly string _arguments;
    private readonly Task<string> _output;
    private readonly Task<string> _error;

    private FlyscanProcess(Process process, string arguments)
    {
        (_process, _arguments) = (process, arguments);
        _output = process.StandardOutput.ReadToEndAsync();
        _error = process.StandardError.ReadToEndAsync();
    }

    public bool HasEnded => _process.HasExited;

    /// <summary>Starts it; killAt goes to FLYSCAN_KILL_AT.</summary>
    public static FlyscanProcess Start(string? killAt, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "flyscan.dll"));
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        start.Environment["FLYSCAN_KILL_AT"] = killAt ?? "";
        var process = Process.Start(start)!;
        process.StandardInput.Close();
        return new FlyscanProcess(process, string.Join(' ', arguments));
    }

    /// <summary>Ctrl-C.</summary>
    public void Interrupt() => _ = SendSignal(_process.Id, SigInt);

    public void Kill() => _process.Kill();

    /// <summary>Waits for its end; one that hangs is killed, and the test fails with what it said.</summary>
    public async Task<FlyscanResult> EndAsync()
    {
        using var limit = new CancellationTokenSource(Limit, TimeProvider.System);
        try
        {
            await _process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            _process.Kill();
            throw new TimeoutException(
                $"flyscan {_arguments} had not ended after {Limit}\n--- output\n{await _output}\n--- error\n{await _error}");
        }
        return new FlyscanResult(_arguments, _process.ExitCode, await _output, await _error);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.Dispose();
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int SendSignal(int process, int signal);
}
