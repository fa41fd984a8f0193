using System.Globalization;
using System.Text;

namespace Flyscan.Tests.Hardware.PandA;

/// <summary>One recorded session of a real PandA server: what went over each port, in order.</summary>
internal sealed class RecordedSession
{
    private readonly List<(string Port, bool ToServer, byte[] Bytes)> _records = [];

    public RecordedSession(string name)
    {
        var file = Directory.GetFiles(SharedData.PathOf("data/panda"), $"{name}*.txt").Single();
        foreach (var line in File.ReadAllLines(file, Encoding.Latin1).Where(l => !l.StartsWith('#')))
        {
            var words = line.TrimStart().Split(' ', 4);
            if (words is [_, "ctl" or "dat", "C>S" or "S>C", var text])
                _records.Add((words[1], words[2] == "C>S", Unescape(text)));
        }
    }

    /// <summary>All bytes of one port and direction.</summary>
    public byte[] Bytes(string port, bool toServer) =>
        [.. _records.Where(r => r.Port == port && r.ToServer == toServer).SelectMany(r => r.Bytes)];

    /// <summary>Commands of the control port (a table with its body is one), each with the whole reply.</summary>
    public List<(string Command, string Reply)> Exchanges()
    {
        var found = new List<(string, string)>();
        var (command, reply) = (new StringBuilder(), new StringBuilder());
        foreach (var (port, toServer, bytes) in _records.Where(r => r.Port == "ctl"))
        {
            if (toServer && reply.Length > 0)
            {
                found.Add((command.ToString(), reply.ToString()));
                command.Clear();
                reply.Clear();
            }
            (toServer ? command : reply).Append(Encoding.Latin1.GetString(bytes));
        }
        if (reply.Length > 0)
            found.Add((command.ToString(), reply.ToString()));
        return found;
    }

    private static byte[] Unescape(string text)
    {
        var bytes = new List<byte>();
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '\\')
            {
                bytes.Add((byte)text[i]);
                continue;
            }
            i++;
            bytes.Add(text[i] switch
            {
                'n' => (byte)'\n',
                'r' => (byte)'\r',
                'x' => byte.Parse(text.AsSpan(i + 1, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture),
                var c => (byte)c,
            });
            if (text[i] == 'x')
                i += 2;
        }
        return [.. bytes];
    }
}
