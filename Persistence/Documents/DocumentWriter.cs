using System.Text;
using System.Text.Json;

namespace Flyscan.Persistence.Documents;

/// <summary>Keeps a run's <c>documents.jsonl</c>, and continues it after a crash.</summary>
/// <remarks>A line is an object with <c>name</c> and <c>doc</c>. After opening, documents are given from the first on: those already
/// there are compared and skipped, the rest appended and flushed to the operating system. Not synced: the journal can rebuild the
/// file.</remarks>
public sealed class DocumentWriter : IDisposable
{
    private readonly FileStream _file;
    private readonly Queue<(string Name, string Uid)> _there;
    private long _line;

    private DocumentWriter(FileStream file, Queue<(string Name, string Uid)> there)
    {
        _file = file;
        _there = there;
        Found = there.Count;
    }

    /// <summary>Whole lines that were in the file when it was opened.</summary>
    public int Found { get; }

    /// <summary>Opens or creates the file; cuts off a last line that a crash tore.</summary>
    /// <remarks><b>Errors</b> <see cref="DocumentException"/>: a line before the last is no document. <see cref="IOException"/>.</remarks>
    public static DocumentWriter Open(string path)
    {
        var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
        try
        {
            var (there, end) = Read(file, path);
            file.SetLength(end);
            file.Position = end;
            return new DocumentWriter(file, there);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Adds documents; returns how many were new.</summary>
    /// <remarks><b>Errors</b> <see cref="DocumentException"/>: the file holds another document at this place.</remarks>
    public int Append(IEnumerable<Document> documents)
    {
        var lines = new StringBuilder();
        var added = 0;
        foreach (var document in documents)
        {
            _line++;
            if (_there.TryDequeue(out var there))
            {
                if (there != (document.Name, document.Uid))
                    throw new DocumentException(
                        $"{_file.Name}, line {_line}: there is {there.Name} {there.Uid}, " +
                        $"where the journal gives {document.Name} {document.Uid}. " +
                        "The file is of another run or was edited: move it away, and it is written again from the journal.");
                continue;
            }
            lines.Append(document.Line).Append('\n');
            added++;
        }
        if (added == 0)
            return 0;
        _file.Write(Encoding.UTF8.GetBytes(lines.ToString()));
        _file.Flush();
        return added;
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _file.Dispose();

    private static (Queue<(string Name, string Uid)> There, long End) Read(FileStream file, string path)
    {
        var bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        var there = new Queue<(string Name, string Uid)>();
        var end = 0;
        while (bytes.AsSpan(end).IndexOf((byte)'\n') is var length and >= 0)
        {
            if (Parse(bytes.AsMemory(end, length)) is { } document)
                there.Enqueue(document);
            else if (end + length + 1 == bytes.Length)
                break;
            else
                throw new DocumentException(
                    $"{path}, line {there.Count + 1} is not a document, and lines follow it: this is no torn end. " +
                    "Move the file away, and it is written again from the journal.");
            end += length + 1;
        }
        return (there, end);
    }

    private static (string Name, string Uid)? Parse(ReadOnlyMemory<byte> line)
    {
        try
        {
            using var json = JsonDocument.Parse(line);
            return json.RootElement is { ValueKind: JsonValueKind.Object } root
                && root.TryGetProperty("name", out var name) && name.ValueKind == JsonValueKind.String
                && root.TryGetProperty("doc", out var doc) && doc.ValueKind == JsonValueKind.Object
                && doc.TryGetProperty("uid", out var uid) && uid.ValueKind == JsonValueKind.String
                ? (name.GetString()!, uid.GetString()!)
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
