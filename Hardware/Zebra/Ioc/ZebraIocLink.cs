using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Epics;
using Flyscan.Hardware.Transport;
using Flyscan.Hardware.Zebra.Protocol;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Zebra.Ioc;

/// <summary>A box's registers as the records of its IOC: set-points in counts, and what the IOC read back from the box. Its samples stand
/// in a file beside this one.</summary>
/// <remarks>
/// An IOC reads a register back after each write of its own, so that a readback is the box's; one that was changed behind the IOC's back
/// is seen within a minute. Levels of the bus and the count of pulses are read once a second.
/// <b>Source</b> EPICS module zebra: its templates and driver.
/// </remarks>
internal sealed partial class ZebraIocLink : IZebraLink
{
    private const long ConnectWithinNs = 10_000_000_000;
    private const int MostWrites = 3;
    private const long ReadBackPollNs = 2_000_000;

    private readonly ZebraIocSettings _settings;
    private readonly IPvClient _client;
    private readonly IClock _clock;
    private readonly ZebraIocCapture _capture;
    private readonly IZebraListener _listener;
    private readonly object _gate = new();
    private readonly Dictionary<string, IPvChannel> _channels = new(StringComparer.Ordinal);
    private bool _isStarted;
    private bool _isOver;

    public ZebraIocLink(
        ZebraIocSettings settings, IPvClient client, IClock clock, ZebraIocCapture capture, IZebraListener listener) =>
        (_settings, _client, _clock, _capture, _listener) = (settings, client, clock, capture, listener);

    public long StatusLagNs => _settings.StatusWithinNs;

    private string Divider => $"PC_DIV{_settings.Box.Blocks}";

    public void Expect(ushort bitCap) => _capture.BitCap = bitCap;

    /// <summary>Finds all records that a scan needs, and sees that the IOC has its box.</summary>
    public async Task ConnectAsync(CancellationToken cancel)
    {
        var used = Used().Distinct().Select(Channel).ToList();
        foreach (var channel in used)
            Result(await channel.ConnectAsync(ConnectWithinNs, cancel));
        // A bi record that says no is in alarm, and still says what it says.
        if ((await ReadAsync("CONNECTED", cancel, invalid: true)).AsNumber() != 1)
            throw new IOException($"{Name("CONNECTED")}: the IOC has lost its box");
        if ((await ReadAsync("INITIAL_POLL_DONE", cancel, invalid: true)).AsNumber() != 1)
            throw new IOException($"{Name("INITIAL_POLL_DONE")}: the IOC has not read all registers yet: wait a minute");
        if (Channel(Divider).Info is { Count: var holds } && holds < _settings.ArrayLength)
            throw new IOException($"{Name(Divider)} holds {holds} samples, and array-length says {_settings.ArrayLength}: set it to that");
        if (_capture is { IsUnderWay: true, IsProved: true })
            _capture.IsOrphaned = await ReadNumberAsync("ARRAY_ACQ", cancel) == 0
                && await IsHighAsync(ZebraRegister.BusArm, _clock.NowNs, cancel);
    }

    /// <summary>From now on a loss is told, and a capture that is under way is followed.</summary>
    public void Start()
    {
        bool isLost;
        lock (_gate)
        {
            _isStarted = true;
            isLost = _channels.Values.Any(c => c.State is PvState.Lost);
        }
        if (isLost)
            Lose("its IOC is gone");
        else if (_capture.IsUnderWay)
            _ = FollowAsync();
    }

    public async Task<ushort> ReadAsync(byte address, CancellationToken cancel) =>
        Register(address, await ReadAsync(ZebraRecords.Of(address).ReadBack, cancel));

    public async Task<ushort[]> ReadAsync(IReadOnlyList<byte> addresses, CancellationToken cancel)
    {
        var values = await ReadAsync([.. addresses.Select(a => ZebraRecords.Of(a).ReadBack)], cancel);
        return [.. addresses.Select((address, i) => Register(address, values[i]))];
    }

    public async Task<uint> ReadPairAsync(byte address, CancellationToken cancel)
    {
        // Until the IOC has heard of an arming it shows the count of the one before.
        if (address == ZebraRegister.PcNumCap && _capture is { IsUnderWay: true, IsProved: false })
            return 0;
        var record = address == ZebraRegister.PcNumCap ? "PC_NUM_CAP" : ZebraRecords.Of(address).ReadBack;
        return (uint)(long)(await ReadAsync(record, cancel)).AsNumber();
    }

    public async Task WriteAsync(ZebraWord word, CancellationToken cancel)
    {
        var record = ZebraRecords.Of(word.Address);
        if (record.Kind == ZebraRecordKind.Command)
        {
            await CommandAsync(word, record, cancel);
            return;
        }
        if (word.Wide != (record.Kind == ZebraRecordKind.Pair))
            throw new IOException($"{record.Name}: an IOC writes both of its registers or none");
        // Records hold signed numbers; the box knows only bits.
        var demand = new PvValue.Number(word.Wide ? unchecked((int)word.Value) : word.Value);
        PvValue read = demand;
        for (var tries = 0; tries < MostWrites; tries++)
        {
            await PutAsync(record.Demand, demand, cancel);
            // A write that meets the IOC's own reading of that register is passed over in silence, so that it is made again.
            var deadlineNs = _clock.NowNs + _settings.Box.ReplyWithinNs / MostWrites;
            do
            {
                read = await ReadAsync(record.ReadBack, cancel);
                if (Bits(read, word.Wide) == word.Value)
                    return;
                await _clock.SleepAsync(ReadBackPollNs, cancel);
            }
            while (_clock.NowNs < deadlineNs);
        }
        throw new IOException(
            $"{Name(record.Demand)} was set to {demand.AsText()} and {Name(record.ReadBack)} says {read.AsText()}: "
            + "somebody else writes to the box, or the IOC does not reach it");
    }

    public async Task<bool> IsHighAsync(int bus, long sinceNs, CancellationToken cancel)
    {
        if (sinceNs != long.MinValue && sinceNs + StatusLagNs - _clock.NowNs is > 0 and var wait)
            await _clock.SleepAsync(wait, cancel);
        return (await ReadAsync((byte)(ZebraRegister.SysStat1Lo + bus / 16), cancel) >> (bus % 16) & 1) != 0;
    }

    public async Task<bool> IsArmedAsync(CancellationToken cancel)
    {
        if (_capture is { IsUnderWay: true, IsProved: false, DisarmedNs: null })
            return true;
        if (await ReadNumberAsync("ARRAY_ACQ", cancel) == 0 && !_capture.IsOrphaned)
            return false;
        // Not 0 while samples still come, though it may have disarmed: the bus tells, once it has been read after our last word.
        return _clock.NowNs - _capture.SwitchedNs < StatusLagNs
            || await IsHighAsync(ZebraRegister.BusArm, long.MinValue, cancel);
    }

    public async Task<uint> CapturedAsync(CancellationToken cancel)
    {
        var sinceNs = _capture.IsUnderWay ? _clock.NowNs : _capture.OverNs;
        if (sinceNs + StatusLagNs - _clock.NowNs is > 0 and var wait)
            await _clock.SleepAsync(wait, cancel);
        return await ReadPairAsync(ZebraRegister.PcNumCap, cancel);
    }

    public void AskHealth() => _ = HealthAsync();

    public void Dispose()
    {
        IPvChannel[] open;
        lock (_gate)
        {
            _isOver = true;
            open = [.. _channels.Values];
            _channels.Clear();
        }
        foreach (var channel in open)
            channel.Dispose();
    }

    /// <summary>A register, or its half of a pair.</summary>
    private static ushort Register(byte address, PvValue value)
    {
        var held = Bits(value, wide: true);
        return (ushort)(ZebraRecords.Of(address).Kind == ZebraRecordKind.Pair && !ZebraRegister.IsLow(address) ? held >> 16 : held);
    }

    private static uint Bits(PvValue value, bool wide)
    {
        var bits = unchecked((uint)(long)value.AsNumber());
        return wide ? bits : bits & ushort.MaxValue;
    }

    /// <summary>An outcome's value, or why there is none as an exception.</summary>
    private static T Result<T>(Outcome<T> outcome) => outcome switch
    {
        Outcome<T>.Completed done => done.Value,
        Outcome<T>.TimedOut late => throw new TimeoutException(late.Problem),
        Outcome<T>.Cancelled => throw new OperationCanceledException(),
        _ => throw new IOException(outcome.Problem),
    };

    private string Name(string record) => $"{_settings.Prefix}:{record}";

    private IEnumerable<string> Used()
    {
        var box = _settings.Box;
        var n = box.Blocks;
        byte[] registers =
        [
            ZebraRegister.AndInv(n), ZebraRegister.AndEna(n), ZebraRegister.AndInp(n, 1), ZebraRegister.AndInp(n, 2),
            ZebraRegister.GateSet(n), ZebraRegister.GateReset(n), ZebraRegister.DivDivisor(n), ZebraRegister.DivInp(n),
            ZebraRegister.DivDivisor(box.MarkBlock), ZebraRegister.DivInp(box.MarkBlock), ZebraRegister.Polarity, ZebraRegister.SoftIn,
            box.TriggerOutput, .. ZebraRecords.All.Keys.Where(a => a >= ZebraRegister.PcEnc),
        ];
        foreach (var record in registers.Select(ZebraRecords.Of))
        {
            if (record.Kind != ZebraRecordKind.Status)
                yield return record.Demand;
            if (record.Kind != ZebraRecordKind.Command)
                yield return record.ReadBack;
        }
        string[] more = ["SYS_RESET", "CONNECTED", "INITIAL_POLL_DONE", "PC_NUM_CAP", "PC_NUM_DOWN", "ARRAY_ACQ", Update];
        foreach (var record in more.Append(ZebraRecords.Times).Append(Divider))
            yield return record;
        foreach (var channel in box.Encoders.Select(e => e.Channel))
            foreach (var record in new[] { ZebraRecords.Arrays[channel - 1], $"M{channel}:ERES", $"M{channel}:OFF" })
                yield return record;
    }

    private IPvChannel Channel(string record)
    {
        lock (_gate)
        {
            if (_isOver)
                throw new IOException("the connection was closed");
            if (_channels.TryGetValue(record, out var known))
                return known;
            var channel = _client.Open(Name(record));
            channel.Changed += state => Changed(channel.Name, state);
            return _channels[record] = channel;
        }
    }

    private void Changed(string name, PvState state)
    {
        lock (_gate)
            if (!_isStarted || _isOver || state != PvState.Lost)
                return;
        Lose($"{name} is served no more: its IOC is gone, or the connection to it");
    }

    /// <summary>Told later: whoever is told closes the channels, and this may be said by one of them.</summary>
    private void Lose(string reason)
    {
        _clock.WakeAt(_clock.NowNs, () =>
        {
            lock (_gate)
                if (_isOver)
                    return;
            _listener.Lost(reason);
        });
    }

    private async Task<IPvChannel> ReachedAsync(string record, CancellationToken cancel)
    {
        var channel = Channel(record);
        if (channel.State is PvState.Searching or PvState.Connecting)
            Result(await channel.ConnectAsync(ConnectWithinNs, cancel));
        return channel;
    }

    private async Task<PvValue> ReadAsync(string record, CancellationToken cancel, bool invalid = false)
    {
        var channel = await ReachedAsync(record, cancel);
        return Valid(channel.Name, Result(await channel.GetAsync(_settings.Box.ReplyWithinNs, cancel)), invalid);
    }

    private async Task<PvValue[]> ReadAsync(string[] records, CancellationToken cancel)
    {
        var channels = new IPvChannel[records.Length];
        for (var i = 0; i < records.Length; i++)
            channels[i] = await ReachedAsync(records[i], cancel);
        List<Task<Outcome<PvReading>>> asked;
        using (_client.Batch())
            asked = [.. channels.Select(c => c.GetAsync(_settings.Box.ReplyWithinNs, cancel))];
        var values = new PvValue[records.Length];
        for (var i = 0; i < values.Length; i++)
            values[i] = Valid(channels[i].Name, Result(await asked[i]));
        return values;
    }

    private async Task<double> ReadNumberAsync(string record, CancellationToken cancel) => (await ReadAsync(record, cancel)).AsNumber();

    private static PvValue Valid(string name, PvReading reading, bool invalid = false) =>
        invalid || reading.Alarm.Severity != PvSeverity.Invalid
            ? reading.Value
            : throw new IOException($"{name} is invalid ({reading.Alarm.StatusName}): the IOC does not reach its box");

    private async Task PutAsync(string record, PvValue value, CancellationToken cancel)
    {
        var channel = await ReachedAsync(record, cancel);
        Result(await channel.PutAndWaitAsync(value, _settings.Box.ReplyWithinNs, cancel));
    }

    private async Task HealthAsync()
    {
        try
        {
            if ((await ReadAsync("CONNECTED", CancellationToken.None, invalid: true)).AsNumber() != 1)
                Lose($"{Name("CONNECTED")}: the IOC has lost its box");
        }
        catch (Exception silent) when (silent is IOException or TimeoutException)
        {
            Lose(silent.Message);
        }
    }
}
