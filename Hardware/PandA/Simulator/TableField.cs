using System.Buffers.Binary;
using System.Globalization;

namespace Flyscan.Hardware.PandA.Simulator;

/// <summary>A table of 32-bit words. Fixed tables only: a streaming write is refused.</summary>
internal sealed class TableField(string type, int rowWords, string[] fields) : BoxField(type)
{
    /// <summary>Words that a table can have.</summary>
    public const int MostWords = 1_048_576;

    private const int LineBytes = 48;

    /// <summary>Raised before the new table is in: the hardware sees an empty one first.</summary>
    public event Action? Resetting;

    public uint[] Words { get; private set; } = [];

    public override IReadOnlyList<string> Attributes =>
        ["MAX_LENGTH", "B", "ROW_WORDS", "LENGTH", "FIELDS", "QUEUED_LINES", "MODE", "INFO"];

    public override string Get() => ServerReply.Lines(Words.Select(w => w.ToString(CultureInfo.InvariantCulture)));

    public override string? GetAttribute(string name) => name switch
    {
        "MAX_LENGTH" => ServerReply.Value($"{MostWords}"),
        "ROW_WORDS" => ServerReply.Value($"{rowWords}"),
        "LENGTH" => ServerReply.Value($"{Words.Length}"),
        "FIELDS" => ServerReply.Lines(fields),
        "QUEUED_LINES" => ServerReply.Value("0"),
        "MODE" => ServerReply.Value(Words.Length == 0 ? "INIT" : "FIXED"),
        "B" => ServerReply.Lines(Base64()),
        _ => base.GetAttribute(name),
    };

    /// <summary>A table write; <paramref name="options"/> is what followed the first <c>&lt;</c>.</summary>
    public string Write(string options, IReadOnlyList<string> body, long bodyLines)
    {
        if (options.StartsWith('<'))
            return ServerReply.Error("Streaming tables are not modelled by the simulator");
        if (options is not ("" or "B"))
            return ServerReply.Error("Unexpected character after input");
        var words = new List<uint>();
        foreach (var line in body)
            if ((options == "B" ? AddBase64(words, line) : AddNumbers(words, line)) is { } problem)
                return ServerReply.Error(problem);
        if (words.Count > MostWords || bodyLines > body.Count)
            return ServerReply.Error("Too many points for table");
        if (words.Count % rowWords != 0)
            return ServerReply.Error("Table write is not a whole number of rows");
        Resetting?.Invoke();
        Words = [.. words];
        return Accept();
    }

    private static string? AddNumbers(List<uint> words, string line)
    {
        foreach (var word in line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (ServerNumber.TryRead(word, out var value) is { } problem)
                return problem;
            words.Add(unchecked((uint)value));
        }
        return null;
    }

    private static string? AddBase64(List<uint> words, string line)
    {
        var bytes = new byte[line.Length];
        if (!Convert.TryFromBase64String(line, bytes, out var count))
            return "Malformed base64 string";
        if (count % 4 != 0)
            return "Invalid data length";
        for (var at = 0; at < count; at += 4)
            words.Add(BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at)));
        return null;
    }

    private IEnumerable<string> Base64()
    {
        var bytes = new byte[Words.Length * 4];
        for (var i = 0; i < Words.Length; i++)
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(i * 4), Words[i]);
        for (var at = 0; at < bytes.Length; at += LineBytes)
            yield return Convert.ToBase64String(bytes, at, Math.Min(LineBytes, bytes.Length - at));
    }
}
