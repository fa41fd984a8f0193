using System.Text.Json;
using Flyscan.Hardware.Epics;
using Flyscan.Hardware.PandA.Capture;
using Flyscan.Hardware.PandA.Driver;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.PandA.Ioc;

/// <summary>What another process must know of a file that is being written.</summary>
internal sealed record PandAIocKept(string Session, int Segment, long? ClockZeroNs)
{
    /// <summary>Null where it is not that.</summary>
    public static PandAIocKept? Read(byte[] content)
    {
        try
        {
            return JsonSerializer.Deserialize<PandAIocKept>(content) is { Session: not null } kept ? kept : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

/// <summary>A file that the IOC writes.</summary>
internal sealed class PandAIocRecording : PandARecording
{
    private readonly PandAIocCapture _owner;
    private readonly PandACaptureWatch _watch;
    private readonly string[] _datasets;
    private readonly List<IDisposable> _followed = [];
    // By what the IOC says; and by what was read back, numbered and brought to the disk.
    private long _captured;
    private long _verified;
    private string? _fault;
    private bool _isClosing;

    public PandAIocRecording(
        PandAIocCapture owner, PandACaptureWatch watch, string runFolder, CapturePlan plan, Segment segment,
        EquatableArray<SavedSetting> saved, string session)
        : base(plan, segment, 0, saved)
    {
        (_owner, _watch, Session) = (owner, watch, session);
        _datasets = [.. Segment.Datasets.Select(d => d.Path)];
        PathHere = Path.Combine(runFolder, Segment.Path);
    }

    public string PathHere { get; }

    public long? Zero
    {
        init => ClockZeroNs = value;
    }

    public override long Accepted => Volatile.Read(ref _captured);

    public override long Recorded => Volatile.Read(ref _verified);

    public override string? Fault => _fault;

    public override string? Ended => null;

    public override string? EndedEarly => null;

    private string KeptPath => Path.ChangeExtension(PathHere, PandAIocCapture.KeptSuffix);

    /// <summary>The IOC began anew, or writes another file.</summary>
    public void Forget()
    {
        Detach();
        IsGone = true;
    }

    public Task KeepAsync(CancellationToken cancel) => _owner.KeepAsync(
        KeptPath, JsonSerializer.SerializeToUtf8Bytes(new PandAIocKept(Session, Segment.Number, ClockZeroNs)), cancel);

    /// <remarks>The IOC tells of rows as often as it writes them.</remarks>
    public override void WatchFor(long recorded)
    {
    }

    public override Task AttachAsync(CancellationToken cancel)
    {
        Detach();
        Follow("DATA.NUM_CAPTURED", reading =>
        {
            // The writer of another file begins anew: what follows says so.
            var rows = (long)reading.Value.AsNumber();
            if (rows <= Interlocked.Read(ref _captured))
                return;
            Interlocked.Exchange(ref _captured, rows);
            _watch.Recorded(rows);
        });
        Follow("DATA.CAPTURE", reading =>
        {
            if (!_isClosing && reading.Value.AsText() == "0")
                _fault ??= $"the IOC stopped writing {Segment.Path}";
        });
        return Task.CompletedTask;
    }

    /// <summary>Waits until the file is there and every dataset in it.</summary>
    public override async Task BegunAsync(CancellationToken cancel)
    {
        ClockZeroNs = (await _owner.Control.ReadingAsync("PCAP.ARM", cancel)).StampNs;
        await KeepAsync(cancel);
        string? missing = null;
        await _owner.HoldsAsync(async () => _fault is not null || await IsThereAsync(), PandAIocCapture.FileWithinNs, cancel);
        if (_fault is { } fault)
            throw new IOException($"{fault}; it says: {await SaysAsync(cancel)}");
        if (missing is not null)
            throw new IOException(
                $"the IOC did not begin {PathHere} ({missing}; it says: {await SaysAsync(cancel)}); does path-map say how the run's folder "
                    + "is called where it runs?");

        async Task<bool> IsThereAsync()
        {
            if (!_owner.Written.Exists(PathHere))
            {
                missing = "there is no such file here";
                return false;
            }
            try
            {
                await _owner.Written.CountAsync(PathHere, _datasets, cancel);
                missing = null;
                return true;
            }
            catch (IOException notYet)
            {
                missing = notYet.Message;
                return false;
            }
        }
    }

    public override async Task FlushAsync(long triggered, CancellationToken cancel)
    {
        if (_fault is null && !await _owner.HoldsAsync(
            () => Task.FromResult(Accepted >= triggered || _fault is not null), PandAIocCapture.WrittenWithinNs + _owner.LagNs, cancel))
            // Whatever of the IOC has died, what it captures goes nowhere.
            _fault ??= $"the IOC wrote {Accepted} of {triggered} rows to {Segment.Path}, and no more come; it says: "
                + await SaysAsync(cancel);
        var rows = await CountAsync(cancel);
        if (rows > 0)
            await _owner.Written.SyncAsync(PathHere, cancel);
        Interlocked.Exchange(ref _verified, rows);
    }

    public override async Task<string?> EndAsync(Func<Task<long>> readCaptured, long? triggered, CancellationToken cancel)
    {
        if (_fault is { } fault)
            return fault;
        // What it was made to capture has to come; else what it says until it says nothing new.
        var (captured, sinceNs) = (-1L, 0L);
        await _owner.HoldsAsync(
            async () =>
            {
                var now = await readCaptured();
                if (now != captured)
                    (captured, sinceNs) = (now, _owner.NowNs);
                return Accepted >= captured && (captured == triggered || _owner.NowNs - sinceNs > _owner.LagNs);
            },
            PandAIocCapture.WrittenWithinNs + 2 * _owner.LagNs, cancel);
        return Accepted == captured ? null : $"the IOC wrote {captured} rows and told of {Accepted}";
    }

    public override async Task<long> CloseAsync(CancellationToken cancel)
    {
        if (IsGone)
            return Accepted;
        _isClosing = true;
        await _owner.StopWritingAsync(_owner.Control, cancel);
        var rows = await CountAsync(cancel);
        // The IOC answers before its file is closed.
        if (_fault is null && _owner.Written.Exists(PathHere))
            await _owner.UntilAsync(
                () => _owner.Written.IsClosedAsync(PathHere, cancel), PandAIocCapture.FileWithinNs, $"{PathHere} to be closed", cancel);
        Detach();
        // A file that never came does not hold its number by itself.
        if (_owner.Written.Exists(PathHere))
            _owner.Written.Forget(KeptPath);
        return rows;
    }

    public override void Detach()
    {
        foreach (var followed in _followed)
            followed.Dispose();
        _followed.Clear();
    }

    public override Task AbandonAsync()
    {
        Detach();
        return Task.CompletedTask;
    }

    public override async Task UndoAsync()
    {
        _isClosing = true;
        Detach();
        // Best effort: why staging failed is what the caller is told.
        try
        {
            await _owner.StopWritingAsync(_owner.Control, CancellationToken.None);
        }
        catch (Exception error) when (error is IOException or TimeoutException)
        {
            return;
        }
    }

    public override async Task<long[]> ReadTimesAsync(string path, long position, long count, CancellationToken cancel) =>
        [.. (await ReadNumbersAsync(path, position, count, cancel)).Select(seconds => (long)Math.Round(seconds * 1e9))];

    public override Task<double[]> ReadNumbersAsync(string path, long position, long count, CancellationToken cancel) =>
        _owner.Written.NumbersAsync(PathHere, path, position, count, cancel);

    /// <summary>Rows that can be read; throws where they stay fewer than the IOC says, or are not those of the frames.</summary>
    private async Task<long> CountAsync(CancellationToken cancel)
    {
        var (said, rows) = (Accepted, 0L);
        // Of an IOC elsewhere its word comes sooner than what it wrote.
        var isThere = await _owner.HoldsAsync(
            async () =>
            {
                rows = _owner.Written.Exists(PathHere) ? await _owner.Written.CountAsync(PathHere, _datasets, cancel) : 0;
                return rows >= said;
            },
            _owner.LagNs, cancel);
        if (!isThere)
            throw new IOException($"the IOC says that it wrote {said} rows, and {rows} can be read from {PathHere}");
        if (rows == 0)
            return 0;
        var identity = Segment.Datasets.First(d => d.Role == "identity").Path;
        var last = await _owner.Written.NumbersAsync(PathHere, identity, rows - 1, 1, cancel);
        return last[0] == rows - 1
            ? rows
            : throw new IOException(
                $"row {rows - 1} of {PathHere} is of frame {last[0]}: rows are missing, or {identity} counted others");
    }

    private Task<string> SaysAsync(CancellationToken cancel) => _owner.Control.TextAsync("DATA.STATUS", cancel);

    private void Follow(string name, Action<PvReading> told)
    {
        if (_owner.Control.Follow(name, told) is { } followed)
            _followed.Add(followed);
    }
}
