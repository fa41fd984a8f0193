using System.Security.Cryptography;

namespace Flyscan.Hardware.Simulation.Line;

/// <summary>The client's end of the line protocol, without input, output and clock.</summary>
internal sealed class LineClientProtocol(LineLimits limits)
{
    private readonly LineReader _reader = new(limits);
    private readonly Queue<LineOutput> _outputs = new();
    private readonly SortedDictionary<long, (string What, long AllowedNs, long DeadlineNs)> _pending = [];
    private long _lastId;
    private bool _isOpen;
    private bool _isFaulted;

    /// <summary>When <see cref="Tick"/> has something to do; null when never.</summary>
    public long? NextDeadlineNs => _pending.Count == 0 ? null : _pending.Values.Min(p => p.DeadlineNs);

    public bool TryTake(out LineOutput output) => _outputs.TryDequeue(out output!);

    /// <summary>Sends a request; the reply, or that none came within allowedNs, carries the id that is returned.</summary>
    /// <remarks><b>Errors</b> <see cref="InvalidOperationException"/> when too many are pending or the line is too long.</remarks>
    public long Send(string device, string verb, IReadOnlyList<string> arguments, byte[]? block, long nowNs, long allowedNs)
    {
        if (_pending.Count >= limits.MostPending)
            throw new InvalidOperationException($"{limits.MostPending} requests are pending; no more are sent.");
        var id = ++_lastId;
        List<string> words = [LineText.Number(id), device, verb, .. arguments];
        var line = LineText.Encode(words);
        if (block is not null)
        {
            var announced = $" #{block.Length}:{Convert.ToHexStringLower(SHA256.HashData(block))}\n";
            line = [.. line.AsSpan(0, line.Length - 1), .. System.Text.Encoding.ASCII.GetBytes(announced)];
        }
        if (line.Length > limits.LongestLine)
            throw new InvalidOperationException(
                $"The request {device} {verb} has {line.Length} bytes; the longest line is {limits.LongestLine}.");
        _pending.Add(id, ($"{device} {verb}", allowedNs, nowNs + allowedNs));
        _outputs.Enqueue(new LineOutput.Transmit(block is null ? line : (byte[])[.. line, .. block]));
        return id;
    }

    public void Receive(ReadOnlySpan<byte> bytes)
    {
        if (_isFaulted)
            return;
        _reader.Feed(bytes);
        while (!_isFaulted && _reader.TryTakeLine(out var line))
            Understand(line);
        if (_reader.IsTooLong && !_isFaulted)
            Fault($"a line is longer than {limits.LongestLine} bytes");
    }

    /// <summary>Gives up requests whose time is over.</summary>
    public void Tick(long nowNs)
    {
        foreach (var (id, (what, allowedNs, deadlineNs)) in _pending.ToArray())
        {
            if (deadlineNs > nowNs)
                continue;
            _pending.Remove(id);
            _outputs.Enqueue(new LineOutput.Expired(id, what, allowedNs));
        }
    }

    private void Understand(string line)
    {
        var words = LineText.Words(line);
        if (!_isOpen)
            Open(line, words);
        else if (words[0] == "*" && words.Length >= 3)
            _outputs.Enqueue(new LineOutput.Notification(new LineNotification(words[1], words[2], [.. words[3..]])));
        else if (words.Length >= 2 && LineText.TryLong(words[0], out var id) && TryEnding(words[1], out var ending))
            Answer(new LineReply(id, ending, [.. words[2..]]));
        else
            Fault($"not a reply: '{Shortened(line)}'");
    }

    private void Open(string line, string[] words)
    {
        if (words.Length != 2 || words[0] != LineText.Version)
        {
            Fault($"does not speak {LineText.Version}: it said '{Shortened(line)}'");
            return;
        }
        _isOpen = true;
        _outputs.Enqueue(new LineOutput.Opened(words[1]));
    }

    private void Answer(LineReply reply)
    {
        if (reply.Id < 1 || reply.Id > _lastId)
            Fault($"a reply to request {reply.Id}, which was never sent");
        else if (_pending.Remove(reply.Id))
            _outputs.Enqueue(new LineOutput.Reply(reply));
        // Else it was given up before: too late to matter.
    }

    private void Fault(string reason)
    {
        _isFaulted = true;
        _outputs.Enqueue(new LineOutput.Fault(reason));
    }

    private static bool TryEnding(string word, out LineEnding ending)
    {
        ending = word == "refused" ? LineEnding.Refused : word == "failed" ? LineEnding.Failed : LineEnding.Ok;
        return word is "ok" or "refused" or "failed";
    }

    private static string Shortened(string text) => text.Length <= 80 ? text : text[..80] + "…";
}
