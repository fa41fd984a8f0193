using Flyscan.Hardware.PandA.Programmes;
using Flyscan.Hardware.PandA.Protocol;
using Flyscan.Hardware.Transport;

namespace Flyscan.Hardware.PandA.Driver;

/// <content>Outputs of detectors at rates of their own.</content>
internal sealed partial class PandADriver
{
    /// <summary>PULSE blocks of the present programme; null: adopted, to be learnt from the box.</summary>
    private string[]? _usedPulses;

    private IEnumerable<PandACommand> OutputsDown() => RateProgramme.Down(_settings.Outputs).Select(s => PandACommand.Set(s.Name, s.Value));

    /// <summary>All blocks down, values set, blocks up: dividers count from here.</summary>
    private async Task WriteRatesAsync(Box box, List<(string Name, string Value)> settings, CancellationToken cancel)
    {
        if (settings.Count == 0)
            return;
        await box.Control.DoAsync(cancel, [.. OutputsDown(), .. settings.Select(s => PandACommand.Set(s.Name, s.Value))]);
        var held = await box.Control.DoAsync(cancel, [.. settings.Select(s => PandACommand.Get(s.Name))]);
        for (var i = 0; i < settings.Count; i++)
            if (!PandABoxControl.Same(settings[i].Value, held[i]))
                throw new IOException(
                    $"{settings[i].Name} was set to {settings[i].Value} and reads {held[i]}: somebody else writes to the box");
    }

    /// <summary>A PULSE block that was triggered too soon says so, and its detector lacks frames.</summary>
    private async Task<string?> DroppedAsync(Box box, CancellationToken cancel)
    {
        foreach (var pulse in await UsedPulsesAsync(box, cancel))
            if ((await box.Control.DoAsync(cancel, PandACommand.Get($"{pulse}.DROPPED")))[0] is not "0" and var dropped)
                return $"{pulse} dropped {dropped} triggers: frames came before it was ready";
        return null;
    }

    /// <summary>Lets exposures of slow detectors end that the box began before it stopped: until then they take no other. False where one
    /// does not end.</summary>
    private async Task<bool> EndPulsesAsync(Box box, CancellationToken cancel)
    {
        foreach (var pulse in await UsedPulsesAsync(box, cancel))
        {
            var held = await box.Control.DoAsync(
                cancel, PandACommand.Get($"{pulse}.WIDTH.RAW"), PandACommand.Get($"{pulse}.STEP.RAW"), PandACommand.Get($"{pulse}.PULSES"));
            var longestNs = (Integer("WIDTH", held[0]) + Integer("STEP", held[1]) * Integer("PULSES", held[2])) * box.TickNs;
            var deadline = _clock.NowNs + longestNs + HaltMarginNs;
            while (!await IsQuietAsync(box, pulse, cancel))
            {
                if (_clock.NowNs > deadline)
                    return false;
                await _clock.SleepAsync(FirstPollNs, cancel);
            }
        }
        return true;
    }

    private static async Task<bool> IsQuietAsync(Box box, string pulse, CancellationToken cancel) =>
        await box.Control.DoAsync(cancel, PandACommand.Get($"{pulse}.QUEUED"), PandACommand.Get($"{pulse}.OUT")) is ["0", "0"];

    private async Task<string[]> UsedPulsesAsync(Box box, CancellationToken cancel)
    {
        if (_usedPulses is { } known)
            return known;
        var used = new List<string>();
        foreach (var output in _settings.Outputs)
            if ((await box.Control.DoAsync(cancel, PandACommand.Get($"{output.Pulse}.ENABLE")))[0] == "ONE")
                used.Add(output.Pulse);
        return _usedPulses = [.. used];
    }
}
