using Flyscan.Hardware.PandA.Protocol;
using Flyscan.Scanning.Runs;

namespace Flyscan.Hardware.PandA.Driver;

/// <content>The PCOMP block, where it begins the frames.</content>
internal sealed partial class PandADriver
{
    private static readonly string[] CompareFields = ["INP", "START", "STEP", "PULSES", "PRE_START", "DIR"];

    /// <summary>The programme's frames are begun by PCOMP.</summary>
    private bool _compares;

    /// <summary>A fault of a block that a take's status has named.</summary>
    private string? _toldHealth;

    /// <summary>Set by each programme.</summary>
    private bool IsOfCompare(string name) =>
        _settings.Compare is { } compare && CompareFields.Any(field => name == $"{compare.Block}.{field}");

    private async Task<BoxStatus> WithCompareAsync(Box box, BoxStatus status, CancellationToken cancel)
    {
        if (status.Fault is not null || await CompareFaultAsync(box, cancel) is not { } jumped)
            return status;
        _toldHealth = jumped;
        return status with { Phase = BoxPhase.Faulted, Fault = jumped };
    }

    /// <summary>A block that stopped early makes no pulse and ends nothing: only its HEALTH says so.</summary>
    private async Task<string?> CompareFaultAsync(Box box, CancellationToken cancel)
    {
        if (!_compares || _settings.Compare is not { } compare)
            return null;
        var answers = await box.Control.DoAsync(
            cancel, PandACommand.Get($"{compare.Block}.HEALTH"), PandACommand.Get($"{compare.Block}.PRODUCED"));
        return answers[0] == "OK" ? null : $"{compare.Block}: {answers[0]}, after {answers[1]} pulses of the window";
    }
}
