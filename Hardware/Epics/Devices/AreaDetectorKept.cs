namespace Flyscan.Hardware.Epics;

/// <summary>What an areaDetector's driver keeps beside the file that the IOC writes.</summary>
public static class AreaDetectorKept
{
    /// <summary>Extension of what is kept, in place of the file's own.</summary>
    internal const string Suffix = ".staged";

    /// <summary>Whether it says that nothing was ever read from the file.</summary>
    public static bool HasNothingDecided(string segmentPath)
    {
        var kept = Path.ChangeExtension(segmentPath, Suffix);
        return File.Exists(kept) && AreaDetectorLedger.Read(File.ReadAllBytes(kept)) is { Rows: 0 };
    }
}
