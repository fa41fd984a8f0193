using System.Buffers.Binary;
using System.Text;
using System.Text.RegularExpressions;

namespace Flyscan.Tests.Hardware.PandA.Simulator;

/// <summary>What of a data stream must be the same in every run: header without its times, values that do not hang on the moment, why it
/// ended.</summary>
internal sealed partial record DataShape(string Header, IReadOnlyList<string> Samples, string Reasons)
{
    /// <summary>Reads a whole stream; <paramref name="session"/> says how its data are coded and which values hang on the moment.</summary>
    public static DataShape Of(string stream, string session)
    {
        var text = Times().Replace(stream, "TIME");
        var body = Ends().Replace(Headers().Replace(text, ""), "");
        return new DataShape(
            string.Concat(Headers().Matches(text).Select(m => m.Value)), Values(body, session),
            string.Concat(Ends().Matches(text).Select(m => m.Groups[1].Value + ";")));
    }

    private static IReadOnlyList<string> Values(string body, string session)
    {
        if (body.StartsWith("BIN "))
            body = Unframe(body);
        else if (session is "22" or "23")
            body = Encoding.Latin1.GetString([.. Lines(body).SelectMany(l => Convert.FromBase64String(l[1..].TrimEnd('\0')))]);
        else if (body.StartsWith(' '))
            return Columns(body, session);
        return session switch
        {
            "23" or "25" or "27" or "28" or "30" => Fields(body, 56, [(0, 8), (16, 8), (32, 16)]),
            "22" or "24" or "26" or "29" => Fields(body, 72, [(0, 8), (24, 16), (48, 16)]),
            "37" => Fields(body, 32, [(0, 8)]),
            "38" => Fields(body, 52, [(0, 12)]),
            "71" => Fields(body, 16, [(0, 8)]),
            _ => Fields(body, 4, [(0, 4)]),
        };
    }

    private static List<string> Columns(string body, string session)
    {
        int[]? columns = session switch
        {
            "20" or "31" or "32" or "33" or "34" or "35" or "36" => [0, 1, 4, 5, 7, 8],
            "21" => [0, 1, 4, 5, 8, 9, 10, 11],
            "39" or "40" => [0],
            "72" => [2, 3, 4],
            _ => null,
        };
        return [.. Lines(body).Select(line => line[1..].Split(' '))
            .Select(words => string.Join(' ', columns is null ? words : columns.Select(c => words[c])))];
    }

    private static string[] Lines(string body) => body.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private static List<string> Fields(string body, int size, (int At, int Bytes)[] fields)
    {
        var samples = new List<string>();
        for (var at = 0; at + size <= body.Length; at += size)
        {
            var sample = Encoding.Latin1.GetBytes(body.Substring(at, size));
            samples.Add(string.Join(' ', fields.Select(f => Convert.ToHexString(sample, f.At, f.Bytes))));
        }
        return samples;
    }

    private static string Unframe(string body)
    {
        var bytes = Encoding.Latin1.GetBytes(body);
        var plain = new StringBuilder();
        for (var at = 0; at + 8 <= bytes.Length && body.AsSpan(at).StartsWith("BIN ");)
        {
            var length = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(at + 4));
            plain.Append(body, at + 8, length - 8);
            at += length;
        }
        return plain.ToString();
    }

    [GeneratedRegex(@"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z")]
    private static partial Regex Times();

    [GeneratedRegex(@"(^OK\n)|(arm_time: TIME\n([a-z_]+:.*\n| .* (uint32|int32|int64|double).*\n)*\n)|(<header>(.|\n)*?</header>\n\n)")]
    private static partial Regex Headers();

    [GeneratedRegex(@"END \d+ ([A-Z][A-Za-z ]*)\n")]
    private static partial Regex Ends();
}
