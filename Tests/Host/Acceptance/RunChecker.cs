using System.Text.Json;
using Flyscan.Hardware.Hdf5;
using Flyscan.Persistence.Catalogue;
using Flyscan.Scanning.Paths;
using Flyscan.Scanning.Planning;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Triggering;
using Flyscan.Scanning.Units;
using Flyscan.Tests.Persistence.Documents;
using Xunit;

namespace Flyscan.Tests.Host.Acceptance;

/// <summary>Judges a run that has ended by what is on disk: its journal, every file, the master file, the documents.</summary>
internal sealed class RunChecker
{
    private const string Box = "panda";
    private const string Camera = "cam";
    private const double PositionTolerance = 0.02;

    /// <summary>How far two clocks' stamps of the same exposure may differ beside their constant offset.</summary>
    private const long StampToleranceNs = 1_000;

    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly SegmentReader Reader = new(TimeProvider.System, TimeSpan.FromSeconds(60));

    private readonly DataFolder _folder;
    private readonly RunFolder _run;
    private readonly IReadOnlyList<ScanEvent> _events;
    private readonly ScanPath _path;
    private readonly DetectorRates _rates;
    private readonly Dictionary<(string Recorder, int Segment), Segment> _segments;
    private readonly Dictionary<(string Recorder, int Segment), long> _rows = [];

    private RunChecker(DataFolder folder)
    {
        (_folder, _run, _events) = (folder, folder.Run, folder.Journal());
        _path = ScanPath.Of(ScanRequestJson.Parse(File.ReadAllBytes(_run.Request), _run.Request).Spec);
        _rates = new DetectorRates(_events.OfType<ScanEvent.ScanSubmitted>().Single().Rates);
        _segments = _events.OfType<ScanEvent.SegmentOpened>().ToDictionary(e => (e.Segment.Recorder, e.Segment.Number), e => e.Segment);
    }

    /// <summary>A finished run: every frame committed exactly once, everything on disk right.</summary>
    public static async Task<IReadOnlyList<ScanEvent>> FinishedAsync(DataFolder folder)
    {
        var checker = new RunChecker(folder);
        Assert.Equal(ScanStatus.Finished, Assert.IsType<ScanEvent.Finished>(checker._events[^1]).Status);
        Assert.Equal(RangeSet.Of(new FrameRange(0, checker._path.Length)), RangeSet.Of(checker.CommittedRanges()));
        await checker.AllAsync("success");
        await checker.MasterAsync();
        return checker._events;
    }

    /// <summary>A run that ended before its last frame: what is committed is right all the same.</summary>
    public static async Task<IReadOnlyList<ScanEvent>> AbortedAsync(DataFolder folder)
    {
        var checker = new RunChecker(folder);
        Assert.Equal(ScanStatus.Aborted, Assert.IsType<ScanEvent.Finished>(checker._events[^1]).Status);
        await checker.AllAsync("abort");
        return checker._events;
    }

    private async Task AllAsync(string exitStatus)
    {
        NoFrameTwice();
        await SegmentsAsync();
        await ExtentsAsync();
        Documents(exitStatus);
        Summary();
        Assert.Empty(Directory.GetFiles(_run.Path, "*.new", SearchOption.AllDirectories));
        Assert.False(File.Exists(_folder.VirtualFile), "the run has ended, and virtual.json is still there");
        Assert.False(_folder.HasBeamline, "the run has ended, and its virtual beamline still runs");
    }

    private IEnumerable<FrameRange> CommittedRanges() => _events.OfType<ScanEvent.FramesCommitted>().Select(e => e.Frames);

    private void NoFrameTwice()
    {
        var seen = new HashSet<long>();
        foreach (var range in CommittedRanges())
            for (var frame = range.First; frame < range.End; frame++)
                Assert.True(seen.Add(frame), $"frame {frame} was committed twice");
    }

    /// <summary>Every file opens, all its datasets have the same rows, and those are what unstaging counted.</summary>
    private async Task SegmentsAsync()
    {
        foreach (var (key, segment) in _segments)
        {
            var content = await Reader.InspectAsync(Path.Combine(_run.Path, segment.Path), [.. segment.Datasets.Select(d => d.Path)], None);
            Assert.All(content.Lengths, length => Assert.True(length >= content.Frames));
            _rows[key] = content.Frames;
        }
        var unstaged = Assert.Single(_events.OfType<ScanEvent.Unstaged>());
        var counted = unstaged.Segments.ToDictionary(s => (s.Recorder, s.Segment), s => s.Frames);
        Assert.Equal(_rows.OrderBy(r => r.Key), counted.OrderBy(c => c.Key));
    }

    /// <summary>Each committed row is of the trigger that its take gave the frame, seen at the frame's position, and the same exposure
    /// in both recorders.</summary>
    private async Task ExtentsAsync()
    {
        var armed = _events.OfType<ScanEvent.Armed>().ToDictionary(a => a.Take);
        var takes = _events.OfType<ScanEvent.ProgrammeDownloaded>().ToDictionary(p => p.Take);
        var take = 0;
        foreach (var happened in _events)
        {
            take = happened is ScanEvent.BlockReconciled block ? block.Take : take;
            if (happened is not ScanEvent.FramesCommitted committed)
                continue;
            foreach (var recorder in Recorders)
            {
                var rate = _rates.Of(recorder);
                var mine = committed.Extents.Where(e => e.Recorder == recorder).ToList();
                Assert.Equal([committed.Frames], RangeSet.Of(mine.Select(e => new FrameRange(e.Frame, e.Frame + e.Count))).Ranges);
                Assert.Equal(committed.Frames.Count, mine.Sum(e => e.Count));
                var trigger = armed[take].Positions.Single(p => p.Recorder == recorder).Trigger;
                foreach (var extent in mine)
                    await ExtentAsync(Rows(extent), trigger + rate.Of(extent.Frame - takes[take].Frames.First));
            }
            await SameExposuresAsync(committed);
            foreach (var rated in _rates.Rated)
                await ExposuresAtAsync(rated, committed);
        }
    }

    private IEnumerable<string> Recorders => _rates.Rated.Select(r => r.Detector).Prepend(Camera).Prepend(Box);

    /// <summary>Count: rows in the file, where that has another number of them than frames.</summary>
    private Extent Rows(Extent extent) => extent with { Count = _rates.Of(extent.Recorder).Of(extent.Count) };

    private async Task ExtentAsync(Extent extent, long firstTrigger)
    {
        Assert.InRange(extent.Position + extent.Count, 1, _rows[(extent.Recorder, extent.Segment)]);
        var triggers = Enumerable.Range(0, (int)extent.Count).Select(i => firstTrigger + i);
        if (extent.Recorder != Box)
        {
            Assert.Equal(triggers, await IntegersAsync(extent, $"{extent.Recorder}_frame_number"));
            Assert.Equal(triggers, await ImageNumbersAsync(extent));
            return;
        }
        Assert.Equal(triggers, await IntegersAsync(extent, "sample_index"));
        foreach (var axis in new[] { "x", "y" })
        {
            var readbacks = await Reader.ReadScalarsAsync(PathOf(extent), $"/entry/data/{axis}", extent.Position, extent.Count, None);
            for (var i = 0; i < readbacks.Length; i++)
                AtSetpoint(axis, extent.Frame + i, readbacks[i]);
        }
    }

    private void AtSetpoint(string axis, long frame, double readback)
    {
        var setpoint = _path.MidpointOf(_path.Axes.ToList().IndexOf(axis), frame);
        Assert.True(
            Math.Abs(readback - setpoint) < PositionTolerance, $"frame {frame}: {axis} was at {readback}, and {setpoint} was asked for");
    }

    /// <summary>Camera and box stamp each trigger by clocks of their own: over one take they differ by a constant.</summary>
    private async Task SameExposuresAsync(ScanEvent.FramesCommitted committed)
    {
        var camera = await StampsAsync(committed, Camera, "cam_timestamp");
        var box = await StampsAsync(committed, Box, "timestamp_start");
        Assert.All(camera.Zip(box), pair => Assert.InRange(
            pair.First - pair.Second - (camera[0] - box[0]), -StampToleranceNs, StampToleranceNs));
    }

    /// <summary>Each exposure of a detector with a rate of its own begins with its frame, or its part of one, by the box's stamp of that
    /// frame: of a group's first, where it is slower.</summary>
    private async Task ExposuresAtAsync(RatedDetector rated, ScanEvent.FramesCommitted committed)
    {
        var (detector, rate) = rated;
        var own = await StampsAsync(committed, detector, $"{detector}_timestamp");
        var box = await StampsAsync(committed, Box, "timestamp_start");
        var partNs = (long)Math.Round(_path.DurationOf(committed.Frames.First) * 1e9) / rate.Multiple;
        Assert.Equal(rate.Of(committed.Frames.Count), own.Count);
        for (var i = 0; i < own.Count; i++)
        {
            var expected = box[i / rate.Multiple * rate.Divide] - box[0] + i % rate.Multiple * partNs;
            Assert.InRange(own[i] - own[0] - expected, -StampToleranceNs, StampToleranceNs);
        }
    }

    private async Task<List<long>> StampsAsync(ScanEvent.FramesCommitted committed, string recorder, string key)
    {
        var stamps = new List<long>();
        foreach (var extent in committed.Extents.Where(e => e.Recorder == recorder).OrderBy(e => e.Frame))
            stamps.AddRange(await IntegersAsync(Rows(extent), key));
        return stamps;
    }

    private Task<long[]> IntegersAsync(Extent extent, string key)
    {
        var dataset = _segments[(extent.Recorder, extent.Segment)].Datasets.Single(d => d.Key == key);
        return Reader.ReadIntegersAsync(PathOf(extent), dataset.Path, extent.Position, extent.Count, None);
    }

    private async Task<IEnumerable<long>> ImageNumbersAsync(Extent extent)
    {
        var data = _segments[(extent.Recorder, extent.Segment)].Datasets.Single(d => d.Key == extent.Recorder);
        var bytes = await Reader.ReadAsync(PathOf(extent), data.Path, data.NumpyType, extent.Position, extent.Count, None);
        return bytes.Chunk((int)(bytes.Length / extent.Count)).Select(image => (long)BitConverter.ToUInt32(image));
    }

    private string PathOf(Extent extent) => Path.Combine(_run.Path, _segments[(extent.Recorder, extent.Segment)].Path);

    /// <summary>The master file in the scan's own shape: at each index the frame that belongs there.</summary>
    private async Task MasterAsync()
    {
        var outermost = _path.Dimensions[0].Length;
        var numbers = await NumbersAsync(Camera);
        var shown = await Reader.ReadIntegersAsync(_run.Master, "/entry/identity/cam_frame_number", 0, outermost, None);
        Assert.Equal(Enumerable.Range(0, numbers.Length).Select(i => numbers[_path.FrameAtShapeIndex(i)]), shown);
        foreach (var axis in new[] { "x", "y" })
        {
            var readbacks = await Reader.ReadScalarsAsync(_run.Master, $"/entry/readbacks/{axis}", 0, outermost, None);
            Assert.Equal(_path.Length, readbacks.Length);
            for (var i = 0; i < readbacks.Length; i++)
                AtSetpoint(axis, _path.FrameAtShapeIndex(i), readbacks[i]);
        }
        if (H5Py.Available)
        {
            var rated = new List<(RatedDetector, IReadOnlyList<long>)>();
            foreach (var detector in _rates.Rated)
                rated.Add((detector, await NumbersAsync(detector.Detector)));
            Assert.Equal("right", H5Py.Run(MasterScript.Text, _run.Path, MasterScript.Expectation(_path, numbers, rated)));
        }
    }

    /// <summary>The camera's numbers of all its frames, in scan order.</summary>
    private async Task<long[]> NumbersAsync(string camera)
    {
        var rate = _rates.Of(camera);
        var numbers = new long[rate.Of(_path.Length)];
        foreach (var extent in _events.OfType<ScanEvent.FramesCommitted>().SelectMany(e => e.Extents).Where(e => e.Recorder == camera))
            (await IntegersAsync(Rows(extent), $"{camera}_frame_number")).CopyTo(numbers, rate.Of(extent.Frame));
        return numbers;
    }

    private void Documents(string exitStatus)
    {
        var lines = File.ReadLines(_run.Documents).Select(l => JsonDocument.Parse(l).RootElement).ToList();
        if (SharedData.Root is not null)
            Assert.All(lines, line => Assert.Empty(DocumentSchemas.Problems(line)));
        Assert.Empty(DocumentChecker.Problems(lines));
        Assert.Equal("start", Name(lines[0]));
        Assert.Equal("stop", Name(lines[^1]));
        Assert.Equal(exitStatus, lines[^1].GetProperty("doc").GetProperty("exit_status").GetString());
        var committed = CommittedRanges().Sum(r => r.Count);
        var rows = ArrayConsumer.Read(lines, [.. Enumerable.Range(0, (int)_path.Length).Select(i => (long)i)]);
        foreach (var (key, read) in rows)
            Assert.InRange(read.Length, exitStatus == "success" ? EventsOf(key, committed) : 0, EventsOf(key, committed));
        Assert.True(committed == 0 || rows.Count > 0, "frames are committed, and no document tells of them");
    }

    /// <summary>A key of a detector that takes a frame for several of the scan has an event for each of its own.</summary>
    private int EventsOf(string key, long committed)
    {
        var rated = _rates.Rated.FirstOrDefault(r => key == r.Detector || key.StartsWith($"{r.Detector}_", StringComparison.Ordinal));
        return (int)(committed / (rated?.Rate.Divide ?? 1));
    }

    private static string? Name(JsonElement line) => line.GetProperty("name").GetString();

    private void Summary()
    {
        var summary = RunSummary.Read(_run.Summary);
        var committed = CommittedRanges().Sum(r => r.Count);
        Assert.Equal((_path.Length, committed), (summary.Frames, summary.Committed));
        var beyond = _rows.GroupBy(r => r.Key.Recorder).Select(g => (Rate: _rates.Of(g.Key), Rows: g.Sum(r => r.Value)));
        var most = beyond.Select(b => b.Rate.FrameFrom(b.Rows - b.Rate.Of(committed))).Append(0).Max();
        Assert.Equal(most, summary.Superseded);
        Assert.Equal(
            _rates.Rated.Select(r => (r.Detector, $"{r.Rate}", r.Rate.Of(committed))).OrderBy(r => r.Detector, StringComparer.Ordinal),
            summary.Rates.Select(r => (r.Key, r.Value.Rate, r.Value.Committed)));
        Assert.Equal(_events.OfType<ScanEvent.HandedOver>().Count(), summary.Takes);
        Assert.Null(summary.Status == "finished" ? summary.Error : null);
    }
}
