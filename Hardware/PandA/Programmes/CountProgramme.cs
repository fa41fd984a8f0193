namespace Flyscan.Hardware.PandA.Programmes;

/// <summary>A COUNTER block that counts a detector's exposures, up from 0 at staging.</summary>
/// <remarks><b>Source</b> block manual as summed up in the protocol reference: the output shows each change only in mode
/// On-Change.</remarks>
internal static class CountProgramme
{
    /// <summary>What staging sets, and puts back afterwards: down first, so that the count begins anew.</summary>
    public static IEnumerable<(string Name, string Value)> Staged(PandAExposureOut counted)
    {
        var block = counted.Counter;
        yield return ($"{block}.TRIG", counted.Input);
        yield return ($"{block}.TRIG.DELAY", "0");
        yield return ($"{block}.TRIG_EDGE", "Rising");
        yield return ($"{block}.DIR", "ZERO");
        yield return ($"{block}.OUT_MODE", "On-Change");
        yield return ($"{block}.START", "0");
        yield return ($"{block}.STEP", "1");
        yield return ($"{block}.MIN", "0");
        yield return ($"{block}.MAX", "0");
        yield return ($"{block}.OUT.SCALE", "1");
        yield return ($"{block}.OUT.OFFSET", "0");
        yield return ($"{block}.ENABLE.DELAY", "0");
        yield return ($"{block}.ENABLE", "ONE");
    }
}
