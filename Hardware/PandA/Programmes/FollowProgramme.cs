using Flyscan.Scanning.Triggering;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.PandA.Programmes;

/// <summary>A detector whose frames the box follows: its frame pulse as a bit of the bus, and the LUT block that makes its gate.</summary>
internal sealed record PandAFollowed(string Detector, string Pulse, string Gate);

/// <summary>Frames that a detector begins by itself, as settings of the box.</summary>
/// <remarks>
/// The sequencer's OUTB is high through a window; AND the soft gate, a LUT block hands it to the detector, which runs while it is high.
/// Its frame pulse comes back at BITC, and each makes one pulse at OUTA: so captures and counts are those of all other programmes, and
/// a closed soft gate stops the detector at a frame.
/// </remarks>
internal static class FollowProgramme
{
    /// <summary>Fields that staging sets, and puts back afterwards.</summary>
    public static IEnumerable<(string Name, string Value)> Staged(
        EquatableArray<PandAFollowed> followed, string sequencer, string gateBit)
    {
        if (followed.Count > 0)
            yield return ($"{sequencer}.BITC.DELAY", "0");
        foreach (var one in followed)
        {
            foreach (var setting in GateOf(one.Gate, sequencer, gateBit))
                yield return setting;
        }
    }

    /// <summary>A LUT block that is high while OUTB and the soft gate are.</summary>
    public static (string Name, string Value)[] GateOf(string block, string sequencer, string gateBit) =>
    [
        ($"{block}.INPA", $"{sequencer}.OUTB"), ($"{block}.INPB", gateBit), ($"{block}.INPA.DELAY", "0"), ($"{block}.INPB.DELAY", "0"),
        ($"{block}.TYPEA", "Input-Level"), ($"{block}.TYPEB", "Input-Level"), ($"{block}.FUNC", "A&B"),
    ];

    /// <summary>What a programme sets; or why it cannot.</summary>
    /// <param name="programme">What is to run.</param>
    /// <param name="settings">The box's.</param>
    /// <param name="problem">Empty where there is none.</param>
    public static List<(string Name, string Value)>? Compile(TriggerProgramme programme, PandASettings settings, out string problem)
    {
        problem = "";
        if (settings.Followed.Count == 0 && programme.FramesBy is null)
            return [];
        var leader = settings.Followed.FirstOrDefault(f => f.Detector == programme.FramesBy);
        if (programme.FramesBy is { } wanted && leader is null)
        {
            problem = $"detector {wanted} begins the frames, and the box cannot see them: name its pulse and gate in frames-by of the box";
            return null;
        }
        List<(string, string)> compiled = [($"{settings.Sequencer}.BITC", leader?.Pulse ?? "ZERO")];
        foreach (var one in settings.Followed)
        {
            var output = settings.Outputs.FirstOrDefault(o => o.Detector == one.Detector)?.Output;
            if (one == leader)
                compiled.Add(($"{output ?? settings.TriggerOutput}.VAL", $"{one.Gate}.OUT"));
            else if (output is null && (leader is null || settings.Outputs.Any(o => o.Detector == leader.Detector)))
                compiled.Add(($"{settings.TriggerOutput}.VAL", $"{settings.Sequencer}.OUTA"));
        }
        return compiled;
    }
}
