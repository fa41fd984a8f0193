using System.Globalization;
using Flyscan.Hardware.Epics.ChannelAccess;

namespace Flyscan.Tests.Hardware.Epics.ChannelAccess;

/// <summary>One message of a recorded session of real programs.</summary>
/// <remarks>Left: bytes that the recording left out; zeros stand for them.</remarks>
internal sealed record RecordedMessage(string Session, int Line, string Transport, string Direction, byte[] Bytes, int Left)
{
    public bool IsFromClient => Direction is "C>S" or "C>R";

    public (CaHeader Header, byte[] Payload) Cut()
    {
        var length = CaHeader.TryRead(Bytes, out var header);
        return (header, Bytes[length..]);
    }

    public CaMessage Decode()
    {
        var (header, payload) = Cut();
        return IsFromClient ? CaMessage.FromClient(header, payload) : CaMessage.FromServer(header, payload);
    }
}

/// <summary>The recorded sessions of Channel Access.</summary>
internal static class RecordedCaSession
{
    public static IReadOnlyList<string> Names => Directory.Exists(Folder)
        ? [.. Directory.GetFiles(Folder, "ca-*.txt").Select(f => Path.GetFileNameWithoutExtension(f)).Order()]
        : [];

    private static string Folder => SharedData.Root is null ? "" : SharedData.PathOf("data/epics");

    public static IReadOnlyList<RecordedMessage> Read(string name)
    {
        var messages = new List<RecordedMessage>();
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
            var left = parts.Length > 1 ? int.Parse(parts[1], CultureInfo.InvariantCulture)
                : words[5].StartsWith('+') ? int.Parse(words[5], CultureInfo.InvariantCulture)
                : 0;
            byte[] bytes = [.. Convert.FromHexString(parts[0]), .. new byte[left]];
            messages.Add(new RecordedMessage(name, number, words[1], words[2], bytes, left));
        }
        return messages;
    }

    /// <summary>What clients printed in a session.</summary>
    public static IReadOnlyList<string> Printed(string name)
    {
        var lines = File.ReadAllLines(Path.Combine(Folder, "printed-by-clients.txt")).ToList();
        var from = lines.IndexOf($"== {name}");
        return from < 0 ? [] : [.. lines.Skip(from + 1).TakeWhile(l => !l.StartsWith("== ", StringComparison.Ordinal))];
    }
}
