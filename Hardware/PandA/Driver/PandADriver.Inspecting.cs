using System.Globalization;
using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.PandA.Protocol;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.PandA.Driver;

/// <content>What the box says, for a person who looks for what is wrong.</content>
internal sealed partial class PandADriver : IInspectable
{
    /// <remarks>A box that is not connected says nothing here: connecting says why.</remarks>
    public async Task<EquatableArray<DeviceFact>> InspectAsync(CancellationToken cancel)
    {
        Box? box;
        lock (_gate)
            box = _box;
        if (box is null)
            return [];
        List<string> names = ["*PCAP.STATUS", "*PCAP.CAPTURED", "PCAP.HEALTH", _settings.Gate, $"{_settings.TriggerOutput}.VAL"];
        names.AddRange(new[] { "STATE", "TABLE_LINE", "LINE_REPEAT", "HEALTH", "ENABLE" }.Select(field => $"{Sequencer}.{field}"));
        if (_settings.LiveInput is { } live)
            names.Add(live);
        names.AddRange(_settings.Encoders.Select(e => $"{e.Input}.VAL"));
        names.AddRange(_line.Facts);
        try
        {
            var replies = await box.Control.SendAsync([.. names.Select(PandACommand.Get)], cancel);
            return
            [
                new DeviceFact("box", box.Control.Info.Identity, null),
                .. names.Zip(replies, (name, reply) => FactOf(name, reply)), .. _settings.Encoders.Select(Position),
            ];

            DeviceFact Position(PandAEncoder encoder) =>
                replies[names.IndexOf($"{encoder.Input}.VAL")] is PandAReply.Value { Text: var text } && PandAText.TryWhole(text, out var counts)
                    ? new DeviceFact(
                        encoder.Axis,
                        $"{(counts * encoder.Scale + encoder.Offset).ToString("G9", CultureInfo.InvariantCulture)} {encoder.Unit}", null)
                    : new DeviceFact(encoder.Axis, null, $"{encoder.Input}.VAL is no number");
        }
        catch (Exception lost) when (lost is IOException or TimeoutException)
        {
            return [new DeviceFact("box", null, lost.Message)];
        }
    }

    private static DeviceFact FactOf(string name, PandAReply reply) => reply switch
    {
        PandAReply.Value { Text: var text } => new DeviceFact(
            name, text, name.EndsWith(".HEALTH", StringComparison.Ordinal) && text != "OK" ? text : null),
        PandAReply.Refused { Reason: var reason } => new DeviceFact(name, null, reason),
        _ => new DeviceFact(name, null, "answered with what is no value"),
    };
}
