namespace Flyscan.Hardware.PandA.Driver;

/// <content>Outputs of detectors at rates of their own.</content>
internal sealed partial class PandADriver
{
    private string[] _usedPulses = [];

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
        foreach (var pulse in _usedPulses)
            if ((await box.Control.DoAsync(cancel, PandACommand.Get($"{pulse}.DROPPED")))[0] is not "0" and var dropped)
                return $"{pulse} dropped {dropped} triggers: frames came before it was ready";
        return null;
    }
}
