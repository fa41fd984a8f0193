using System.Globalization;
using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Epics;

namespace Flyscan.Hardware.Zebra.Ioc;

/// <content>What the IOC knows beside the box's registers.</content>
internal sealed partial class ZebraIocLink
{
    public async Task<IReadOnlyList<DeviceFact>> InspectAsync(CancellationToken cancel)
    {
        var facts = new List<DeviceFact>
        {
            await FactAsync("CONNECTED", cancel, v => v.AsNumber() == 1 ? null : "the IOC has lost its box"),
            await FactAsync("INITIAL_POLL_DONE", cancel, v => v.AsNumber() == 1 ? null : "the IOC has not read all registers yet"),
        };
        foreach (var record in new[] { "ARRAY_ACQ", "PC_NUM_CAP", "PC_NUM_DOWN" })
            facts.Add(await FactAsync(record, cancel));
        foreach (var channel in _settings.Box.Encoders.Select(e => e.Channel))
        {
            facts.Add(await FactAsync($"M{channel}:ERES", cancel, v => v.AsNumber() == 0 ? "samples cannot be turned into counts" : null));
            facts.Add(await FactAsync($"M{channel}:OFF", cancel));
            facts.Add(await FactAsync(ZebraRecords.Arrays[channel - 1], cancel));
        }
        return facts;
    }

    private async Task<DeviceFact> FactAsync(string record, CancellationToken cancel, Func<PvValue, string?>? alarm = null)
    {
        try
        {
            // A bi record that says no is in alarm, and still says what it says.
            var value = await ReadAsync(record, cancel, invalid: alarm is not null);
            return new DeviceFact(Name(record), Said(value), alarm?.Invoke(value));
        }
        catch (Exception silent) when (silent is IOException or TimeoutException)
        {
            return new DeviceFact(Name(record), null, silent.Message);
        }
    }

    /// <summary>Of samples how many there are, and the last: where the encoder stood then.</summary>
    private static string Said(PvValue value) => value is PvValue.Array<double> { Items: var items }
        ? items.Length == 0 ? "no samples" : string.Create(CultureInfo.InvariantCulture, $"{items.Length} samples, the last {items[^1]:G9}")
        : value.AsText();
}
