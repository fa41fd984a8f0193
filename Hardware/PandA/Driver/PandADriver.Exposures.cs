using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.PandA.Driver;

/// <content>When frames were exposed.</content>
internal sealed partial class PandADriver
{
    private const string ExposureStartKey = "timestamp_start";

    public Task<Outcome<EquatableArray<long>>> ExposureStartsAsync(long position, long count, CancellationToken cancel) =>
        RunAsync("read back when frames were exposed", async () =>
        {
            if (Recording() is not { } recording)
                return new Outcome<EquatableArray<long>>.Refused($"{Name}: not staged");
            if (recording.ClockZeroNs is not long zero)
                return new Outcome<EquatableArray<long>>.Failed($"{Name}: its server did not say when the capture began");
            var dataset = recording.Segment.Datasets.First(d => d.Key == ExposureStartKey).Path;
            var starts = await recording.ReadTimesAsync(dataset, position, count, cancel);
            return Done(starts.Select(s => zero + s).ToEquatableArray());
        });

    public Task<Outcome<EquatableArray<double>>> CapturedAsync(string column, long position, long count, CancellationToken cancel) =>
        RunAsync($"read back {column}", async () =>
        {
            if (Recording() is not { } recording)
                return new Outcome<EquatableArray<double>>.Refused($"{Name}: not staged");
            if (recording.Segment.Datasets.FirstOrDefault(d => d.Key == column) is not { } dataset)
                return new Outcome<EquatableArray<double>>.Failed($"{Name}: it does not capture {column} in this scan");
            return Done((await recording.ReadNumbersAsync(dataset.Path, position, count, cancel)).ToEquatableArray());
        });
}
