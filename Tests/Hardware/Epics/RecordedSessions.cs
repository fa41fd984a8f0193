using System.Globalization;

namespace Flyscan.Tests.Hardware.Epics;

/// <summary>A line of a recorded session of real programs: what was sent, and how many bytes of it the recording left out.</summary>
internal sealed record RecordedLine(int Line, string Transport, string Direction, byte[] Bytes, int Left);

/// <summary>The recorded sessions of both transports.</summary>
internal static class RecordedSessions
{
    private static string Folder => SharedData.Root is null ? "" : SharedData.PathOf("data/epics");

    /// <summary>Sessions of a transport: <c>ca</c> or <c>pva</c>.</summary>
    public static IReadOnlyList<string> NamesOf(string transport) => Directory.Exists(Folder)
        ? [.. Directory.GetFiles(Folder, $"{transport}-*.txt").Select(f => Path.GetFileNameWithoutExtension(f)).Order()]
        : [];

    public static IEnumerable<RecordedLine> Read(string name)
    {
        var number = 0;
        foreach (var line in File.ReadLines(Path.Combine(Folder, name + ".txt")))
        {
            number++;
            if (line.StartsWith('#'))
                continue;
            var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words.Length < 5 || words[4] == "-")
                continue;
            var parts = words[4].Split('+');
            // Older recordings say it in a word of its own.
            var left = parts.Length > 1 ? parts[1] : words.Length > 5 && words[5].StartsWith('+') ? words[5] : "0";
            yield return new RecordedLine(
                number, words[1], words[2], Convert.FromHexString(parts[0]), int.Parse(left, CultureInfo.InvariantCulture));
        }
    }

    /// <summary>What clients printed in a session.</summary>
    public static IReadOnlyList<string> Printed(string name)
    {
        var lines = File.ReadAllLines(Path.Combine(Folder, "printed-by-clients.txt")).ToList();
        var from = lines.IndexOf($"== {name}");
        return from < 0 ? [] : [.. lines.Skip(from + 1).TakeWhile(l => !l.StartsWith("== ", StringComparison.Ordinal))];
    }
}
