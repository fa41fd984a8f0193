using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Zebra.Protocol;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Zebra;

/// <content>Staging: what is set for a scan, verified, and put back.</content>
internal sealed partial class ZebraDriver
{
    private static readonly byte[] ProgrammeRegisters =
    [
        ZebraRegister.PcEnc, ZebraRegister.PcTsPre, ZebraRegister.PcGateInp, ZebraRegister.PcGateSel, ZebraRegister.PcDir,
        ZebraRegister.PcGateStart, ZebraRegister.PcGateStart + 1, ZebraRegister.PcGateWid, ZebraRegister.PcGateWid + 1,
        ZebraRegister.PcGateNGate, ZebraRegister.PcGateNGate + 1, ZebraRegister.PcGateStep, ZebraRegister.PcGateStep + 1,
        ZebraRegister.PcPulseStart, ZebraRegister.PcPulseStart + 1, ZebraRegister.PcPulseWid, ZebraRegister.PcPulseWid + 1,
        ZebraRegister.PcPulseStep, ZebraRegister.PcPulseStep + 1, ZebraRegister.PcPulseMax, ZebraRegister.PcPulseMax + 1,
    ];

    /// <summary>What every register of ours should hold, so that a foreign write is seen.</summary>
    private readonly SortedDictionary<byte, ushort> _held = [];

    public Task<Outcome<EquatableArray<SavedSetting>>> ReadSettingsAsync(RecorderStaging staging, CancellationToken cancel) =>
        InTurnAsync("read the settings", async () =>
        {
            var client = Client();
            var capture = new ZebraCapture(_settings, _settings.Detectors.Where(d => staging.Detectors.Contains(d.Name)));
            var words = StagedWords(capture, await client.ReadAsync(ZebraRegister.Polarity, cancel));
            return Done((await SaveAsync(client, words, cancel)).ToEquatableArray());
        });

    public Task<Outcome<RecorderSession>> StageAsync(RecorderStaging staging, CancellationToken cancel) => InTurnAsync("stage", async () =>
    {
        var client = Client();
        if (Recording() is not null)
            return new Outcome<RecorderSession>.Refused($"{Name}: already staged: unstage first");
        await QuietAsync(client, cancel);
        if (await client.ReadAsync(ZebraRegister.SysStatErr, cancel) != 0)
            await WriteAsync(client, ZebraRegister.SysReset, 1, cancel);
        var capture = new ZebraCapture(_settings, _settings.Detectors.Where(d => staging.Detectors.Contains(d.Name)));
        var words = StagedWords(capture, await client.ReadAsync(ZebraRegister.Polarity, cancel));
        var saved = await SaveAsync(client, words, cancel);
        RecordingState? recording = null;
        try
        {
            _held.Clear();
            client.Expect(capture.BitCap);
            await ApplyAsync(client, words, cancel);
            await ResetGateAsync(client, cancel);
            await ApplyAsync(client, [Output], cancel);
            await VerifyAsync(client, cancel);
            recording = await OpenAsync(staging, capture, cancel);
        }
        catch (Exception error) when (error is IOException or TimeoutException or OperationCanceledException)
        {
            await UndoAsync(client, saved);
            throw;
        }
        lock (_gate)
            (_recording, _programme, _flight, _enabled) = (recording, null, null, false);
        return Done(new RecorderSession(recording.Session, recording.Segment, saved.ToEquatableArray())
        {
            ClockZeroNs = recording.ClockZeroNs,
        });
    });

    public Task<Outcome<long>> UnstageAsync(EquatableArray<SavedSetting> restore, CancellationToken cancel) =>
        InTurnAsync("unstage", async () =>
        {
            var client = Client();
            await QuietAsync(client, cancel);
            if (Flight() is { IsOver: false } flight)
                await EndFlightAsync(client, flight, cancel);
            var recording = TakeRecording();
            var frames = recording is null ? 0 : await CloseFileAsync(recording, cancel);
            _held.Clear();
            foreach (var word in ZebraWord.Of(restore))
                await client.WriteAsync(word, cancel);
            var problem = recording?.Fault
                ?? (recording is not null && frames != recording.Recorder.Accepted
                    ? $"the file has {frames} frames, {recording.Recorder.Accepted} came"
                    : null);
            return problem is null ? Done(frames) : new Outcome<long>.Failed($"{Name}: {problem}");
        });

    private static async Task<long> CloseFileAsync(RecordingState recording, CancellationToken cancel)
    {
        if (recording.Recorder.Fault is null)
            return await recording.Recorder.CloseAsync(cancel);
        await recording.Recorder.AbandonAsync();
        return recording.Recorder.Recorded;
    }

    /// <summary>What is set for every scan, in order.</summary>
    private List<ZebraWord> StagedWords(ZebraCapture capture, ushort polarity)
    {
        var n = _settings.Blocks;
        // GATE n is set by a rising and reset by a falling edge, DIV n counts rising ones; the other blocks keep theirs.
        var edges = polarity & ~(1 << (n - 1)) & ~(1 << (8 + n - 1)) | 1 << (4 + n - 1);
        return
        [
            new(ZebraRegister.AndInv(n), 0, false), new(ZebraRegister.AndEna(n), 0b0011, false),
            new(ZebraRegister.AndInp(n, 1), ZebraRegister.BusPulse, false),
            new(ZebraRegister.AndInp(n, 2), (uint)ZebraRegister.BusSoftIn(n), false),
            new(ZebraRegister.GateSet(n), (uint)ZebraRegister.BusAnd(n), false),
            new(ZebraRegister.GateReset(n), ZebraRegister.BusPulse, false), new(ZebraRegister.Polarity, (uint)edges, false),
            new(ZebraRegister.DivDivisor(n), uint.MaxValue, true), new(ZebraRegister.DivInp(n), ZebraRegister.BusPulse, false),
            new(ZebraRegister.DivInp(_settings.MarkBlock), 0, false), new(ZebraRegister.DivDivisor(_settings.MarkBlock), 0, true),
            new(ZebraRegister.PcArmSel, 0, false),
            new(ZebraRegister.PcPulseSel, 1, false), new(ZebraRegister.PcPulseDly, 0, true),
            new(ZebraRegister.PcBitCap, capture.BitCap, false),
        ];
    }

    /// <summary>Connected last and taken off first: blocks that are being set may change level, and detectors must not see it.</summary>
    private ZebraWord Output => new(_settings.TriggerOutput, (uint)ZebraRegister.BusGate(_settings.Blocks), false);

    /// <summary>GATE n keeps the level that its last user left; a falling edge of our soft input takes it down.</summary>
    private async Task ResetGateAsync(IZebraLink client, CancellationToken cancel)
    {
        if (!await IsExposingAsync(client, _clock.NowNs, cancel))
            return;
        var reset = ZebraRegister.GateReset(_settings.Blocks);
        await WriteAsync(client, reset, ZebraRegister.BusSoftIn(_settings.Blocks), cancel);
        await OpenGateAsync(client, true, cancel);
        await OpenGateAsync(client, false, cancel);
        await WriteAsync(client, reset, ZebraRegister.BusPulse, cancel);
        if (await IsExposingAsync(client, _clock.NowNs, cancel))
            throw new IOException($"GATE{_settings.Blocks} stays high: somebody else writes to the box");
    }

    /// <summary>Old values of everything that staging and programmes change, in the order in which they are put back.</summary>
    private async Task<List<SavedSetting>> SaveAsync(IZebraLink client, List<ZebraWord> words, CancellationToken cancel)
    {
        byte[] first = [_settings.TriggerOutput, ZebraRegister.GateSet(_settings.Blocks), ZebraRegister.GateReset(_settings.Blocks)];
        byte[] addresses = [.. first.Union(words.SelectMany(w => w.Writes).Select(w => w.Address).Union(ProgrammeRegisters).Order())];
        var values = await client.ReadAsync(addresses, cancel);
        return [.. addresses.Select((address, i) => new SavedSetting($"{address:X2}", $"{values[i]:X4}"))];
    }

    /// <summary>Writes what differs from what is held.</summary>
    private async Task ApplyAsync(IZebraLink client, IEnumerable<ZebraWord> words, CancellationToken cancel)
    {
        foreach (var word in words)
        {
            var writes = word.Writes.ToList();
            if (writes.TrueForAll(w => _held.TryGetValue(w.Address, out var held) && held == w.Value))
                continue;
            await client.WriteAsync(word, cancel);
            foreach (var (address, value) in writes)
                _held[address] = value;
        }
    }

    /// <summary>Every register of ours reads as it was set.</summary>
    private async Task VerifyAsync(IZebraLink client, CancellationToken cancel)
    {
        if (await ForeignAsync(client, cancel) is { } foreign)
            throw new IOException(foreign);
    }

    /// <summary>What reads otherwise than it was set; null where nothing does.</summary>
    private async Task<string?> ForeignAsync(IZebraLink client, CancellationToken cancel)
    {
        var held = _held.ToList();
        var read = await client.ReadAsync([.. held.Select(h => h.Key)], cancel);
        for (var i = 0; i < read.Length; i++)
            if (read[i] != held[i].Value)
                return $"register {held[i].Key:X2} was set to {held[i].Value:X4} and reads {read[i]:X4}: somebody else writes to the box";
        return null;
    }

    private async Task UndoAsync(IZebraLink client, List<SavedSetting> saved)
    {
        _held.Clear();
        try
        {
            foreach (var word in ZebraWord.Of(saved))
                await client.WriteAsync(word, CancellationToken.None);
        }
        catch (Exception error) when (error is IOException or TimeoutException)
        {
            // The reason why staging failed is what the caller is told; a lost connection cannot be undone on.
            return;
        }
    }
}
