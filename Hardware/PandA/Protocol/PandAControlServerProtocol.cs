using System.Diagnostics.CodeAnalysis;
using System.Text;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.PandA.Protocol;

/// <summary>The server's side of the control port: bytes in, whole commands out. No I/O, no clock.</summary>
/// <param name="mostBodyLines">Lines kept of a table's body; the rest is counted and dropped.</param>
internal sealed class PandAControlServerProtocol(int mostBodyLines)
{
    private readonly LineSplitter _lines = new(PandACommand.LongestLine);
    private readonly Queue<Request> _requests = new();
    private readonly List<string> _body = [];
    private string? _head;
    private long _bodyLines;

    /// <summary>A whole command; BodyLines counts those that were dropped too.</summary>
    public sealed record Request(string Line, EquatableArray<string> Body, long BodyLines, bool Malformed);

    /// <summary>A line was longer than the limit: the server hangs up without a word.</summary>
    public bool Faulted { get; private set; }

    /// <summary>The head of a table whose body has not ended.</summary>
    public string? OpenHead => _head;

    public void Receive(ReadOnlySpan<byte> bytes)
    {
        while (!Faulted && _lines.TryTake(ref bytes, out var line, out _))
            Take(line);
        Faulted |= !bytes.IsEmpty;
    }

    public bool TryTake([MaybeNullWhen(false)] out Request request) => _requests.TryDequeue(out request);

    private void Take(ReadOnlySpan<byte> bytes)
    {
        var line = Encoding.UTF8.GetString(bytes);
        if (_head is null)
        {
            if (OpensBody(line))
                _head = line;
            else
                _requests.Enqueue(new Request(line, [], 0, !System.Text.Unicode.Utf8.IsValid(bytes)));
        }
        else if (line.Length > 0)
        {
            _bodyLines++;
            if (_body.Count < mostBodyLines)
                _body.Add(line);
        }
        else
        {
            _requests.Enqueue(new Request(_head, _body.ToEquatableArray(), _bodyLines, false));
            (_head, _bodyLines) = (null, 0);
            _body.Clear();
        }
    }

    private static bool OpensBody(string line)
    {
        var at = line.AsSpan().IndexOfAny('?', '=', '<');
        return at >= 0 && line[at] == '<';
    }
}
