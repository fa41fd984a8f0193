namespace Flyscan.Hardware.PandA.Programmes;

/// <summary>A COUNTER block that counts pulses, up from its start at staging.</summary>
/// <remarks><b>Source</b> block manual as summed up in the protocol reference: the output shows each change only in mode
/// On-Change.</remarks>
internal static class CountProgramme
{
    /// <summary>What staging sets, and puts back afterwards: down first, so that the count begins anew.</summary>
    /// <param name="block">As COUNTER1.</param>
    /// <param name="input">The bit whose pulses are counted.</param>
    /// <param name="start">What it shows before the first.</param>
    public static IEnumerable<(string Name, string Value)> Staged(string block, string input, int start = 0)
    {
        yield return ($"{block}.TRIG", input);
        yield return ($"{block}.TRIG.DELAY", "0");
        yield return ($"{block}.TRIG_EDGE", "Rising");
        yield return ($"{block}.DIR", "ZERO");
        yield return ($"{block}.OUT_MODE", "On-Change");
        yield return ($"{block}.START", $"{start}");
        yield return ($"{block}.STEP", "1");
        yield return ($"{block}.MIN", "0");
        yield return ($"{block}.MAX", "0");
        yield return ($"{block}.OUT.SCALE", "1");
        yield return ($"{block}.OUT.OFFSET", "0");
        yield return ($"{block}.ENABLE.DELAY", "0");
        yield return ($"{block}.ENABLE", "ONE");
    }
}
