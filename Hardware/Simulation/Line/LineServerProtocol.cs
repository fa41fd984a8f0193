using System.Security.Cryptography;

namespace Flyscan.Hardware.Simulation.Line;

/// <summary>The server's end of the line protocol, without input and output.</summary>
/// <param name="world">Names the run of the virtual beamline; sent in the version line.</param>
internal sealed class LineServerProtocol(string world, LineLimits limits)
{
    private readonly LineReader _reader = new(limits);
    private readonly Queue<LineOutput> _outputs = new([new LineOutput.Transmit(LineText.EncodeVersion(world))]);
    private readonly HashSet<long> _pending = [];
    private (LineRequest Request, int Length, string Digest)? _awaitsBlock;
    private bool _isFaulted;

    public bool TryTake(out LineOutput output) => _outputs.TryDequeue(out output!);

    public void Receive(ReadOnlySpan<byte> bytes)
    {
        if (_isFaulted)
            return;
        _reader.Feed(bytes);
        while (!_isFaulted && TryNext())
        {
        }
        if (_reader.IsTooLong && !_isFaulted)
            Fault($"a line is longer than {limits.LongestLine} bytes");
    }

    /// <summary>Answers a request that is pending; a second answer to the same is our own mistake.</summary>
    public void Reply(LineReply reply)
    {
        if (!_pending.Remove(reply.Id))
            throw new InvalidOperationException($"Request {reply.Id} is not pending.");
        _outputs.Enqueue(new LineOutput.Transmit(LineText.Encode(reply)));
    }

    public void Notify(LineNotification notification) => _outputs.Enqueue(new LineOutput.Transmit(LineText.Encode(notification)));

    private bool TryNext()
    {
        if (_awaitsBlock is { } awaited)
        {
            if (!_reader.TryTakeBlock(awaited.Length, out var block))
                return false;
            _awaitsBlock = null;
            if (Convert.ToHexStringLower(SHA256.HashData(block)) != awaited.Digest)
                Fault($"the block of request {awaited.Request.Id} does not have the digest that was announced");
            else
                Accept(awaited.Request with { Block = block });
            return true;
        }
        if (!_reader.TryTakeLine(out var line))
            return false;
        Understand(line);
        return true;
    }

    private void Understand(string line)
    {
        var words = LineText.Words(line);
        if (words.Length < 3 || !LineText.TryLong(words[0], out var id) || id < 1 || words[1].Length == 0 || words[2].Length == 0)
        {
            Fault($"not a request: '{Shortened(line)}'");
            return;
        }
        var hasBlock = words[^1].StartsWith('#') && words.Length > 3;
        var request = new LineRequest(id, words[1], words[2], [.. words[3..(words.Length - (hasBlock ? 1 : 0))]], null);
        if (!hasBlock)
            Accept(request);
        else if (words[^1][1..].Split(':') is [var length, var digest] && LineText.TryLong(length, out var bytes) && bytes >= 0)
            Await(request, bytes, digest);
        else
            Fault($"not a block: '{Shortened(words[^1])}'");
    }

    private void Await(LineRequest request, long bytes, string digest)
    {
        if (bytes > limits.LargestBlock)
            Fault($"request {request.Id} announces a block of {bytes} bytes; at most {limits.LargestBlock} are taken");
        else
            _awaitsBlock = (request, (int)bytes, digest);
    }

    private void Accept(LineRequest request)
    {
        if (!_pending.Add(request.Id))
            Fault($"request {request.Id} is pending already");
        else if (_pending.Count > limits.MostPending)
            Fault($"more than {limits.MostPending} requests are pending");
        else
            _outputs.Enqueue(new LineOutput.Request(request));
    }

    private void Fault(string reason)
    {
        _isFaulted = true;
        _outputs.Enqueue(new LineOutput.Fault(reason));
    }

    private static string Shortened(string text) => text.Length <= 80 ? text : text[..80] + "…";
}
