using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Triggering;

namespace Flyscan.Hardware.PandA.Programmes;

/// <summary>A trigger programme as the whole box holds it: the sequencer's table, what begins frames by position, outputs of detectors at
/// rates of their own, and what follows a detector that begins frames itself.</summary>
internal sealed record BoxProgramme(
    SequencerProgramme Table, CompareProgramme? Compare, IReadOnlyList<(string Name, string Value)> Rates,
    IReadOnlyList<(string Name, string Value)> Follows)
{
    /// <summary>Null where the box cannot do it; <paramref name="problem"/> then says why.</summary>
    public static BoxProgramme? Compile(
        TriggerProgramme programme, TakeMark mark, PandASettings settings, SequencerLimits limits, out string problem)
    {
        if (!TryCompare(programme, settings, out var compare, out problem))
            return null;
        var led = compare?.Led(programme, settings.Compare!) ?? programme;
        return SequencerProgramme.Compile(led, mark, settings.Encoders, limits, out problem) is { } table
            && RateProgramme.Compile(programme, settings.Outputs, settings.Sequencer, limits.TickNs, out problem) is { } rates
            && FollowProgramme.Compile(programme, settings, out problem) is { } follows
                ? new BoxProgramme(table, compare, rates, follows)
                : null;
    }

    /// <summary>False where the block cannot begin the programme's frames by position, and nobody else may.</summary>
    private static bool TryCompare(
        TriggerProgramme programme, PandASettings settings, out CompareProgramme? compare, out string problem)
    {
        (compare, problem) = (null, "");
        if (settings.Compare is not { } by)
            return true;
        compare = CompareProgramme.Of(programme, settings.Encoders, out var why);
        if (compare is not null || !by.IsOnly || !programme.Windows.Any(w => w.Trains.Any(t => t.At is not null)))
            return true;
        problem = $"{by.Block} cannot begin these frames: {why}. Without position-compare.only the sequencer compares, two rows a frame";
        return false;
    }
}
