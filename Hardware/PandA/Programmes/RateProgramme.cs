using Flyscan.Scanning.Triggering;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.PandA.Programmes;

/// <summary>An output that a detector has to itself, the PULSE block behind it, and the DIV block before that where there is one.</summary>
internal sealed record PandAFurtherOutput(string Detector, string Output, string Pulse, string? Divider);

/// <summary>Further outputs as blocks of the box: DIV picks every n-th frame, PULSE makes its pulses.</summary>
/// <remarks>
/// A PULSE block must be idle for four ticks before the next trigger, or it drops it. A DIV block counts from its ENABLE: it is taken down
/// and put up with every programme, so that a take's first frame is the first of a group.
/// <b>Source</b> block manual as summed up in the protocol reference.
/// </remarks>
internal static class RateProgramme
{
    private const int LeastTicks = 5;

    /// <summary>Fields that staging sets, and puts back afterwards: every such output shows the frames themselves.</summary>
    public static IEnumerable<(string Name, string Value)> Staged(EquatableArray<PandAFurtherOutput> outputs, string sequencer)
    {
        foreach (var output in outputs)
        {
            yield return ($"{output.Pulse}.ENABLE", "ZERO");
            yield return ($"{output.Pulse}.ENABLE.DELAY", "0");
            yield return ($"{output.Pulse}.TRIG", $"{sequencer}.OUTA");
            yield return ($"{output.Pulse}.TRIG.DELAY", "0");
            yield return ($"{output.Pulse}.TRIG_EDGE", "Rising");
            yield return ($"{output.Pulse}.DELAY.RAW", "0");
            yield return ($"{output.Pulse}.WIDTH.RAW", "0");
            yield return ($"{output.Pulse}.STEP.RAW", "0");
            yield return ($"{output.Pulse}.PULSES", "1");
            yield return ($"{output.Output}.VAL", $"{sequencer}.OUTA");
            yield return ($"{output.Output}.VAL.DELAY", "0");
            if (output.Divider is not { } divider)
                continue;
            yield return ($"{divider}.ENABLE", "ZERO");
            yield return ($"{divider}.ENABLE.DELAY", "0");
            yield return ($"{divider}.INP", $"{sequencer}.OUTA");
            yield return ($"{divider}.INP.DELAY", "0");
            yield return ($"{divider}.DIVISOR", "1");
            yield return ($"{divider}.FIRST_PULSE", "OutD");
        }
    }

    /// <summary>Those of <see cref="Staged"/> that a programme sets anew.</summary>
    public static IEnumerable<string> Names(EquatableArray<PandAFurtherOutput> outputs) => outputs.SelectMany(o =>
        new[] { "ENABLE", "TRIG", "WIDTH.RAW", "STEP.RAW", "PULSES" }.Select(field => $"{o.Pulse}.{field}")
            .Concat(o.Divider is null ? [] : [$"{o.Divider}.ENABLE", $"{o.Divider}.DIVISOR"])
            .Append($"{o.Output}.VAL"));

    /// <summary>Blocks down: no pulse begins, and counts begin anew.</summary>
    public static IEnumerable<(string Name, string Value)> Down(EquatableArray<PandAFurtherOutput> outputs) =>
        outputs.SelectMany(o => new[] { o.Pulse, o.Divider }).OfType<string>().Select(block => ($"{block}.ENABLE", "ZERO"));

    /// <summary>What a programme sets after <see cref="Down"/>, blocks up last; or why it cannot.</summary>
    public static List<(string Name, string Value)>? Compile(
        TriggerProgramme programme, EquatableArray<PandAFurtherOutput> outputs, string sequencer, long tickNs, out string problem)
    {
        List<(string, string)> settings = [];
        problem = programme.Outputs.Select(o => Problem(programme, o, outputs, tickNs)).FirstOrDefault(p => p is not null) ?? "";
        if (problem.Length > 0)
            return null;
        foreach (var own in outputs)
        {
            var wanted = programme.Outputs.FirstOrDefault(o => o.Detector == own.Detector);
            settings.Add(($"{own.Output}.VAL", wanted is null ? $"{sequencer}.OUTA" : $"{own.Pulse}.OUT"));
            if (wanted is null)
                continue;
            var divided = wanted.Rate.Divide > 1;
            settings.Add(($"{own.Pulse}.TRIG", divided ? $"{own.Divider}.OUTD" : $"{sequencer}.OUTA"));
            settings.Add(($"{own.Pulse}.WIDTH.RAW", $"{wanted.ExposureNs / tickNs}"));
            settings.Add(($"{own.Pulse}.STEP.RAW", $"{wanted.PeriodNs / tickNs}"));
            settings.Add(($"{own.Pulse}.PULSES", $"{wanted.Rate.Multiple}"));
            if (divided)
            {
                settings.Add(($"{own.Divider}.DIVISOR", $"{wanted.Rate.Divide}"));
                settings.Add(($"{own.Divider}.ENABLE", "ONE"));
            }
            settings.Add(($"{own.Pulse}.ENABLE", "ONE"));
        }
        return settings;
    }

    /// <summary>PULSE blocks that a programme uses.</summary>
    public static IEnumerable<string> Used(TriggerProgramme programme, EquatableArray<PandAFurtherOutput> outputs) =>
        outputs.Where(o => programme.Outputs.Any(p => p.Detector == o.Detector)).Select(o => o.Pulse);

    private static string? Problem(
        TriggerProgramme programme, FurtherOutput output, EquatableArray<PandAFurtherOutput> outputs, long tickNs)
    {
        var at = $"detector {output.Detector} at {output.Rate} times the base rate";
        var own = outputs.FirstOrDefault(o => o.Detector == output.Detector);
        if (own is null)
            return $"{at} has no output of its own: give it one in outputs of the box";
        if (output.Rate.Divide > 1 && own.Divider is null)
            return $"{at} has no DIV block: give outputs.{output.Detector} a divider";
        if (output.PeriodNs % tickNs != 0 || output.ExposureNs % tickNs != 0)
            return $"{at} needs {output.ExposureNs} ns every {output.PeriodNs} ns, which are not whole ticks of {tickNs} ns";
        if (output.ExposureNs < LeastTicks * tickNs || output.PeriodNs - output.ExposureNs < LeastTicks * tickNs)
            return $"{at} exposes {output.ExposureNs} ns every {output.PeriodNs} ns: {own.Pulse} needs at least {LeastTicks * tickNs} ns "
                + "both high and low";
        foreach (var window in programme.Windows)
            if (window.Frames % output.Rate.Divide != 0)
                return $"the window at frame {window.FirstFrame} has {window.Frames} frames, "
                    + $"no whole groups of {output.Rate.Divide} for {at}";
        return null;
    }
}
