using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.PandA.Capture;
using Flyscan.Hardware.PandA.Programmes;
using Flyscan.Hardware.PandA.Protocol;
using Flyscan.Hardware.Transport;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.PandA.Driver;

/// <summary>Drives a PandA: connection, safe state, encoders. Staging and recording, and triggering, stand in files beside this
/// one.</summary>
/// <remarks>A pump over <see cref="IConnection"/> and <see cref="IClock"/>: it has no thread, and reconnects only when told.</remarks>
internal sealed partial class PandADriver : ITriggerBox
{
    /// <summary>Nanoseconds per tick that the planner may count on: the 125 MHz of every PandA so far.</summary>
    public const long TickNs = 8;

    /// <summary>Rows that stand in the FPGA's own memory; longer tables are fetched again and again while they run.</summary>
    public const int MostRows = 4096;

    private const long FirstRetryNs = 50_000_000;
    private const long SafeWithinNs = 1_000_000_000;
    private const long SafePollNs = 50_000_000;
    private const long LongestRetryNs = 3_200_000_000;

    private readonly PandASettings _settings;
    private readonly IClock _clock;
    private readonly IPandALine _line;
    private readonly LossNotice _loss;
    private readonly object _gate = new();
    private Box? _box;
    private PandABoxInfo? _info;

    /// <summary>What somebody else wrote to the box since staging; null: nothing.</summary>
    private string? _foreign;
    private IDisposable? _healthWake;

    /// <param name="line">How the box is reached; null: at its own ports.</param>
    public PandADriver(string name, PandASettings settings, DeviceEnvironment environment, IPandALine? line = null)
    {
        (Name, _settings, _loss, _clock) = (name, settings, new LossNotice(name), environment.Clock);
        _line = line ?? new PandAPortLine(name, settings, environment);
    }

    public string Name { get; }

    public event Action<string>? Lost
    {
        add => _loss.Told += value;
        remove => _loss.Told -= value;
    }

    public event Action<long>? Recorded;

    private string Sequencer => _settings.Sequencer;

    /// <summary>The field behind the gate, such as BITS1.A.</summary>
    private PandACommand Gate(bool open) => PandACommand.Set(_settings.Gate, open ? "1" : "0");

    private PandACommand Enable(bool on) => PandACommand.Set($"{Sequencer}.ENABLE", on ? "ONE" : "ZERO");

    /// <remarks>After a loss it is tried again for a while, ever more seldom: a server that restarts takes some seconds.</remarks>
    public Task<Outcome<Nothing>> ConnectAsync(CancellationToken cancel) => RunAsync("connect", async () =>
    {
        Disconnect();
        var lost = _loss.IsLost;
        for (var waitNs = FirstRetryNs; ; waitNs *= 2)
            try
            {
                await OpenAsync(cancel);
                return Done(Nothing.Value);
            }
            catch (Exception refused) when (lost && waitNs < LongestRetryNs && refused is IOException or TimeoutException)
            {
                await _clock.SleepAsync(waitNs, cancel);
            }
    });

    private async Task OpenAsync(CancellationToken cancel)
    {
        var client = await _line.OpenAsync(OnLost, cancel);
        _loss.Clear();
        PandABoxControl? control = null;
        try
        {
            _info = await PandABoxInfo.AskAsync(client, _info, cancel);
            control = new PandABoxControl(client, _info, _clock, OnForeign);
            await control.ListenAsync(_line, cancel);
            var box = await IdentifyAsync(control, cancel);
            lock (_gate)
                _box = box;
            WatchHealth();
            // The connection was lost in mid table: the rest is still wanted.
            StartFeeding(box);
        }
        catch
        {
            control?.Dispose();
            client.Dispose();
            throw;
        }
    }

    private void OnForeign(string what)
    {
        lock (_gate)
            _foreign ??= what;
    }

    public Task<Outcome<Nothing>> MakeSafeAsync(CancellationToken cancel) => RunAsync("make safe", async () =>
    {
        var control = Control();
        await control.DoAsync(cancel, Gate(open: false));
        var isCut = !await EndExposureAsync(cancel);
        _disabled = true;
        StopFeeding();
        await control.DoAsync(cancel, [Enable(on: false), .. OutputsDown()]);
        string[] state;
        var deadlineNs = _clock.NowNs + SafeWithinNs;
        do
            state = await control.DoAsync(
                cancel, PandACommand.Get($"{Sequencer}.ACTIVE"), PandACommand.Get($"{Sequencer}.OUTA"), PandACommand.Get(_settings.Gate));
        while (state is not ["0", "0", "0"] && await IsBeforeAsync(deadlineNs, cancel));
        if (isCut)
            return new Outcome<Nothing>.Failed($"{Name}: {Sequencer} did not stop at the closed gate; it was disabled in an exposure");
        return state is ["0", "0", "0"]
            ? Done(Nothing.Value)
            : new Outcome<Nothing>.Failed($"{Name}: not safe: active {state[0]}, output {state[1]}, gate {state[2]}; all should be 0");
    });

    public Task<Outcome<double>> ReadEncoderAsync(
        string axis, CancellationToken cancel) => RunAsync($"read the encoder of {axis}", async () =>
    {
        var encoder = _settings.Encoders.FirstOrDefault(e => e.Axis == axis);
        if (encoder is null)
            return new Outcome<double>.Refused($"{Name}: axis {axis} has no encoder at this box");
        var counts = (await Control().DoAsync(cancel, PandACommand.Get($"{encoder.Input}.VAL")))[0];
        return Done(Integer($"{encoder.Input}.VAL", counts) * encoder.Scale + encoder.Offset);
    });

    public async ValueTask DisposeAsync()
    {
        Disconnect();
        var recording = TakeRecording();
        if (recording is not null)
            await recording.AbandonAsync();
    }

    /// <summary>Waits a little; false once it is that late.</summary>
    private async Task<bool> IsBeforeAsync(long deadlineNs, CancellationToken cancel)
    {
        await _clock.SleepAsync(SafePollNs, cancel);
        return _clock.NowNs < deadlineNs;
    }

    private static Outcome<T> Done<T>(T value) => new Outcome<T>.Completed(value);

    private static long Integer(string what, string text) =>
        long.TryParse(text, out var value) ? value : throw new IOException($"{what} is not a number: {text}");

    private Task<Outcome<T>> RunAsync<T>(string what, Func<Task<Outcome<T>>> talk) =>
        new Conversation(Name, _settings.ReplyWithinNs).RunAsync(what, talk);

    private PandABoxControl Control() => Connected().Control;

    private Box Connected()
    {
        lock (_gate)
            return _box ?? throw new IOException("not connected");
    }

    private async Task<Box> IdentifyAsync(PandABoxControl control, CancellationToken cancel)
    {
        var answers = await control.DoAsync(
            cancel, PandACommand.Get("*BITS"), PandACommand.Get("*CAPTURE.*"), PandACommand.Get("*CAPTURE.OPTIONS"),
            PandACommand.Get($"{Sequencer}.TABLE.FIELDS"), PandACommand.Get($"{Sequencer}.TABLE.ROW_WORDS"),
            PandACommand.Get($"{Sequencer}.TABLE.MAX_LENGTH"), PandACommand.Get($"{_settings.TriggerOutput}.VAL"));
        var bits = answers[0].Split('\n');
        var rowWords = (int)Integer("ROW_WORDS", answers[4]);
        CheckPresent(bits, answers[1].Split('\n'));
        CheckOptions(answers[2].Split('\n'));
        try
        {
            var layout = new SequencerLayout(answers[3].Split('\n'), rowWords);
            var rows = Math.Min(MostRows, (int)(Integer("MAX_LENGTH", answers[5]) / rowWords));
            return new Box(control, layout, rows, control.Info.TickNs, GateBit(bits)!);
        }
        catch (FormatException error)
        {
            throw new IOException($"{control.Info.Identity}: {error.Message}", error);
        }
    }

    private void CheckPresent(string[] bits, string[] capturable)
    {
        if (_settings.LiveInput is { } live && !bits.Contains(live))
            throw new IOException($"the box has no bit {live}: check live-input");
        if (GateBit(bits) is null)
            throw new IOException($"the box has no soft bit {_settings.Gate}: check gate");
        foreach (var encoder in _settings.Encoders)
            if (!capturable.Contains($"{encoder.Input}.VAL"))
                throw new IOException($"the box has no encoder input {encoder.Input}: check the encoder of axis {encoder.Axis}");
        foreach (var output in _settings.Outputs)
            foreach (var bit in new[] { $"{output.Pulse}.OUT", output.Divider is { } divider ? $"{divider}.OUTD" : null }.OfType<string>())
                if (!bits.Contains(bit))
                    throw new IOException($"the box has no bit {bit}: check outputs.{output.Detector}");
        if (_settings.Compare is { } compare)
            foreach (var bit in new[] { $"{compare.Block}.OUT", $"{compare.Gate}.OUT" })
                if (!bits.Contains(bit))
                    throw new IOException($"the box has no bit {bit}: check position-compare");
        foreach (var detector in _settings.Detectors)
            if (!capturable.Contains(detector.Capture))
                throw new IOException($"the box cannot capture {detector.Capture}: check detector {detector.Name}");
    }

    /// <summary>Standard deviations are not in every box's firmware.</summary>
    private void CheckOptions(string[] offered)
    {
        foreach (var option in new CapturePlan(_settings.Encoders, _settings.Detectors).Options)
            if (!offered.Contains(option))
                throw new IOException(
                    $"the box cannot capture {option} (it offers {string.Join(' ', offered)}): "
                        + "check axis-captures and the detectors' options");
    }

    /// <summary>The bus name of the gate's output: BITS1.A drives BITS1.OUTA, or BITS.OUTA where there is one such block.</summary>
    private string? GateBit(string[] bits)
    {
        var at = _settings.Gate.IndexOf('.');
        var (block, letter) = (_settings.Gate[..at], _settings.Gate[(at + 1)..]);
        var names = new[] { $"{block}.OUT{letter}", $"{block.TrimEnd('1')}.OUT{letter}" };
        return names.FirstOrDefault(bits.Contains);
    }

    /// <summary>Asks now and then, so that a box that went silent is noticed by its missing answer.</summary>
    private void WatchHealth()
    {
        lock (_gate)
        {
            _healthWake?.Dispose();
            _healthWake = _box is null ? null : _clock.WakeAt(_clock.NowNs + _settings.HealthPeriodNs, AskHealth);
        }
    }

    private void AskHealth()
    {
        Box? box;
        lock (_gate)
            box = _box;
        if (box is null)
            return;
        _ = box.Control.SendAsync([PandACommand.Get("*PCAP.STATUS")], CancellationToken.None);
        WatchHealth();
    }

    private void OnLost(string reason) => _loss.Tell(reason, Disconnect);

    /// <summary>Closes both connections; what is recorded stays open for an adoption.</summary>
    private void Disconnect()
    {
        Box? box;
        PandARecording? recording;
        lock (_gate)
        {
            (box, recording) = (_box, _recording);
            _box = null;
            _healthWake?.Dispose();
            _healthWake = null;
        }
        box?.Control.Dispose();
        recording?.Detach();
    }

    /// <summary>A connected box and what was learnt of it.</summary>
    private sealed record Box(PandABoxControl Control, SequencerLayout Layout, int Rows, long TickNs, string GateBit);
}
