using System.Globalization;
using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Epics;
using Flyscan.Hardware.Epics.PvAccess;
using Flyscan.Hardware.PandA.Driver;
using Flyscan.Hardware.PandA.Programmes;
using Flyscan.Hardware.PandA.Protocol;
using Flyscan.Hardware.Transport;

namespace Flyscan.Hardware.PandA.Ioc;

/// <summary>Answers the commands of a box's control port by the records of its IOC. The records stand in a file beside this one.</summary>
/// <remarks>
/// What a box changes by itself its IOC asks for ten times a second: such a field is read no sooner after a write than
/// <see cref="PandAIocSettings.StatusWithinNs"/>, and read until two readings agree, as records change one after the other. An IOC
/// answers a write that the box refused as if it were done, and puts its record back: each write is read back, twice where the first
/// reading differs, since what the IOC asked for just before a write may come after it.
/// <b>Source</b> PandABlocks-ioc: how it puts, polls and names.
/// </remarks>
internal sealed partial class PandAIocControl : IPandAControl
{
    private const int MostReadings = 5;

    /// <summary>Between two readings that must agree, as part of what the IOC may take to tell of a change.</summary>
    private const int ReadAgainPart = 30;

    private readonly PandAIocSettings _settings;
    private readonly IPvClient _client;
    private readonly IClock _clock;
    private readonly Action<string> _lost;
    private readonly object _gate = new();
    private Task _turn = Task.CompletedTask;
    private long _freshNs = long.MinValue;

    private PandAIocControl(
        PandAIocSettings settings, IPvClient client, IClock clock, PandAIocNames names, Action<string> lost) =>
        (_settings, _client, _clock, _names, _lost) = (settings, client, clock, names, lost);

    /// <summary>Finds the IOC and what it has.</summary>
    /// <remarks><b>Errors</b> <see cref="IOException"/> naming the variable that nobody answers for.</remarks>
    public static async Task<PandAIocControl> OpenAsync(
        PandAIocSettings settings, IPvClient client, IClock clock, Action<string> lost, CancellationToken cancel)
    {
        var tree = $"{PvTransports.PvAccess}{settings.Prefix}:PVI";
        var read = await PviTree.ReadAsync(client, tree, settings.Box.ReplyWithinNs, cancel);
        if (read is not Scanning.Units.Outcome<Scanning.Units.EquatableArray<PviSignal>>.Completed { Value: var signals })
            throw new IOException($"its IOC does not tell what it has: {read.Problem}");
        return new PandAIocControl(settings, client, clock, new PandAIocNames(signals), lost);
    }

    /// <summary>One batch at a time: an IOC does not keep the order of what is sent together.</summary>
    public async Task<PandAReply[]> SendAsync(IReadOnlyList<PandACommand> commands, CancellationToken cancel)
    {
        var mine = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Task before;
        lock (_gate)
            (before, _turn) = (_turn, mine.Task);
        try
        {
            await before.WaitAsync(cancel);
            return await AnswerAsync(commands, cancel);
        }
        finally
        {
            _ = PassOnAsync(before, mine);
        }
    }

    /// <summary>Who gave up waiting for its turn does not end the turn before it.</summary>
    private static async Task PassOnAsync(Task before, TaskCompletionSource mine)
    {
        await before;
        mine.SetResult();
    }

    private async Task<PandAReply[]> AnswerAsync(IReadOnlyList<PandACommand> commands, CancellationToken cancel)
    {
        var replies = new PandAReply[commands.Count];
        var asked = new List<int>();
        for (var i = 0; i < commands.Count; i++)
        {
            if (commands[i].Line.EndsWith('?') && !commands[i].HasBody)
            {
                asked.Add(i);
                continue;
            }
            await AskedAsync();
            var isPut = IsReplaced(commands, i);
            replies[i] = isPut ? new PandAReply.Ok() : await WriteAsync(commands[i], cancel);
        }
        await AskedAsync();
        return replies;

        async Task AskedAsync()
        {
            if (asked.Count == 0)
                return;
            var answers = await ReadAsync([.. asked.Select(i => commands[i].Line[..^1])], cancel);
            for (var i = 0; i < asked.Count; i++)
                replies[asked[i]] = answers[i];
            asked.Clear();
        }
    }

    /// <summary>An empty table before another one: only a streamed table would have to be emptied first.</summary>
    private static bool IsReplaced(IReadOnlyList<PandACommand> commands, int index) =>
        commands[index] is { HasBody: true, Body.Count: 0 } empty && commands.Skip(index + 1).Any(c => c.HasBody && c.Line == empty.Line);

    private async Task<PandAReply> WriteAsync(PandACommand command, CancellationToken cancel)
    {
        var at = command.Line.IndexOfAny(['=', '<']);
        var (name, value) = (command.Line[..at], command.Line[(at + 1)..]);
        return name switch
        {
            "*PCAP.ARM" => await PutAsync("PCAP.ARM", "1", isRead: false, cancel),
            "*PCAP.DISARM" => await PutAsync("PCAP.ARM", "0", isRead: false, cancel),
            "*CAPTURE" => await CaptureNothingAsync(cancel),
            _ when name.StartsWith('*') => new PandAReply.Refused("an IOC has no such record"),
            _ when command.HasBody => await PutTableAsync(name, command, cancel),
            _ => await PutAsync(name, value, isRead: true, cancel),
        };
    }

    /// <summary>Fields of one command each, read together.</summary>
    private async Task<PandAReply[]> ReadAsync(string[] names, CancellationToken cancel)
    {
        if (names.Any(IsTheBoxes) && _freshNs > _clock.NowNs)
            await _clock.SleepAsync(_freshNs - _clock.NowNs, cancel);
        var replies = await ReadOnceAsync(names, cancel);
        for (var readings = 1; readings < MostReadings && names.Count(IsTheBoxes) > 1; readings++)
        {
            await _clock.SleepAsync(_settings.StatusWithinNs / ReadAgainPart, cancel);
            var again = await ReadOnceAsync(names, cancel);
            var agree = again.SequenceEqual(replies);
            replies = again;
            if (agree)
                break;
        }
        return replies;
    }

    private async Task<PandAReply[]> ReadOnceAsync(string[] names, CancellationToken cancel)
    {
        Task<PandAReply>[] reading;
        using (_client.Batch())
            reading = [.. names.Select(n => ReadAsync(n, cancel))];
        return await Task.WhenAll(reading);
    }

    private async Task<PandAReply> ReadAsync(string name, CancellationToken cancel)
    {
        switch (name)
        {
            case "*IDN":
                return new PandAReply.Value($"PandA through its IOC {_settings.Prefix}");
            case "*CLOCK_FREQ":
                return new PandAReply.Value((1_000_000_000 / PandADriver.TickNs).ToString(CultureInfo.InvariantCulture));
            case "*BLOCKS":
                return new PandAReply.Lines([.. _names.Blocks]);
            case "*BITS":
                return new PandAReply.Lines([.. _names.Bits]);
            case "*CAPTURE.*":
                return new PandAReply.Lines([.. _names.Captures]);
            case "*CAPTURE.OPTIONS":
                // Which of them a field has, its record says when it is set.
                return new PandAReply.Lines(Capture.CapturePlan.KnownOptions);
            case "*CAPTURE":
                return await CapturedFieldsAsync(cancel);
            case "*PCAP.STATUS":
                // Who takes it an IOC does not know: it may be another client of the box.
                return new PandAReply.Value(await TextAsync("PCAP.ACTIVE", cancel) == "1" ? "Busy 1 1" : "Idle 0 0");
            case "*PCAP.CAPTURED":
                // NUM_RECEIVED still holds the capture before, until this one has rows.
                return new PandAReply.Value(await TextAsync("DATA.NUM_CAPTURED", cancel));
            case "*WHO":
                return new PandAReply.Value($"the writer of its IOC, to {await TextAsync("DATA.HDF_FULL_FILE_PATH", cancel)}");
        }
        if (name.StartsWith('*') || name.EndsWith(".*", StringComparison.Ordinal))
            return new PandAReply.Refused("an IOC has no such record");
        return await FieldAsync(name, cancel);
    }

    private async Task<PandAReply> FieldAsync(string name, CancellationToken cancel)
    {
        var at = name.IndexOf(".TABLE.", StringComparison.Ordinal);
        if (at > 0)
            return name[(at + 7)..] switch
            {
                "FIELDS" => new PandAReply.Lines([.. SequencerLayout.DocumentedFields]),
                "ROW_WORDS" => new PandAReply.Value($"{SequencerLayout.DocumentedRowWords}"),
                "MAX_LENGTH" => new PandAReply.Value($"{PandADriver.MostRows * SequencerLayout.DocumentedRowWords}"),
                "MODE" => new PandAReply.Value("FIXED"),
                "B" => await TableAsync(name[..^2], cancel),
                _ => new PandAReply.Refused("an IOC has no such record"),
            };
        if (name.EndsWith(Raw, StringComparison.Ordinal))
            return await TicksAsync(name[..^Raw.Length], cancel);
        return _names.Find(name) is null
            ? new PandAReply.Refused($"{_settings.Prefix} has no record for it")
            : new PandAReply.Value(await TextAsync(name, cancel));
    }

    /// <summary>A field that the box changes by itself, so that its record lags.</summary>
    private bool IsTheBoxes(string name) => name == "*PCAP.STATUS"
        || !name.StartsWith("DATA.", StringComparison.Ordinal) && _names.Find(name) is { Access: "r" };
}
