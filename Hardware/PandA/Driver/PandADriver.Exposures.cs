using System.Globalization;
using Flyscan.Hardware.PandA.Protocol;
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
            var dataset = recording.Plan.Datasets.First(d => d.Key == ExposureStartKey).Path;
            var starts = await recording.Recorder.ReadIntegersAsync(dataset, position, count, cancel);
            return Done(starts.Select(s => zero + s).ToEquatableArray());
        });

    public Task<Outcome<EquatableArray<double>>> CapturedAsync(string column, long position, long count, CancellationToken cancel) =>
        RunAsync($"read back {column}", async () =>
        {
            if (Recording() is not { } recording)
                return new Outcome<EquatableArray<double>>.Refused($"{Name}: not staged");
            if (recording.Plan.Datasets.FirstOrDefault(d => d.Key == column) is not { } dataset)
                return new Outcome<EquatableArray<double>>.Failed($"{Name}: it does not capture {column} in this scan");
            return Done((await recording.Recorder.ReadNumbersAsync(dataset.Path, position, count, cancel)).ToEquatableArray());
        });

    /// <summary>The moment that time stamps of a capture count from, by the server's clock; null where an old server is
    /// silent.</summary>
    internal static long? ClockZeroOf(PandADataHeader header)
    {
        var text = header.StartTime.Length > 0 ? header.StartTime : header.ArmTime;
        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var began)
            ? (began - DateTimeOffset.UnixEpoch).Ticks * 100
            : null;
    }
}
