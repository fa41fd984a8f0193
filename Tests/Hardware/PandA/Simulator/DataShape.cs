using System.Buffers.Binary;
using System.Text;
using System.Text.RegularExpressions;

namespace Flyscan.Tests.Hardware.PandA.Simulator;

/// <summary>What of a data stream must be the same in every run: header without its times, how much data, which values, how it ended.</summary>
internal sealed partial record DataShape(string Header, string Samples, string End)
{
    /// <summary>Reads a whole stream; <paramref name="session"/> says how its data are coded and which values depend on the moment.</summary>
    public static DataShape Of(string stream, string session)
    {
        var text = Times().Replace(stream, "TIME");
        var end = Ends().Matches(text);
        var header = Headers().Matches(text);
        var body = Ends().Replace(Headers().Replace(text, ""), "");
        return new DataShape(
            string.Concat(header.Select(m => m.Value)), Values(body, session, text.Contains("process=\"Raw\"") || text.Contains("process: Raw")),
            string.Concat(end.Select(m => m.Value)));
    }

    private static string Values(string body, string session, bool isRaw)
    {
        if (session is "20" or "31" or "35" or "36" or "33" or "32" or "34" && !body.Contains('\0'))
            return Columns(body, [0, 1, 4, 5, 7, 8]);
        if (session == "21")
            return Columns(body, [0, 1, 4, 5, 8, 9, 10, 11]);
        if (session is "41" or "51" or "52" or "53" or "54" or "56" or "73")
            return body;
        if (session is "39")
            return Columns(body, [0]);
        if (session is "40")
            return Columns(body, [0]);
        if (session is "72")
            return Columns(body, [2, 3, 4]);
        if (session is "22" or "23")
            body = Encoding.Latin1.GetString(
                body.Split('\n', StringSplitOptions.RemoveEmptyEntries).SelectMany(l => Convert.FromBase64String(l[1..].TrimEnd('\0'))).ToArray());
        if (session is "24" or "25" or "29" or "30" or "37" or "38" or "57" or "71")
            body = Unframe(body);
        if (session is "23" or "25" or "27" or "28" or "30")
            return Fields(body, 56, [(0, 8), (16, 8), (32, 16)]);
        if (session is "22" or "24" or "26" or "29")
            return Fields(body, 72, [(0, 8), (24, 16), (48, 16)]);
        return session == "57" ? body : $"{body.Length} bytes, raw {isRaw}";
    }

    private static string Columns(string body, int[] columns) => string.Join('\n', body.Split('\n', StringSplitOptions.RemoveEmptyEntries)
        .Select(line => line[1..].Split(' ')).Select(words => string.Join(' ', columns.Select(c => words[c]))));

    private static string Fields(string body, int size, (int At, int Bytes)[] fields)
    {
        var text = new StringBuilder($"{body.Length} bytes\n");
        for (var at = 0; at + size <= body.Length; at += size)
            text.AppendLine(string.Join(' ', fields.Select(f => Convert.ToHexString(Encoding.Latin1.GetBytes(body.Substring(at + f.At, f.Bytes))))));
        return text.ToString();
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

    [GeneratedRegex(@"END \d+ [A-Z][A-Za-z ]*\n")]
    private static partial Regex Ends();
}
