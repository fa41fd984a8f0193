using System.Globalization;
using Flyscan.Hardware.Contracts;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Hdf5;

/// <summary>Reads back what dead writers left, by the trigger number that each row carries.</summary>
/// <param name="hasNothingDecided">Whether the driver of a detector that writes its own file knows, from what it keeps beside that file,
/// that nothing was ever read from it: then nothing can have been committed.</param>
public sealed class SegmentSalvage(TimeProvider time, TimeSpan limit, Func<string, bool> hasNothingDecided) : ISegmentSalvage
{
    private const string IdentityRole = "identity";
    // Numbers that do not say by themselves which trigger made a frame.
    private const string NumberRole = "frame-number";
    // The first dataset of this role holds when each exposure began.
    private const string TimestampRole = "timestamp";
    private const int Block = 65_536;

    // Of a file that a detector's own writer makes: what is known of it while it is written.
    private const string StagedSuffix = ".staged";

    private readonly SegmentRecovery _recovery = new(time, limit);
    private readonly SegmentReader _reader = new(time, limit);

    public int NextNumber(string runFolder, string recorder)
    {
        var data = Path.Combine(runFolder, "data");
        Directory.CreateDirectory(data);
        var highest = 0;
        // A number may be taken before there is a file: a detector's own writer makes it with its first frame.
        foreach (var file in Directory.EnumerateFiles(data, $"{recorder}.*"))
        {
            if (Path.GetExtension(file) is not (".h5" or StagedSuffix))
                continue;
            var number = Path.GetFileNameWithoutExtension(file).AsSpan(recorder.Length + 1);
            if (int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var n))
                highest = Math.Max(highest, n);
        }
        return highest + 1;
    }

    public async Task<Outcome<EquatableArray<SegmentRun>>> SalvageAsync(string runFolder, SegmentState segment, CancellationToken cancel)
    {
        var path = Path.Combine(runFolder, segment.Segment.Path);
        if (!File.Exists(path))
            return new Outcome<EquatableArray<SegmentRun>>.Completed([]);
        try
        {
            var isCounted = segment.Segment.Datasets.Any(d => d.Role == NumberRole);
            EquatableArray<string> datasets = [.. segment.Segment.Datasets.Select(d => d.Path)];
            var content = isCounted || !MayWrite(path)
                ? await ForeignAsync(path, datasets, cancel)
                : await _recovery.SealAsync(path, datasets, cancel);
            if (content is null)
                return new Outcome<EquatableArray<SegmentRun>>.Completed([]);
            if (isCounted)
                return new Outcome<EquatableArray<SegmentRun>>.Completed(
                    content.Frames == 0 ? [] : [SegmentRun.Unknown(segment.Segment.Number, segment.Session, content.Frames)]);
            var identity = segment.Segment.Datasets.FirstOrDefault(d => d.Role == IdentityRole);
            if (identity is null)
                return new Outcome<EquatableArray<SegmentRun>>.Failed($"{path}: none of its datasets says which trigger a row is of");
            return new Outcome<EquatableArray<SegmentRun>>.Completed(await RunsOfAsync(path, segment, identity, content.Frames, cancel));
        }
        catch (IOException unreadable)
        {
            return new Outcome<EquatableArray<SegmentRun>>.Failed($"{path} cannot be read back: {unreadable.Message}");
        }
        catch (TimeoutException)
        {
            return new Outcome<EquatableArray<SegmentRun>>.TimedOut($"reading back {path}", limit.Ticks * 100);
        }
    }

    public async Task<Outcome<EquatableArray<long>>> ExposureStartsAsync(
        string runFolder, SegmentState segment, long position, long count, CancellationToken cancel)
    {
        var path = Path.Combine(runFolder, segment.Segment.Path);
        var stamps = segment.Segment.Datasets.FirstOrDefault(d => d.Role == TimestampRole);
        if (stamps is null || segment.ClockZeroNs is not long zero)
            return new Outcome<EquatableArray<long>>.Failed($"{path}: nothing in it says when its frames were exposed");
        try
        {
            var starts = stamps.Unit == "s"
                ? (await _reader.ReadScalarsAsync(path, stamps.Path, position, count, cancel)).Select(s => (long)Math.Round(s * 1e9))
                : await _reader.ReadIntegersAsync(path, stamps.Path, position, count, cancel);
            return new Outcome<EquatableArray<long>>.Completed(starts.Select(s => zero + s).ToEquatableArray());
        }
        catch (IOException unreadable)
        {
            return new Outcome<EquatableArray<long>>.Failed($"{path} cannot be read back: {unreadable.Message}");
        }
        catch (TimeoutException)
        {
            return new Outcome<EquatableArray<long>>.TimedOut($"reading back {path}", limit.Ticks * 100);
        }
    }

    public async Task<Outcome<EquatableArray<double>>> CapturedAsync(
        string runFolder, SegmentState segment, string column, long position, long count, CancellationToken cancel)
    {
        var path = Path.Combine(runFolder, segment.Segment.Path);
        if (segment.Segment.Datasets.FirstOrDefault(d => d.Key == column) is not { } dataset)
            return new Outcome<EquatableArray<double>>.Failed($"{path}: it has no {column}");
        try
        {
            var values = await _reader.ReadScalarsAsync(path, dataset.Path, position, count, cancel);
            return new Outcome<EquatableArray<double>>.Completed(values.ToEquatableArray());
        }
        catch (IOException unreadable)
        {
            return new Outcome<EquatableArray<double>>.Failed($"{path} cannot be read back: {unreadable.Message}");
        }
        catch (TimeoutException)
        {
            return new Outcome<EquatableArray<double>>.TimedOut($"reading back {path}", limit.Ticks * 100);
        }
    }

    /// <summary>What a file holds; null where its writer died while it made it. One that belongs to another user can be read and not
    /// sealed.</summary>
    private async Task<SegmentContent?> ForeignAsync(string path, EquatableArray<string> datasets, CancellationToken cancel)
    {
        try
        {
            return await _recovery.SealAsync(path, datasets, cancel);
        }
        catch (Exception foreign) when (foreign is IOException or UnauthorizedAccessException)
        {
            try
            {
                return await _reader.InspectAsync(path, datasets, cancel);
            }
            catch (IOException) when (hasNothingDecided(path))
            {
                return null;
            }
        }
    }

    private static bool MayWrite(string path)
    {
        try
        {
            using var opened = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
            return true;
        }
        catch (UnauthorizedAccessException)
        {
            return false;
        }
    }

    private async Task<EquatableArray<SegmentRun>> RunsOfAsync(
        string path, SegmentState segment, SegmentDataset identity, long frames, CancellationToken cancel)
    {
        var runs = new List<SegmentRun>();
        for (long position = 0; position < frames; position += Block)
        {
            var triggers = await _reader.ReadIntegersAsync(path, identity.Path, position, Math.Min(Block, frames - position), cancel);
            for (var i = 0; i < triggers.Length; i++)
            {
                if (runs.Count > 0 && runs[^1] is var last && last.FirstTrigger + last.Count == triggers[i])
                    runs[^1] = last with { Count = last.Count + 1 };
                else
                    runs.Add(new SegmentRun(segment.Segment.Number, segment.Session, triggers[i], 1, position + i));
            }
        }
        return runs.ToEquatableArray();
    }
}
