using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Transport;
using Flyscan.Hardware.Zebra.Protocol;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Zebra;

/// <summary>Drives a Zebra: connection, safe state, encoders. Staging, recording and triggering stand in files beside this one.</summary>
/// <remarks>
/// Exposures: PC_PULSE and a soft input make AND n; its rising edge sets GATE n, the falling edge of PC_PULSE resets it, and GATE n drives
/// the output. With the soft input low no exposure begins, and one under way is finished. A pump over <see cref="IConnection"/> and
/// <see cref="IClock"/>: it has no thread, and reconnects only when told.
/// </remarks>
internal sealed partial class ZebraDriver : ITriggerBox, IZebraListener
{
    private const long PollNs = 2_000_000;
    private const long LongestPollNs = 50_000_000;
    private const long SafeWithinNs = 2_000_000_000;

    private readonly ZebraSettings _settings;
    private readonly IClock _clock;
    private readonly IZebraLine _line;
    private readonly IFrameStoreFactory _stores;
    private readonly double _timeScale;
    private readonly LossNotice _loss;
    private readonly object _gate = new();
    private IZebraLink? _client;
    private IDisposable? _healthWake;
    private Task _turn = Task.CompletedTask;

    public ZebraDriver(string name, ZebraSettings settings, DeviceEnvironment environment, IZebraLine line)
    {
        (Name, _settings, _timeScale, _loss) = (name, settings, environment.TimeScale, new LossNotice(name));
        (_clock, _line, _stores) = (environment.Clock, line, environment.Stores);
    }

    /// <summary>Over the box's own line.</summary>
    public ZebraDriver(string name, ZebraSettings settings, DeviceEnvironment environment)
        : this(name, settings, environment, new ZebraSerialLine(settings, environment.Clock, environment.Connector))
    {
    }

    public string Name { get; }

    public event Action<string>? Lost
    {
        add => _loss.Told += value;
        remove => _loss.Told -= value;
    }

    public event Action<long>? Recorded;

    private ushort GateMask => (ushort)(1 << (_settings.Blocks - 1));

    public Task<Outcome<Nothing>> ConnectAsync(CancellationToken cancel) => InTurnAsync("connect", async () =>
    {
        Disconnect();
        var client = await _line.OpenAsync(this, _loss.Clear, cancel);
        client.Expect(Recording()?.Capture.BitCap ?? 0);
        try
        {
            var version = await client.ReadAsync(ZebraRegister.SysVer, cancel);
            if (version is 0 or ushort.MaxValue)
                throw new IOException($"the firmware calls itself 0x{version:X}: this is not a Zebra");
        }
        catch
        {
            client.Dispose();
            throw;
        }
        lock (_gate)
            _client = client;
        WatchHealth();
        return Done(Nothing.Value);
    });

    public Task<Outcome<Nothing>> MakeSafeAsync(CancellationToken cancel) => InTurnAsync("make safe", async () =>
    {
        var client = Client();
        await QuietAsync(client, cancel, prove: true);
        return Done(Nothing.Value);
    });

    public Task<Outcome<double>> ReadEncoderAsync(string axis, CancellationToken cancel)
    {
        if (_settings.Encoders.FirstOrDefault(e => e.Axis == axis) is not { } encoder)
            return Task.FromResult<Outcome<double>>(
                new Outcome<double>.Refused($"{Name}: axis {axis} has no encoder at this box"));
        return InTurnAsync($"read the encoder of {axis}", async () =>
        {
            var words = await ProbeAsync(cancel);
            return words is null
                ? new Outcome<double>.Refused($"{Name}: encoders are read by a capture of their own: stage first, and not while armed")
                : Done(encoder.PositionAt(Recording()!.Capture.CountsOf(words, encoder.Channel)));
        });
    }

    public async ValueTask DisposeAsync()
    {
        Disconnect();
        if (TakeRecording() is { } recording)
            await recording.Recorder.AbandonAsync();
    }

    void IZebraListener.Lost(string reason) => _loss.Tell(reason, Disconnect);

    private static Outcome<T> Done<T>(T value) => new Outcome<T>.Completed(value);

    private IZebraLink Client()
    {
        lock (_gate)
            return _client ?? throw new IOException("not connected");
    }

    /// <summary>Closes the gate, disarms, and sees that no exposure is under way.</summary>
    /// <param name="prove">By levels of the bus that are read after that, however long they take to come.</param>
    private async Task QuietAsync(IZebraLink client, CancellationToken cancel, bool prove = false)
    {
        await OpenGateAsync(client, false, cancel);
        await WriteAsync(client, ZebraRegister.PcDisarm, 1, cancel);
        var sinceNs = prove ? _clock.NowNs : long.MinValue;
        var deadline = _clock.NowNs + SafeWithinNs + client.StatusLagNs;
        // Before staging the blocks are somebody else's, and what they hold says nothing.
        var ours = Recording() is not null;
        while (await client.IsArmedAsync(cancel) || prove && await client.IsHighAsync(ZebraRegister.BusArm, sinceNs, cancel)
            || ours && await IsExposingAsync(client, sinceNs, cancel))
        {
            if (_clock.NowNs > deadline)
                throw new IOException("not safe: still armed, or its output still high, after PC_DISARM");
            await _clock.SleepAsync(PollNs, cancel);
        }
    }

    /// <summary>The soft input that lets pulses through; the other three belong to others.</summary>
    private async Task OpenGateAsync(IZebraLink client, bool open, CancellationToken cancel)
    {
        var soft = await client.ReadAsync(ZebraRegister.SoftIn, cancel);
        await WriteAsync(client, ZebraRegister.SoftIn, open ? soft | GateMask : soft & ~GateMask, cancel);
    }

    private static Task WriteAsync(IZebraLink client, byte address, int value, CancellationToken cancel) =>
        client.WriteAsync(new ZebraWord(address, (uint)value, false), cancel);

    private Task<bool> IsExposingAsync(IZebraLink client, long sinceNs, CancellationToken cancel) =>
        client.IsHighAsync(ZebraRegister.BusGate(_settings.Blocks), sinceNs, cancel);

    /// <summary>Asks now and then, so that a box that went silent is noticed by its missing answer.</summary>
    private void WatchHealth()
    {
        lock (_gate)
        {
            _healthWake?.Dispose();
            _healthWake = _client is null ? null : _clock.WakeAt(_clock.NowNs + _settings.HealthPeriodNs, AskHealth);
        }
    }

    private void AskHealth()
    {
        IZebraLink? client;
        lock (_gate)
            client = _client;
        if (client is null)
            return;
        client.AskHealth();
        WatchHealth();
    }

    /// <summary>Closes the connection; what is recorded stays open for an adoption.</summary>
    private void Disconnect()
    {
        IZebraLink? client;
        lock (_gate)
        {
            client = _client;
            _client = null;
            _healthWake?.Dispose();
            _healthWake = null;
        }
        client?.Dispose();
    }

    /// <summary>What changes the box is done one at a time.</summary>
    private async Task<Outcome<T>> InTurnAsync<T>(string what, Func<Task<Outcome<T>>> talk)
    {
        var mine = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Task before;
        lock (_gate)
            (before, _turn) = (_turn, mine.Task);
        await before;
        try
        {
            return await RunAsync(what, talk);
        }
        finally
        {
            mine.SetResult();
        }
    }

    private Task<Outcome<T>> RunAsync<T>(string what, Func<Task<Outcome<T>>> talk) =>
        new Conversation(Name, _settings.ReplyWithinNs).RunAsync(what, talk);
}
