using System.Globalization;
using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Zebra.Protocol;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Zebra;

/// <content>What the box says of itself, read without changing anything.</content>
internal sealed partial class ZebraDriver : IInspectable
{
    public async Task<EquatableArray<DeviceFact>> InspectAsync(CancellationToken cancel)
    {
        IZebraLink? client;
        lock (_gate)
            client = _client;
        if (client is null)
            return [new DeviceFact("box", null, "not connected")];
        List<DeviceFact> facts =
        [
            await FactAsync("armed", async () => await client.IsHighAsync(ZebraRegister.BusArm, long.MinValue, cancel) ? "yes" : "no"),
            await FactAsync("captured", async () =>
                $"{await client.ReadPairAsync(ZebraRegister.PcNumCap, cancel)} pulses since the last arming"),
            await FactAsync("gate", async () =>
                (await client.ReadAsync(ZebraRegister.SoftIn, cancel) & GateMask) != 0 ? "open" : "closed"),
            await FactAsync("output", async () => await IsExposingAsync(client, long.MinValue, cancel) ? "high" : "low"),
            await FactAsync(
                "errors", async () => $"0x{await client.ReadAsync(ZebraRegister.SysStatErr, cancel):X4}",
                said => (Convert.ToInt32(said, 16) >> ZebraRegister.BufferOverflowBit & 1) != 0
                    ? "samples were lost: the box's buffer ran over"
                    : null),
            await FactAsync("firmware", async () => $"0x{await client.ReadAsync(ZebraRegister.SysVer, cancel):X}"),
        ];
        // Where they stand only a capture tells.
        foreach (var e in _settings.Encoders)
        {
            FormattableString scaled = $"ENC{e.Channel}, {e.Scale:G9} {e.Unit} a count from {e.Offset:G9}";
            facts.Add(new DeviceFact(e.Axis, scaled.ToString(CultureInfo.InvariantCulture), null));
        }
        facts.AddRange(await client.InspectAsync(cancel));
        return facts.ToEquatableArray();
    }

    private async Task<DeviceFact> FactAsync(string name, Func<Task<string>> read, Func<string, string?>? alarm = null)
    {
        var outcome = await RunAsync($"read {name}", async () => Done(await read()));
        return outcome is Outcome<string>.Completed { Value: var said }
            ? new DeviceFact(name, said, alarm?.Invoke(said))
            : new DeviceFact(name, null, outcome.Problem);
    }
}
