using System.Buffers.Binary;
using System.Globalization;

namespace Flyscan.Hardware.PandA.Simulator;

/// <summary>A table of 32-bit words: written at once, or streamed in pieces.</summary>
/// <remarks><b>Source</b> recorded sessions 07 and 73.</remarks>
internal sealed class TableField : BoxField
{
    /// <summary>Words that a table can have.</summary>
    public const int MostWords = 1_048_576;

    /// <summary>Pieces that the driver holds beside the one that the block works on.</summary>
    public const int MostPieces = 8;

    private const int LineBytes = 48;

    private readonly Queue<(uint[] Words, bool IsLast)> _pieces = new();
    private string _mode = "INIT";
    private object? _writer;

    public TableField(FieldOrigin origin)
        : base(origin, ChangeGroup.Table) => Report("QUEUED_LINES");

    /// <summary>Raised before a new table is in, or when it was cleared: the hardware sees an empty one first.</summary>
    public event Action? Resetting;

    /// <summary>Of a table that was written at once.</summary>
    public uint[] Words { get; private set; } = [];

    public bool IsStreaming => _mode.StartsWith("STREAMING", StringComparison.Ordinal);

    public override IReadOnlyList<string> Attributes =>
        ["MAX_LENGTH", "B", "ROW_WORDS", "LENGTH", "FIELDS", "QUEUED_LINES", "MODE", "INFO"];

    private int RowWords => Origin.Definition.RowWords;

    /// <summary>The next piece of a streamed table.</summary>
    public bool TryTakePiece(out uint[] words, out bool isLast)
    {
        var taken = _pieces.TryDequeue(out var piece);
        (words, isLast) = taken ? piece : ([], false);
        return taken;
    }

    /// <summary>Only fixed tables are saved.</summary>
    public override void Reload() => Replace(IsStreaming ? [] : Words);

    public override string Get() => ServerReply.Lines(Words.Select(w => w.ToString(CultureInfo.InvariantCulture)));

    public override string? GetAttribute(string name) => name switch
    {
        "MAX_LENGTH" => ServerReply.Value($"{MostWords}"),
        "ROW_WORDS" => ServerReply.Value($"{RowWords}"),
        "LENGTH" => ServerReply.Value($"{Words.Length}"),
        "FIELDS" => ServerReply.Lines(Origin.Definition.Columns.Select(c => c.Line)),
        "QUEUED_LINES" => ServerReply.Value($"{_pieces.Sum(p => p.Words.Length) / RowWords}"),
        "MODE" => ServerReply.Value(_mode),
        "B" => ServerReply.Lines(Base64()),
        _ => base.GetAttribute(name),
    };

    /// <summary>Somebody has begun to write it; others are refused until he has done.</summary>
    public void Open(object writer) => _writer ??= writer;

    public void Close(object writer)
    {
        if (_writer == writer)
            _writer = null;
    }

    /// <summary>A table write; <paramref name="options"/> is what followed the first <c>&lt;</c>.</summary>
    public string Write(string options, IReadOnlyList<string> body, long bodyLines, object writer)
    {
        if (_writer is not null && _writer != writer)
            return ServerReply.Error("Table currently being written");
        Close(writer);
        var streams = options.StartsWith('<');
        var isLast = options.StartsWith("<|", StringComparison.Ordinal);
        var encoding = options[(isLast ? 2 : streams ? 1 : 0)..];
        if (encoding is not ("" or "B"))
            return ServerReply.Error("Unexpected character after input");
        var words = new List<uint>();
        foreach (var line in body)
            if ((encoding == "B" ? AddBase64(words, line) : AddNumbers(words, line)) is { } problem)
                return ServerReply.Error(problem);
        if (words.Count > MostWords || bodyLines > body.Count)
            return ServerReply.Error("Too many points for table");
        if (words.Count % RowWords != 0)
            return ServerReply.Error("Table write is not a whole number of rows");
        if (Refusal(streams, words.Count) is { } refusal)
            return ServerReply.Error(refusal);
        return streams ? AddPiece([.. words], isLast) : Replace([.. words]);
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

    private string? Refusal(bool streams, int words)
    {
        if (streams && words == 0)
            return "Streaming table must have data";
        if (_mode == "STREAMING_LAST" && words > 0)
            return "Last streaming table was sent";
        if (!streams && words > 0 && IsStreaming)
            return "Table is in streaming mode";
        return streams && IsStreaming && _pieces.Count >= MostPieces ? "Too many streaming tables are queued" : null;
    }

    private string Replace(uint[] words)
    {
        Resetting?.Invoke();
        _pieces.Clear();
        (Words, _mode) = (words, words.Length == 0 ? "INIT" : "FIXED");
        return Accept();
    }

    private string AddPiece(uint[] words, bool isLast)
    {
        if (!IsStreaming)
        {
            Resetting?.Invoke();
            Words = [];
            // The server says so even of a first piece that is the last.
            _mode = "STREAMING";
        }
        else if (isLast)
        {
            _mode = "STREAMING_LAST";
        }
        _pieces.Enqueue((words, isLast));
        return Accept();
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
