using System.Runtime.InteropServices;
using System.Text.Json;
using Flyscan.Hardware.Hdf5;
using Flyscan.Persistence.Documents;
using Flyscan.Persistence.Journal;
using Flyscan.Scanning.Runs;

namespace Flyscan.Twin;

/// <summary>A rule of the scan model does not hold.</summary>
internal sealed class ViolationException(string message) : Exception(message);

/// <summary>Judges a scan that has ended: journal and files against what the hardware did. Shares no code with the frame ledger.</summary>
internal sealed class FinalChecks(TwinRun twin, ScanState last)
{
    /// <summary>Kinds of faults that no frame should be lost by.</summary>
    private static readonly HashSet<string> Costless = new(StringComparer.Ordinal)
    {
        "clock step", "clock drift", "ring clock", "device hosts", "late beam report", "disk low", "stale orders", "pause",
        "camera by stamps", "camera by counts", "camera by counter", "commit at end", "eager documents",
    };

    private readonly IReadOnlyList<ScanEvent> _journal = twin.Journal;
    private readonly Dictionary<(string Recorder, int Segment), ScanEvent.SegmentOpened> _segments = [];

    public void Run()
    {
        foreach (var opened in _journal.OfType<ScanEvent.SegmentOpened>())
            _segments[(opened.Segment.Recorder, opened.Segment.Number)] = opened;
        if (_journal[^1] is not ScanEvent.Finished finished)
            throw new ViolationException($"invariant 8: the journal ends with {Show.Last(_journal)}");
        Coverage(finished);
        foreach (var committed in _journal.OfType<ScanEvent.FramesCommitted>())
            Committed(committed);
        Documents(finished);
        Costs();
        Safe(finished);
    }

    /// <summary>What touches no frame costs none.</summary>
    private void Costs()
    {
        if (twin.EngineFaults > 0 || !twin.Applied.All(f => Costless.Contains(f.Kind)))
            return;
        if (_journal.OfType<ScanEvent.FramesRejected>().FirstOrDefault() is { } rejected)
            throw new ViolationException(
                $"frames {string.Join(", ", rejected.Frames)} were rejected ({rejected.Cause}) though nothing happened that costs any");
    }

    /// <summary>Invariant 1.</summary>
    private void Coverage(ScanEvent.Finished finished)
    {
        var times = new int[twin.ToMake.Plan.Frames];
        foreach (var range in _journal.OfType<ScanEvent.FramesCommitted>().Select(e => e.Frames))
        {
            for (var frame = range.First; frame < range.End; frame++)
                times[frame]++;
        }
        if (_journal.OfType<ScanEvent.FramesSkipped>().Any())
            throw new ViolationException("invariant 1: frames were skipped, and nobody asked for that");
        var wrong = Array.FindIndex(times, n => finished.Status == ScanStatus.Finished ? n != 1 : n > 1);
        if (wrong >= 0)
            throw new ViolationException(
                $"invariant 1: frame {wrong} of a scan that is {finished.Status} is committed {times[wrong]} times");
    }

    /// <summary>Invariants 2 and 3, row by row of what the files hold.</summary>
    private void Committed(ScanEvent.FramesCommitted committed)
    {
        foreach (var recorder in twin.ToMake.Setup.Recorders)
        {
            var mine = committed.Extents.Where(e => e.Recorder == recorder).OrderBy(e => e.Frame).ToList();
            var next = committed.Frames.First;
            foreach (var extent in mine)
            {
                if (extent.Frame != next)
                    throw new ViolationException($"invariant 2: the extents of {recorder} for {committed.Frames} do not join at {next}");
                next += extent.Count;
                Extent(extent);
            }
            if (next != committed.Frames.End)
                throw new ViolationException($"invariant 2: the extents of {recorder} end at {next}, committed are {committed.Frames}");
        }
    }

    private void Extent(Extent extent)
    {
        var opened = _segments[(extent.Recorder, extent.Segment)];
        var store = twin.Disk.Stores[Path.Combine(twin.ToMake.Folder.Path, opened.Segment.Path)];
        var rate = twin.Twin.RateOf(extent.Recorder);
        var rows = rate.RowsOf(extent.Count);
        if (extent.Frame % rate.Frames != 0 || extent.Count % rate.Frames != 0)
            throw new ViolationException($"invariant 2: {extent} is no whole number of frames of {extent.Recorder}");
        if (extent.Position + rows > store.Lengths().Min())
            throw new ViolationException($"invariant 2: {extent} points past the end of {opened.Segment.Path}");
        if (extent.Recorder == twin.ToMake.Setup.Box)
            Captured(extent, opened, store);
        var state = new SegmentState(opened.Segment, opened.Session, opened.FirstTrigger, opened.ClockZeroNs);
        var stamps = TwinDisk.Integers(store, TwinDisk.IndexOf(store, state, "timestamp"), extent.Position, rows);
        for (var i = 0; i < stamps.Length; i++)
            Row(extent, opened, i, stamps[i]);
    }

    /// <summary>A row of an extent, counted from its first, by its own time stamp.</summary>
    private void Row(Extent extent, ScanEvent.SegmentOpened opened, int row, long stampNs)
    {
        var (rate, plan) = (twin.Twin.RateOf(extent.Recorder), twin.ToMake.Plan);
        var (first, part) = (extent.Frame + (long)row / rate.Rows * rate.Frames, row % rate.Rows);
        var where = $"{(rate is { Rows: 1 } ? "" : $"part {part} of ")}frame {first} in {opened.Segment.Path}";
        var startNs = stampNs + OriginNs(extent.Recorder, opened);
        if (twin.Hardware.Truth.At(OutputOf(extent.Recorder), startNs) is not { } exposure)
            throw new ViolationException($"invariant 2: {where} has a row of {startNs} ns, when nothing was exposed");
        var shouldNs = plan.FurtherOutputs.Where(o => o.Detector == extent.Recorder).Select(o => o.ExposureNs)
            .FirstOrDefault(plan.ExposureNs);
        if (exposure.EndNs - exposure.StartNs < shouldNs)
            throw new ViolationException(
                $"invariant 2: {where} was exposed for {exposure.EndNs - exposure.StartNs} ns of {shouldNs}");
        for (var axis = 0; axis < plan.Path.Axes.Count; axis++)
        {
            var name = plan.Path.Axes[axis];
            var (from, to) = (plan.Path.LowerOf(axis, first), plan.Path.UpperOf(axis, first + rate.Frames - 1));
            var should = rate is { Rows: 1, Frames: 1 } ? plan.Path.MidpointOf(axis, first) : from + (part + 0.5) / rate.Rows * (to - from);
            if (Math.Abs(exposure.Positions[name] - should) > 0.4 * twin.Twin.Steps[name] / rate.Rows)
                throw new ViolationException(FormattableString.Invariant(
                    $"invariant 2: {where} was exposed with {name} at {exposure.Positions[name]:F4}, it should be at {should:F4}"));
        }
        var isFloored = twin.ToMake.Beamline.CapturedLimits.Count > 0;
        if (isFloored && rate.Rows == 1 && twin.Hardware.Truth.WasGone(exposure.StartNs, exposure.EndNs))
            throw new ViolationException($"invariant 3: {where} was exposed without any beam, {exposure.StartNs} to {exposure.EndNs} ns");
        if (twin.Twin.Suspender is not null && !twin.Hardware.Truth.WasGood(exposure.StartNs, exposure.EndNs))
            throw new ViolationException($"invariant 3: {where} was exposed in bad beam, {exposure.StartNs} to {exposure.EndNs} ns");
        if (twin.ToMake.Setup.Shutter is not null && !exposure.ShutterOpen)
            throw new ViolationException($"invariant 3: {where} was exposed behind the shutter, at {exposure.StartNs} ns");
    }

    /// <summary>Invariant 3, by what the file itself holds of the beam.</summary>
    private void Captured(Extent extent, ScanEvent.SegmentOpened opened, InMemoryFrameStore store)
    {
        foreach (var limit in twin.ToMake.Beamline.CapturedLimits)
        {
            var path = opened.Segment.Datasets.First(d => d.Key == limit.Column).Path;
            var dataset = store.Segment.Datasets.ToList().FindIndex(d => d.Path == path);
            var values = MemoryMarshal.Cast<byte, double>(store.Read(dataset, extent.Position, extent.Count).Span);
            for (var i = 0; i < values.Length; i++)
            {
                if (values[i] < limit.Floor)
                    throw new ViolationException(FormattableString.Invariant(
                        $"invariant 3: frame {extent.Frame + i} is committed with {limit.Column} {values[i]}, the floor is {limit.Floor}"));
            }
        }
    }

    private static int OutputOf(string recorder) => recorder switch { "fast" => 2, "slow" => 3, _ => 1 };

    /// <summary>When the recorder's time stamps begin, in the run's time.</summary>
    private long OriginNs(string recorder, ScanEvent.SegmentOpened opened)
    {
        if (recorder == twin.ToMake.Setup.Box)
            return (opened.ClockZeroNs ?? throw new ViolationException($"{opened.Segment.Path} has no clock zero"))
                - twin.EpochNs - twin.Hardware.SkewNs;
        return twin.Hardware.Truth.Began[opened.Session.Split('-')[1]];
    }

    /// <summary>Invariant 7.</summary>
    private void Documents(ScanEvent.Finished finished)
    {
        var projection = new DocumentProjection(twin.ToMake.Records.Description);
        var documents = projection.Replay(_journal.Select((e, i) => new JournalEntry(i + 1, "", e))).Documents;
        if (documents[0].Name != "start" || documents[^1].Name != "stop" || documents.Count(d => d.Name is "start" or "stop") != 2)
            throw new ViolationException("invariant 7: the documents do not begin with the one start and end with the one stop");
        var isEager = twin.Applied.Any(f => f is TwinFault.EagerDocuments);
        var resources = new Dictionary<string, (Rate Rate, long Next, HashSet<long> Events)>(StringComparer.Ordinal);
        foreach (var document in documents.Where(d => d.Name is "stream_resource" or "stream_datum"))
        {
            using var json = JsonDocument.Parse(document.Json);
            if (document.Name == "stream_resource")
            {
                var path = json.RootElement.GetProperty("parameters").GetProperty("dataset").GetString()!;
                var rate = twin.Twin.RateOf(twin.ToMake.Setup.Recorders.First(r => path.Contains($"/{r}/", StringComparison.Ordinal)));
                resources.Add(json.RootElement.GetProperty("uid").GetString()!, (rate, 0, []));
                continue;
            }
            var name = json.RootElement.GetProperty("stream_resource").GetString()!;
            var (start, stop) = RangeOf(json.RootElement, "indices");
            var (from, to) = RangeOf(json.RootElement, "seq_nums");
            var known = resources[name];
            if (start != known.Next || stop <= start || to - from != stop - start || (!isEager && from != start + 1))
                throw new ViolationException($"invariant 7: a stream datum of {name} goes from {start} to {stop}, events {from} to {to}");
            for (var number = from; number < to; number++)
                known.Events.Add(number);
            resources[name] = known with { Next = stop };
        }
        var committed = _journal.OfType<ScanEvent.FramesCommitted>().ToList();
        var told = isEager ? _journal.OfType<ScanEvent.FramesRecorded>().Sum(e => e.Frames.Count) : committed.Sum(e => e.Frames.Count);
        if (committed.Count > 0 && resources.Count == 0)
            throw new ViolationException("invariant 7: frames are committed, and the documents tell of none");
        foreach (var (name, known) in resources)
        {
            if (known.Next != told / known.Rate.Frames)
                throw new ViolationException($"invariant 7: {told} frames are to be told, {name} has {known.Next} events of {known.Rate}");
            if (isEager && committed.Any(e => Enumerable.Range((int)e.Frames.First, (int)e.Frames.Count)
                    .Any(frame => !known.Events.Contains(1 + frame / known.Rate.Frames))))
                throw new ViolationException($"invariant 7: {name} does not tell of every frame that is committed");
        }
    }

    private static (long Start, long Stop) RangeOf(JsonElement datum, string what) =>
        (datum.GetProperty(what).GetProperty("start").GetInt64(), datum.GetProperty(what).GetProperty("stop").GetInt64());

    /// <summary>Invariant 8.</summary>
    private void Safe(ScanEvent.Finished finished)
    {
        if (finished.Status != ScanStatus.Finished && string.IsNullOrWhiteSpace(finished.Reason))
            throw new ViolationException($"invariant 8: the scan is {finished.Status}, and nobody says why");
        if (finished.Status != ScanStatus.Finished && !twin.Applied.Any(f => f.MayEnd))
            throw new ViolationException(
                $"invariant 8: the scan is {finished.Status} though nothing happened that may end it: {finished.Reason}");
        if (last.Status != finished.Status)
            throw new ViolationException($"invariant 6: the supervisor says {last.Status}, its journal {finished.Status}");
        var hardware = twin.Hardware;
        // What cannot be reached cannot be made safe: the scan's end says which devices.
        if (!hardware.Node.IsUp || last.Holds.Keys.Any(h => h.StartsWith("device ", StringComparison.Ordinal)))
            return;
        var wrong = hardware.Unsafe(twin.ToMake.Setup.Shutter is not null).ToList();
        if (hardware.Box.Capture.Busy)
            wrong.Add("the box captures");
        foreach (var camera in hardware.Devices.Cameras)
        {
            var detector = camera.Settings.Detector;
            if (camera.Session is not null)
                wrong.Add($"camera {detector.Name} is staged");
            if (camera.ExposureNs != detector.MinExposureNs)
                wrong.Add($"the exposure of camera {detector.Name} is left at {camera.ExposureNs} ns");
        }
        if (twin.ChangedSettings() is { Length: > 0 } changed)
            wrong.Add($"of the box, {changed}");
        if (wrong.Count > 0)
            throw new ViolationException($"invariant 8: the scan is {finished.Status} ({finished.Reason}), but {string.Join(", ", wrong)}");
    }
}
