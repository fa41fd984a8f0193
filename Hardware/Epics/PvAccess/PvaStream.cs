namespace Flyscan.Hardware.Epics.PvAccess;

/// <summary>Cuts a byte stream into messages and joins those that came in segments, whatever pieces the stream comes in.</summary>
/// <param name="largestMessage">Bytes of a payload, segments joined; a larger one is a fault.</param>
internal sealed class PvaStream(int largestMessage)
{
    private const int Kept = 65_536;

    private readonly MessageStream<PvaHeader> _segments = new(largestMessage);
    private byte[] _joined = [];
    private int _joinedCount;
    private PvaHeader? _joining;
    private bool _joinedTaken;
    private string? _fault;

    /// <summary>Why the stream cannot be read on; null while it can.</summary>
    public string? Fault => _fault ?? _segments.Fault;

    /// <summary>Bytes kept of what is not whole yet.</summary>
    public int Held => _segments.Held + _joinedCount;

    /// <summary>Takes the next whole message from the bytes, which move on. The payload is valid until the next call.</summary>
    /// <returns>False: more bytes are needed, or there is a <see cref="Fault"/>.</returns>
    public bool TryTake(ref ReadOnlyMemory<byte> bytes, out PvaHeader header, out ReadOnlyMemory<byte> payload)
    {
        if (_joinedTaken)
        {
            (_joinedTaken, _joinedCount) = (false, 0);
            if (_joined.Length > Kept)
                _joined = [];
        }
        while (_fault is null && _segments.TryTake(ref bytes, out header, out payload))
        {
            if (header.IsControl || (header.Segment == 0 && _joining is null) || Join(ref header, ref payload))
                return true;
        }
        (header, payload) = (default, default);
        return false;
    }

    /// <summary>Adds a segment; true when it was the last, with what has become of them all.</summary>
    private bool Join(ref PvaHeader segment, ref ReadOnlyMemory<byte> part)
    {
        var isFirst = segment.Segment == PvaHeader.FirstSegment;
        if (segment.Segment == 0 || isFirst == _joining is not null || (_joining is { } begun && begun.Command != segment.Command))
        {
            _fault = $"a segment (flags 0x{segment.Flags:X2}, command {segment.Command}) came out of turn";
            return false;
        }
        if ((long)_joinedCount + part.Length > largestMessage)
        {
            _fault = MessageStream<PvaHeader>.TooLarge((long)_joinedCount + part.Length, segment.Command, largestMessage);
            return false;
        }
        if (_joined.Length - _joinedCount < part.Length)
            Array.Resize(ref _joined, Math.Max(_joined.Length * 2, _joinedCount + part.Length));
        part.CopyTo(_joined.AsMemory(_joinedCount));
        _joinedCount += part.Length;
        _joining ??= segment;
        if (segment.Segment != PvaHeader.LastSegment)
            return false;
        segment = _joining.Value with { Size = (uint)_joinedCount };
        part = _joined.AsMemory(0, _joinedCount);
        (_joining, _joinedTaken) = (null, true);
        return true;
    }
}
