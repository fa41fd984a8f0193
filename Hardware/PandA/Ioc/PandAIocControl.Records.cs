using System.Globalization;
using Flyscan.Hardware.Epics;
using Flyscan.Hardware.PandA.Driver;
using Flyscan.Hardware.PandA.Programmes;
using Flyscan.Hardware.PandA.Protocol;
using Flyscan.Hardware.Transport;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.PandA.Ioc;

/// <content>Records: found, read, written, followed.</content>
internal sealed partial class PandAIocControl
{
    private const string Raw = ".RAW";
    private const long ConnectWithinNs = 10_000_000_000;

    private readonly PandAIocNames _names;
    private readonly Dictionary<string, IPvChannel> _channels = new(StringComparer.Ordinal);
    private readonly List<IPvMonitor> _monitors = [];

    /// <summary>Fields that were written through here, and are watched since.</summary>
    private readonly HashSet<string> _written = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _changed = new(StringComparer.Ordinal);
    private bool _isOver;

    public void Dispose()
    {
        lock (_gate)
        {
            _isOver = true;
            foreach (var monitor in _monitors)
                monitor.Dispose();
            foreach (var channel in _channels.Values)
                channel.Dispose();
            _monitors.Clear();
        }
    }

    /// <summary>Whether the IOC has a record for a field.</summary>
    public bool Has(string name) => _names.Find(name) is not null;

    /// <summary>Follows a record until the line is closed or the result disposed; null where the IOC has none.</summary>
    public IDisposable? Follow(string name, Action<PvReading> told)
    {
        if (_names.Find(name) is null)
            return null;
        var monitor = Channel(name).Monitor(new PvMonitorOptions(), m =>
        {
            while (m.TryTake(out var reading))
                told(reading!);
        });
        lock (_gate)
            _monitors.Add(monitor);
        return monitor;
    }

    /// <summary>What others, or we, have written, once it has stood for long enough: a late answer of the box may take a record back for a
    /// while.</summary>
    public IReadOnlyList<string> TakeChanges()
    {
        lock (_gate)
        {
            string[] stood = [.. _changed.Where(c => _clock.NowNs - c.Value >= _settings.StatusWithinNs).Select(c => c.Key)];
            foreach (var name in stood)
                _changed.Remove(name);
            return stood;
        }
    }

    /// <summary>What an enumeration offers.</summary>
    public async Task<IReadOnlyList<string>> ChoicesAsync(string name, CancellationToken cancel)
    {
        var channel = await ReachAsync(name, cancel);
        return Result(channel, await channel.GetMetadataAsync(_settings.Box.ReplyWithinNs, cancel)).Choices;
    }

    public async Task<PvReading> ReadingAsync(string name, CancellationToken cancel)
    {
        var channel = await ReachAsync(name, cancel);
        var reading = Result(channel, await channel.GetAsync(_settings.Box.ReplyWithinNs, cancel));
        if (reading.Alarm.Severity < PvSeverity.Major || !IsTheBoxes(name))
            return reading;
        // An IOC that lost its box still answers, with what it knew last.
        var why = $"its IOC has lost the box: {channel.Name} is in alarm ({reading.Alarm.StatusName} {reading.Alarm.SeverityName})";
        Lose(why);
        throw new IOException(why);
    }

    public async Task<string> TextAsync(string name, CancellationToken cancel) => (await ReadingAsync(name, cancel)).Value.AsText();

    private IPvChannel Channel(string name)
    {
        var pv = _names.Find(name)?.Pv ?? throw new IOException($"{_settings.Prefix} has no record for {name}");
        lock (_gate)
        {
            if (_isOver)
                throw new IOException("the connection to its IOC was closed");
            if (_channels.TryGetValue(pv, out var known))
                return known;
            var channel = _channels[pv] = _client.Open(PvTransports.PvAccess + pv);
            channel.Changed += state =>
            {
                if (state == PvState.Lost)
                    Lose($"its IOC is gone ({channel.Name})");
            };
            return channel;
        }
    }

    private void Lose(string reason)
    {
        lock (_gate)
        {
            if (_isOver)
                return;
            _isOver = true;
        }
        _lost(reason);
    }

    private async Task<IPvChannel> ReachAsync(string name, CancellationToken cancel)
    {
        var channel = Channel(name);
        if (channel.State != PvState.Connected)
            Result(channel, await channel.ConnectAsync(ConnectWithinNs, cancel));
        return channel;
    }

    /// <remarks>One that does not answer in time is lost: nobody knows what it will still do of what it was told.</remarks>
    private T Result<T>(IPvChannel channel, Outcome<T> outcome)
    {
        if (outcome is Outcome<T>.TimedOut)
            Lose($"its IOC does not answer ({channel.Name})");
        return outcome switch
        {
            Outcome<T>.Completed done => done.Value,
            Outcome<T>.TimedOut => throw new TimeoutException($"{channel.Name}: {outcome.Problem}"),
            Outcome<T>.Cancelled => throw new OperationCanceledException(),
            _ => throw new IOException($"{channel.Name}: {outcome.Problem}"),
        };
    }

    /// <param name="isRead">The record then holds what was written, unless the box refused it.</param>
    private async Task<PandAReply> PutAsync(string name, string value, bool isRead, CancellationToken cancel)
    {
        if (name.EndsWith(Raw, StringComparison.Ordinal))
            return await PutTicksAsync(name[..^Raw.Length], value, cancel);
        if (_names.Find(name) is null)
            return new PandAReply.Refused($"{_settings.Prefix} has no record for it");
        if (await PutAsync(name, new PvValue.Text(value), cancel) is { } refused)
            return refused;
        if (!isRead)
            return new PandAReply.Ok();
        var held = await TextAsync(name, cancel);
        if (!PandABoxControl.Same(value, held))
        {
            await _clock.SleepAsync(_settings.StatusWithinNs, cancel);
            held = await TextAsync(name, cancel);
        }
        return PandABoxControl.Same(value, held)
            ? new PandAReply.Ok()
            : new PandAReply.Refused($"it holds {held} afterwards: the box refused it, and the log of its IOC says why");
    }

    private async Task<PandAReply.Refused?> PutAsync(string name, PvValue value, CancellationToken cancel)
    {
        var channel = await ReachAsync(name, cancel);
        Watch(name);
        var put = await channel.PutAndWaitAsync(value, _settings.Box.ReplyWithinNs, cancel);
        // Whatever became of it, what the box says is older until then.
        _freshNs = _clock.NowNs + _settings.StatusWithinNs;
        if (put is Outcome<Nothing>.Refused or Outcome<Nothing>.Failed && channel.State == PvState.Connected)
            return new PandAReply.Refused(put.Problem!);
        Result(channel, put);
        return null;
    }

    private void Watch(string name)
    {
        lock (_gate)
            if (name.StartsWith("DATA.", StringComparison.Ordinal) || !_written.Add(name))
                return;
        Follow(name, _ =>
        {
            lock (_gate)
                _changed[name] = _clock.NowNs;
        });
    }

    /// <summary>A time in clock ticks, whatever units its record has.</summary>
    private async Task<PandAReply> TicksAsync(string name, CancellationToken cancel)
    {
        if (_names.Find(name) is null)
            return new PandAReply.Refused($"{_settings.Prefix} has no record for it");
        var value = (await ReadingAsync(name, cancel)).Value.AsNumber();
        var ticks = Math.Round(value * await UnitNsAsync(name, cancel) / PandADriver.TickNs);
        return new PandAReply.Value(ticks.ToString("F0", CultureInfo.InvariantCulture));
    }

    private async Task<PandAReply> PutTicksAsync(string name, string ticks, CancellationToken cancel)
    {
        if (_names.Find(name) is null || !PandAText.TryWhole(ticks, out var count))
            return new PandAReply.Refused($"{_settings.Prefix} has no record for it that takes {ticks}");
        var value = count * PandADriver.TickNs / await UnitNsAsync(name, cancel);
        if (await PutAsync(name, new PvValue.Number(value), cancel) is { } refused)
            return refused;
        return await TicksAsync(name, cancel) is PandAReply.Value held && held.Text == ticks
            ? new PandAReply.Ok()
            : new PandAReply.Refused("it holds another value afterwards: the box refused it, and the log of its IOC says why");
    }

    private async Task<double> UnitNsAsync(string name, CancellationToken cancel) => await TextAsync($"{name}.UNITS", cancel) switch
    {
        "min" => 60e9,
        "s" => 1e9,
        "ms" => 1e6,
        "us" => 1e3,
        "ns" => 1,
        var unknown => throw new IOException($"{name} is in units of {unknown}"),
    };

    private async Task<PandAReply> TableAsync(string name, CancellationToken cancel)
    {
        var rows = PandAIocTable.Rows(await ReadTableAsync(name, cancel));
        return new PandAReply.Lines(SequencerProgramme.Base64(SequencerLayout.Documented.Encode(rows)));
    }

    private async Task<PandAReply> PutTableAsync(string name, PandACommand command, CancellationToken cancel)
    {
        if (!command.Line.AsSpan(name.Length).SequenceEqual("<B"))
            return new PandAReply.Refused("an IOC gives tables whole, never in pieces");
        var rows = SequencerLayout.Documented.Decode(SequencerProgramme.FromBase64(command.Body));
        return await PutAsync(name, PandAIocTable.Of(rows, await ReadTableAsync(name, cancel)), cancel) is { } refused
            ? refused
            : new PandAReply.Ok();
    }

    private async Task<PvValue.Table> ReadTableAsync(string name, CancellationToken cancel) =>
        (await ReadingAsync(name, cancel)).Value as PvValue.Table
        ?? throw new IOException($"{_settings.Prefix}: {name} is no table; is its IOC older than 0.2?");

    private async Task<PandAReply> CapturedFieldsAsync(CancellationToken cancel)
    {
        Task<string>[] reading;
        using (_client.Batch())
            reading = [.. _names.Captures.Select(field => TextAsync($"{field}.CAPTURE", cancel))];
        var options = await Task.WhenAll(reading);
        return new PandAReply.Lines(
            [.. _names.Captures.Zip(options).Where(c => c.Second != "No").Select(c => $"{c.First} {c.Second}")]);
    }

    private async Task<PandAReply> CaptureNothingAsync(CancellationToken cancel)
    {
        foreach (var line in ((PandAReply.Lines)await CapturedFieldsAsync(cancel)).Items)
            if (await PutAsync($"{line.Split(' ')[0]}.CAPTURE", "No", isRead: true, cancel) is PandAReply.Refused refused)
                return refused;
        return new PandAReply.Ok();
    }
}
