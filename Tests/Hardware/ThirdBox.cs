using System.Globalization;
using System.Text;
using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Simulation;
using Flyscan.Hardware.Transport;
using Flyscan.Scanning.Planning;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Triggering;
using Flyscan.Scanning.Units;
using Flyscan.Tests.Hardware.PandA;

namespace Flyscan.Tests.Hardware;

/// <summary>A made-up trigger box in one file, as docs/how-to/add-a-trigger-box.md has it made.</summary>
/// <remarks>It emits equal pulses and keeps the time of each until it is cleared. Its lines: <c>clear SESSION</c>, <c>load MARK COUNT
/// EXPOSURE PERIOD</c>, <c>go</c>, <c>halt</c> (after the exposure), <c>stop</c> (at once), <c>status</c>, <c>rows FROM</c>.</remarks>
internal sealed class MetronomeFactory : IDeviceFactory
{
    public string Kind => "metronome";

    public DeviceDescription Describe(string name, ISettings settings)
    {
        settings.AllowOnly("kind", "host", "port");
        return new DeviceDescription
        {
            Box = new TriggerBoxDescription(name, TickNs: 1, TableRows: 1, MaxRepeats: int.MaxValue, HasLiveInput: false)
            {
                HasGate = true,
                EqualFramesOnly = true,
                MaxWindows = 1,
            },
        };
    }

    public IDevice Create(string name, ISettings settings, DeviceEnvironment environment) =>
        new MetronomeDriver(name, settings.Text("host"), (int)settings.Integer("port", 1, 65535), environment);
}

internal sealed class MetronomeDriver(string name, string host, int port, DeviceEnvironment environment) : ITriggerBox
{
    private const long PollNs = 20_000_000;
    private const long MarginNs = 2_000_000_000;
    private readonly Queue<TaskCompletionSource<string>> _asked = new();
    private IConnection? _connection;
    private Task _turn = Task.CompletedTask;
    private string _text = "";
    private IFrameStore? _store;
    private Segment? _segment;
    private string? _session;
    private long _first;
    private long _watch = long.MaxValue;
    private TakeMark _loaded;
    private bool _enabled;

    public event Action<string>? Lost;
    public event Action<long>? Recorded;
    public string Name => name;
    public bool WritesHere => true;
    public bool HoldsSession(string session) => _store is not null && _session == session;
    public void WatchFor(long recorded) => _watch = recorded;

    public Task<Outcome<Nothing>> ConnectAsync(CancellationToken cancel) => DoAsync(async () =>
    {
        _connection = await environment.Connector.ConnectAsync(host, port, cancel);
        _text = "";
        _connection.Start(Receive, cause => Lose(cause?.Message ?? "closed"));
        await StatusOfBoxAsync();
        return Nothing.Value;
    });

    public Task<Outcome<Nothing>> MakeSafeAsync(CancellationToken cancel) => DoAsync(async () =>
    {
        await AskAsync("stop");
        return (await StatusOfBoxAsync()).Phase == BoxPhase.Idle ? Nothing.Value : throw new IOException("it runs after stop");
    });

    public Task<Outcome<RecorderSession>> StageAsync(RecorderStaging staging, CancellationToken cancel) => DoAsync(async () =>
    {
        await AskAsync("stop");
        return await OpenAsync(staging, $"{staging.ScanUid}/{staging.Segment}", 0, cancel, clear: true);
    });

    public Task<Outcome<AdoptedSession?>> AdoptAsync(
        RecorderStaging staging, string session, long alreadyRecorded, CancellationToken cancel) => DoAsync<AdoptedSession?>(async () =>
    {
        if ((await FieldsAsync())[3] != session)
            return null;
        if (HoldsSession(session))
            return new(new(session, _segment!, []) { ClockZeroNs = 0 }, false, _first);
        return new(await OpenAsync(staging, session, alreadyRecorded, cancel, clear: false), true, alreadyRecorded);
    });

    public Task<Outcome<RecorderStatus>> ArmAsync(long frames, CancellationToken cancel) => DoAsync(async () =>
    {
        var status = await StatusAsync();
        return status is { Accepting: true } ? status : throw new IOException($"does not accept triggers: {status.Fault ?? "not staged"}");
    });

    public Task<Outcome<RecorderStatus>> GetStatusAsync(CancellationToken cancel) => DoAsync(StatusAsync);

    public Task<Outcome<RecorderStatus>> FlushAsync(CancellationToken cancel) => DoAsync(async () =>
    {
        await PullAsync(flush: true);
        return await StatusAsync();
    });

    public Task<Outcome<long>> UnstageAsync(EquatableArray<SavedSetting> restore, CancellationToken cancel) => DoAsync(async () =>
    {
        await AskAsync("stop");
        await PullAsync(flush: true);
        var frames = _store is null ? 0 : await _store.CloseAsync(cancel);
        (_store, _session) = (null, null);
        return frames;
    });

    public Task<Outcome<BoxStatus>> LoadAsync(TakeMark mark, TriggerProgramme programme, CancellationToken cancel) => DoAsync(async () =>
    {
        if (programme.Windows is not [{ WaitForLive: false, Compare: null, Trains: [var train] }])
            throw new IOException("a metronome has one train of equal pulses, and waits for nothing");
        _enabled = false;
        await AskAsync(FormattableString.Invariant($"load {mark.Value} {train.Count} {train.ExposureNs} {train.PeriodNs}"));
        _loaded = mark;
        return await StatusOfBoxAsync();
    });

    public Task<Outcome<BoxStatus>> EnableAsync(TakeMark mark, CancellationToken cancel)
    {
        if (mark != _loaded || _enabled)
            return Task.FromResult<Outcome<BoxStatus>>(new Outcome<BoxStatus>.Refused($"{name}: take mark {mark.Value} is not loaded"));
        _enabled = true;
        return DoAsync(async () =>
        {
            await AskAsync("go");
            Watch();
            return await StatusOfBoxAsync();
        });
    }

    public Task<Outcome<BoxStatus>> GetBoxStatusAsync(CancellationToken cancel) => DoAsync(StatusOfBoxAsync);

    public async Task<Outcome<BoxStatus>> WaitDoneAsync(TakeMark mark, long expectedNs, CancellationToken cancel)
    {
        var overdueNs = environment.Clock.NowNs + expectedNs + MarginNs;
        var outcome = await DoAsync(StatusOfBoxAsync);
        while (outcome is Outcome<BoxStatus>.Completed { Value.Phase: BoxPhase.Running })
        {
            if (environment.Clock.NowNs > overdueNs)
                return new Outcome<BoxStatus>.TimedOut($"{name}: the end of the pulses", expectedNs + MarginNs);
            if (!await SleptAsync(PollNs / 4, cancel))
                return new Outcome<BoxStatus>.Cancelled();
            outcome = await DoAsync(StatusOfBoxAsync);
        }
        return outcome;
    }

    public async Task<Outcome<BoxStatus>> HaltAsync(CancellationToken cancel)
    {
        var asked = await DoAsync(() => AskAsync("halt"));
        return asked is Outcome<string>.Completed ? await WaitDoneAsync(_loaded, 0, cancel) : asked.As<BoxStatus>();
    }

    public Task<Outcome<EquatableArray<long>>> ExposureStartsAsync(long position, long count, CancellationToken cancel) => DoAsync(
        async () => (await (_store ?? throw new IOException("not staged"))
            .ReadIntegersAsync("/entry/data/timestamp_start", position, count, cancel)).ToEquatableArray());

    public Task<Outcome<double>> ReadEncoderAsync(string axis, CancellationToken cancel) =>
        DoAsync<double>(() => throw new IOException("a metronome reads no encoders"));

    public async ValueTask DisposeAsync()
    {
        _connection?.Dispose();
        await (_store?.DisposeAsync() ?? ValueTask.CompletedTask);
    }

    private async Task<RecorderSession> OpenAsync(
        RecorderStaging staging, string session, long first, CancellationToken cancel, bool clear)
    {
        if (clear)
            await AskAsync($"clear {session}");
        var path = $"data/{name}.{staging.Segment:0000}.h5";
        string[] keys = ["timestamp_start", "frame_number"];
        _store = await environment.Stores.CreateAsync(
            new(Path.Combine(staging.RunFolder, path), [.. keys.Select(k => new DatasetSpec("/entry/data/" + k, "<i8", [], 64))], []),
            cancel);
        (_session, _first, _loaded, _enabled) = (session, first, default, false);
        _segment = new Segment(name, staging.Segment, path,
            [.. keys.Select(k => new SegmentDataset(k, "/entry/data/" + k, "<i8", [], null, Role(k), null, 64))]);
        return new RecorderSession(session, _segment, []) { ClockZeroNs = 0 };
    }

    private static string Role(string key) => key == "frame_number" ? "identity" : "timestamp";
    private void Tell(long recorded) => Recorded?.Invoke(recorded);

    private async Task PullAsync(bool flush)
    {
        if (_store is not { } store)
            return;
        while (await AskAsync($"rows {_first + store.Written}") is var text && text != "-")
        {
            var stamps = text.Split(' ').Select(long.Parse).ToArray();
            var numbers = stamps.Select((_, i) => _first + store.Written + i).ToArray();
            await store.AppendAsync([Bytes(stamps), Bytes(numbers)], stamps.Length, CancellationToken.None);
        }
        if (flush || store.Written >= _watch || store.Written >= store.Recorded + 10)
            Tell(await store.FlushAsync(flush, CancellationToken.None));
    }

    private static byte[] Bytes(long[] values) => System.Runtime.InteropServices.MemoryMarshal.AsBytes(values.AsSpan()).ToArray();
    private void Watch() => After(PollNs, async () =>
    {
        if (_connection is not null && _store is not null && await DoAsync(StatusOfBoxAsync) is Outcome<BoxStatus>.Completed running
            && running.Value.Phase == BoxPhase.Running)
            Watch();
    });

    private async Task<RecorderStatus> StatusAsync()
    {
        var fields = await FieldsAsync();
        var fault = fields[4] == "-" ? null : fields[4];
        return new RecorderStatus(
            _session, _session is not null && fault is null, long.Parse(fields[2], CultureInfo.InvariantCulture) - _first,
            _store?.Recorded ?? 0, [], false, fault);
    }

    private async Task<BoxStatus> StatusOfBoxAsync()
    {
        await PullAsync(flush: false);
        var fields = await FieldsAsync();
        var phase = fields[0] == "running" ? BoxPhase.Running : BoxPhase.Idle;
        return new BoxStatus(phase, new TakeMark(int.Parse(fields[1])), long.Parse(fields[2]), fields[4] == "-" ? null : fields[4]);
    }

    private async Task<string[]> FieldsAsync() => (await AskAsync("status")).Split(' ', 5);

    private async Task<bool> SleptAsync(long ns, CancellationToken cancel)
    {
        var slept = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var wake = After(ns, () => slept.TrySetResult(true));
        using var given = cancel.Register(() => slept.TrySetResult(false));
        return await slept.Task;
    }

    private async Task<string> AskAsync(string line)
    {
        var connection = _connection ?? throw new IOException("not connected");
        var answer = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        _asked.Enqueue(answer);
        connection.Send(Encoding.ASCII.GetBytes(line + "\n"));
        using var late = After(MarginNs, () => answer.TrySetException(new IOException($"no answer to {line}")));
        return await answer.Task;
    }

    private IDisposable After(long ns, Action wake) => environment.Clock.WakeAt(environment.Clock.NowNs + ns, wake);

    private void Receive(ReadOnlyMemory<byte> bytes)
    {
        var lines = (_text + Encoding.ASCII.GetString(bytes.Span)).Split('\n');
        _text = lines[^1];
        foreach (var line in lines[..^1].Where(_ => _asked.Count > 0))
            _asked.Dequeue().TrySetResult(line);
    }

    private void Lose(string reason)
    {
        _connection = null;
        foreach (var asked in _asked)
            asked.TrySetException(new IOException(reason));
        _asked.Clear();
        Lost?.Invoke($"{name}: {reason}");
    }

    private async Task<Outcome<T>> DoAsync<T>(Func<Task<T>> work)
    {
        var mine = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        (var before, _turn) = (_turn, mine.Task);
        await before;
        try
        {
            return new Outcome<T>.Completed(await work());
        }
        catch (IOException error)
        {
            return new Outcome<T>.Failed($"{name}: {error.Message}");
        }
        finally
        {
            mine.SetResult();
        }
    }
}

internal sealed class MetronomeSimulator(ISimulationClock clock)
{
    private readonly List<long> _starts = [];
    private IDisposable? _next;
    private (int Mark, long Count, long ExposureNs, long PeriodNs) _programme;
    private string _session = "-";
    private long _left;
    private bool _halting;

    public string Fault { get; set; } = "-";
    public bool Output { get; private set; }
    public List<(long AtNs, bool High)> Edges { get; } = [];

    public void Serve(IConnection connection)
    {
        var text = "";
        connection.Start(
            bytes =>
            {
                text += Encoding.ASCII.GetString(bytes.Span);
                for (var end = text.IndexOf('\n'); end >= 0; text = text[(end + 1)..], end = text.IndexOf('\n'))
                    connection.Send(Encoding.ASCII.GetBytes(Answer(text[..end].Split(' ')) + "\n"));
            },
            _ => connection.Dispose());
    }

    private string Answer(string[] words)
    {
        switch (words[0])
        {
            case "status":
                return $"{(_next is null ? "idle" : "running")} {_programme.Mark} {_starts.Count} {_session} {Fault}";
            case "rows":
                var rows = string.Join(' ', _starts.Skip(int.Parse(words[1])).Take(100));
                return rows.Length == 0 ? "-" : rows;
            case "clear":
                _session = words[1];
                _starts.Clear();
                break;
            case "load":
                _programme = (int.Parse(words[1]), long.Parse(words[2]), long.Parse(words[3]), long.Parse(words[4]));
                break;
            case "go":
                (_left, _halting) = (_programme.Count, false);
                Rise();
                break;
            case "halt" when Output:
                _halting = true;
                break;
            default:
                Stop();
                break;
        }
        return "ok";
    }

    private void Rise()
    {
        var rose = clock.NowNs;
        _starts.Add(rose);
        Set(true);
        _next = clock.At(rose + _programme.ExposureNs, () =>
        {
            Set(false);
            _next = --_left == 0 || _halting ? null : clock.At(rose + _programme.PeriodNs, Rise);
        });
    }

    private void Stop()
    {
        _next?.Dispose();
        _next = null;
        Set(false);
    }

    private void Set(bool high)
    {
        if (high != Output)
            Edges.Add((clock.NowNs, high));
        Output = high;
    }
}

public sealed class MetronomeContractTests : TriggerBoxContract
{
    private protected override ITriggerBoxBench NewBench() => new Bench();

    private sealed class Bench : ITriggerBoxBench
    {
        private readonly MemoryNetwork _network;
        private readonly MetronomeSimulator _box;

        public Bench()
        {
            (_network, _box) = (new MemoryNetwork(World.Post), new MetronomeSimulator(World));
            _network.Listen(1, _box.Serve);
            Driver = NewDriver();
        }
        public FakeWorld World { get; } = new();
        public TestFrameStores Stores { get; } = new();
        public ITriggerBox Driver { get; private set; }
        public bool Output => _box.Output;
        public IReadOnlyList<(long AtNs, bool High)> Edges => _box.Edges;
        public ITriggerBox NewDriver() =>
            Driver = new MetronomeDriver("metronome", "box", 1, new(World, _network, Stores, 1, EndpointOverrides.None));
        public void Cut() => _network.Cut();
        public string Break() => _box.Fault = "the pendulum is stuck";
    }
}
