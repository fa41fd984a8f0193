using System.Globalization;

namespace Flyscan.Actors.Devices;

/// <summary>Numbers of segment files: a number once used in a run folder is never used again, whoever used it.</summary>
public static class SegmentFiles
{
    public static int NextNumber(string runFolder, string recorder)
    {
        var data = Path.Combine(runFolder, "data");
        Directory.CreateDirectory(data);
        var highest = 0;
        foreach (var file in Directory.EnumerateFiles(data, $"{recorder}.*.h5"))
        {
            var number = Path.GetFileNameWithoutExtension(file).AsSpan(recorder.Length + 1);
            if (int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var n))
                highest = Math.Max(highest, n);
        }
        return highest + 1;
    }
}
