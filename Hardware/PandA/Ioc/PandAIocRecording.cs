using System.Text.Json;
using Flyscan.Hardware.Contracts;
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
    private long _captured;
    private string? _fault;
    private bool _isClosing;

    public PandAIocRecording(
        PandAIocCapture owner, PandACaptureWatch watch, RecorderStaging staging, CapturePlan plan,
        EquatableArray<SavedSetting> saved, string session)
        : base(plan, owner.SegmentOf(staging.Segment, plan), 0, saved)
    {
        (_owner, _watch, Session) = (owner, watch, session);
        _datasets = [.. Segment.Datasets.Select(d => d.Path)];
        PathHere = Path.Combine(staging.RunFolder, Segment.Path);
    }

    public string PathHere { get; }

    public long? Zero
    {
        init => ClockZeroNs = value;
    }

    public override long Accepted => Volatile.Read(ref _captured);

    public override long Recorded => Volatile.Read(ref _captured);

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
        if (await _owner.HoldsAsync(IsThereAsync, PandAIocCapture.FileWithinNs, cancel))
            return;
        throw new IOException(
            $"the IOC did not begin {PathHere} ({missing}; it says: {await _owner.Control.TextAsync("DATA.STATUS", cancel)}); does "
                + "path-map say how the run's folder is called where it runs?");

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
        if (_fault is null)
            await _owner.HoldsAsync(() => Task.FromResult(Recorded >= triggered || _fault is not null), _owner.LagNs, cancel);
        if (await CountAsync(cancel) > 0)
            await _owner.Written.SyncAsync(PathHere, cancel);
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
                return Recorded >= captured && (captured == triggered || _owner.NowNs - sinceNs > _owner.LagNs);
            },
            PandAIocCapture.FileWithinNs, cancel);
        return Recorded == captured ? null : $"the IOC received {captured} samples and wrote {Recorded}";
    }

    public override async Task<long> CloseAsync(CancellationToken cancel)
    {
        if (IsGone)
            return Accepted;
        _isClosing = true;
        try
        {
            if (_fault is null)
                await _owner.StopWritingAsync(_owner.Control, cancel);
        }
        finally
        {
            Detach();
        }
        var rows = await CountAsync(cancel);
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

    /// <summary>Rows that can be read; throws where they are fewer than the IOC says, or not those of the frames.</summary>
    private async Task<long> CountAsync(CancellationToken cancel)
    {
        var said = Recorded;
        var rows = _owner.Written.Exists(PathHere) ? await _owner.Written.CountAsync(PathHere, _datasets, cancel) : 0;
        if (rows < said)
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

    private void Follow(string name, Action<PvReading> told)
    {
        if (_owner.Control.Follow(name, told) is { } followed)
            _followed.Add(followed);
    }
}
