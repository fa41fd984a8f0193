using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Flyscan.LibCa;
using Xunit;

namespace Flyscan.Tests.Hardware.Epics.CLibrary;

/// <summary>A fact that needs the C library of Channel Access, skipped by name where it is not installed.</summary>
internal sealed class CLibraryFactAttribute : FactAttribute
{
    public CLibraryFactAttribute() => Skip = CLibraryProcess.MissingReason;
}

/// <summary>A theory that needs it.</summary>
internal sealed class CLibraryTheoryAttribute : TheoryAttribute
{
    public CLibraryTheoryAttribute() => Skip = CLibraryProcess.MissingReason;
}

/// <summary>Tests with the C library: one process of it at a time.</summary>
[CollectionDefinition(Name)]
public sealed class CLibraryCollection
{
    public const string Name = "the C library of Channel Access";
}

/// <summary>What the C library says of a channel. State: 0 never found, 1 lost, 2 connected.</summary>
internal sealed record CAbout(int State, int Type, int Count, bool MayRead, bool MayWrite, string Host, double BeaconPeriod);

/// <summary>What it made of an answer. Data: as C programs see it, in the machine's byte order.</summary>
internal sealed record CValue(int Status, int Type, int Count, byte[] Data);

/// <summary>The C library in a process of its own.</summary>
internal sealed class CLibraryProcess : IAsyncDisposable
{
    public const int Connected = 2;
    public const int Lost = 1;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly Process _process;
    private readonly Socket? _repeater;
    private readonly Task<string> _complaints;
    private readonly Task _reading;
    private readonly ConcurrentDictionary<int, TaskCompletionSource<string[]>> _asked = new();
    private readonly ConcurrentDictionary<int, Channel<CValue>> _watched = new();
    private readonly ConcurrentDictionary<(string What, int Channel), Channel<string>> _told = new();
    private readonly Channel<string> _exceptions = Channel.CreateUnbounded<string>();
    private int _next;

    private CLibraryProcess(Process process, Socket? repeater)
    {
        (_process, _repeater, _complaints) = (process, repeater, process.StandardError.ReadToEndAsync());
        _reading = ReadAsync();
    }

    public static string? MissingReason => CaLibrary.Path is null ? CaLibrary.Missing : null;

    /// <summary>Exceptions that belong to no call: status, operation, text.</summary>
    public ChannelReader<string> Exceptions => _exceptions.Reader;

    /// <summary>Starts it with one server's address.</summary>
    /// <param name="server">Its UDP and TCP port.</param>
    /// <param name="repeaterPort">Where beacons come; 0: a port that is taken, so that the library takes a repeater for running.</param>
    /// <param name="environment">Further variables.</param>
    public static CLibraryProcess Start(int server, int repeaterPort = 0, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "Flyscan.LibCa.dll"));
        start.ArgumentList.Add("remote");
        Socket? repeater = null;
        if (repeaterPort == 0)
        {
            repeater = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            repeater.Bind(new IPEndPoint(IPAddress.Any, 0));
            repeaterPort = ((IPEndPoint)repeater.LocalEndPoint!).Port;
        }
        start.Environment["EPICS_CA_ADDR_LIST"] = $"127.0.0.1:{server}";
        start.Environment["EPICS_CA_AUTO_ADDR_LIST"] = "NO";
        start.Environment["EPICS_CA_REPEATER_PORT"] = $"{repeaterPort}";
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        return new CLibraryProcess(Process.Start(start)!, repeater);
    }

    /// <summary>A channel that is found.</summary>
    public async Task<int> ConnectAsync(string name)
    {
        var channel = Open(name);
        Assert.Equal("up", await ToldAsync("connection", channel));
        return channel;
    }

    /// <summary>A channel that is searched for from now on.</summary>
    public int Open(string name)
    {
        var channel = Interlocked.Increment(ref _next);
        Say($"open {channel} {name}");
        return channel;
    }

    public void Close(int channel) => Say($"close {channel}");

    /// <summary>The next thing told of a channel: <c>connection</c>, <c>rights</c>.</summary>
    public Task<string> ToldAsync(string what, int channel) =>
        Told(what, channel).Reader.ReadAsync().AsTask().WaitAsync(Limit, TimeProvider.System);

    public async Task<CAbout> AboutAsync(int channel)
    {
        var w = await AskAsync(tag => $"about {channel} {tag}");
        return new CAbout(
            Number(w[2]), Number(w[3]), Number(w[4]), w[5] == "1", w[6] == "1", w[7],
            double.Parse(w[8], CultureInfo.InvariantCulture));
    }

    public async Task<CValue> GetAsync(int channel, int type, int count) => Value(
        await AskAsync(tag => $"get {tag} {channel} {type} {count}"));

    /// <summary>The status with which a write ended.</summary>
    public async Task<int> PutAsync(int channel, int type, int count, byte[] data) => Number(
        (await AskAsync(tag => $"put {tag} {channel} {type} {count} {Convert.ToHexString(data)}"))[2]);

    /// <summary>The status with which a write that nobody answers was taken.</summary>
    public async Task<int> WriteAsync(int channel, int type, int count, byte[] data) => Number(
        (await AskAsync(tag => $"write {tag} {channel} {type} {count} {Convert.ToHexString(data)}"))[2]);

    /// <summary>What a subscription gets.</summary>
    public (int Tag, ChannelReader<CValue> Values) Watch(int channel, int type, int count, int mask)
    {
        var tag = Interlocked.Increment(ref _next);
        var values = _watched[tag] = Channel.CreateUnbounded<CValue>();
        Say($"watch {tag} {channel} {type} {count} {mask}");
        return (tag, values.Reader);
    }

    public void Unwatch(int tag) => Say($"unwatch {tag}");

    /// <summary>Bytes before the first value, and bytes with one value, of every type.</summary>
    public async Task<(int Offset, int Size)[]> SizesAsync() =>
    [
        .. (await AskAsync(tag => $"sizes {tag}")).Skip(2).Select(s => s.Split(':')).Select(s => (Number(s[0]), Number(s[1]))),
    ];

    /// <summary>What it wrote to standard error, once it has ended in order.</summary>
    public async Task<string> EndAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync().WaitAsync(Limit, TimeProvider.System);
        await _reading;
        var complaints = await _complaints;
        Assert.True(_process.ExitCode == 0, $"the C library's process ended with {_process.ExitCode}:\n{complaints}");
        return complaints;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }
        await _reading;
        _process.Dispose();
        _repeater?.Dispose();
    }

    private static CValue Value(string[] words) => words[0] == "value"
        ? new CValue(Number(words[2]), Number(words[3]), Number(words[4]), Convert.FromHexString(words[5]))
        : new CValue(Number(words[2]), 0, 0, []);

    private static int Number(string word) => int.Parse(word, CultureInfo.InvariantCulture);

    private Channel<string> Told(string what, int channel) =>
        _told.GetOrAdd((what, channel), _ => Channel.CreateUnbounded<string>());

    private async Task<string[]> AskAsync(Func<int, string> line)
    {
        var tag = Interlocked.Increment(ref _next);
        var answer = _asked[tag] = new TaskCompletionSource<string[]>(TaskCreationOptions.RunContinuationsAsynchronously);
        Say(line(tag));
        return await answer.Task.WaitAsync(Limit, TimeProvider.System);
    }

    private void Say(string line)
    {
        lock (_asked)
        {
            _process.StandardInput.WriteLine(line);
            _process.StandardInput.Flush();
        }
    }

    private async Task ReadAsync()
    {
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
            Heard(line.Split(' '), line);
        foreach (var asked in _asked.Values)
            asked.TrySetException(new IOException("the C library's process has ended"));
    }

    private void Heard(string[] words, string line)
    {
        switch (words[0])
        {
            case "connection" or "rights":
                Told(words[0], Number(words[1])).Writer.TryWrite(words[2]);
                break;
            case "exception":
                _exceptions.Writer.TryWrite(line["exception ".Length..]);
                break;
            case "value" when _watched.TryGetValue(Number(words[1]), out var values):
                values.Writer.TryWrite(Value(words));
                break;
            case "ready":
                break;
            default:
                if (_asked.TryRemove(Number(words[1]), out var asked))
                    asked.SetResult(words);
                break;
        }
    }
}
