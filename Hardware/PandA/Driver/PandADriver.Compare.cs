using Flyscan.Hardware.PandA.Programmes;
using Flyscan.Hardware.PandA.Protocol;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Triggering;

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

    /// <summary>False where the block cannot begin the programme's frames by position, and nobody else may.</summary>
    private bool TryCompare(TriggerProgramme programme, out CompareProgramme? compare, out string problem)
    {
        (compare, problem) = (null, "");
        if (_settings.Compare is not { } by)
            return true;
        compare = CompareProgramme.Of(programme, _settings.Encoders, out var why);
        if (compare is not null || !by.IsOnly || !programme.Windows.Any(w => w.Trains.Any(t => t.At is not null)))
            return true;
        problem = $"{by.Block} cannot begin these frames: {why}. Without position-compare.only the sequencer compares, two rows a frame";
        return false;
    }

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
