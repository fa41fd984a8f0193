namespace Flyscan.Hardware.Epics.PvAccess;

/// <summary>Cuts a byte stream into messages and joins those that came in segments, whatever pieces the stream comes in.</summary>
/// <param name="largestMessage">Bytes of a payload, segments joined; a larger one is a fault.</param>
internal sealed class PvaStream(int largestMessage)
{
    private const int Kept = 65_536;

    private byte[] _held = new byte[256];
    private int _heldCount;
    private bool _taken;
    private byte[] _joined = [];
    private int _joinedCount;
    private PvaHeader? _joining;
    private bool _joinedTaken;

    /// <summary>Why the stream cannot be read on; null while it can.</summary>
    public string? Fault { get; private set; }

    /// <summary>Bytes kept of what is not whole yet.</summary>
    public int Held => _heldCount + _joinedCount;

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
        while (TryCut(ref bytes, out var cut, out var part))
        {
            (header, payload) = (cut, part);
            if (cut.IsControl || (cut.Segment == 0 && _joining is null) || Join(cut, part, out header, out payload))
                return true;
        }
        (header, payload) = (default, default);
        return false;
    }

    /// <summary>Adds a segment; true when it was the last.</summary>
    private bool Join(PvaHeader segment, ReadOnlyMemory<byte> part, out PvaHeader header, out ReadOnlyMemory<byte> payload)
    {
        (header, payload) = (default, default);
        var isFirst = segment.Segment == PvaHeader.FirstSegment;
        if (segment.Segment == 0 || isFirst == _joining is not null || (_joining is { } begun && begun.Command != segment.Command))
        {
            Fault = $"a segment (flags 0x{segment.Flags:X2}, command {segment.Command}) came out of turn";
            return false;
        }
        if ((long)_joinedCount + part.Length > largestMessage)
        {
            Fault = TooLarge((long)_joinedCount + part.Length, segment.Command);
            return false;
        }
        if (_joined.Length - _joinedCount < part.Length)
            Array.Resize(ref _joined, Math.Max(_joined.Length * 2, _joinedCount + part.Length));
        part.CopyTo(_joined.AsMemory(_joinedCount));
        _joinedCount += part.Length;
        _joining ??= segment;
        if (segment.Segment != PvaHeader.LastSegment)
            return false;
        header = _joining.Value with { Size = (uint)_joinedCount };
        payload = _joined.AsMemory(0, _joinedCount);
        (_joining, _joinedTaken) = (null, true);
        return true;
    }

    private bool TryCut(ref ReadOnlyMemory<byte> bytes, out PvaHeader header, out ReadOnlyMemory<byte> payload)
    {
        if (_taken)
            (_taken, _heldCount) = (false, 0);
        (header, payload) = (default, default);
        if (Fault is not null)
            return false;
        if (_heldCount > 0)
            return CutHeld(ref bytes, out header, out payload);
        if (bytes.Length < PvaHeader.Length)
        {
            Hold(ref bytes, bytes.Length);
            return false;
        }
        if (!ReadHead(bytes.Span, out header, out var size))
            return false;
        if (bytes.Length - PvaHeader.Length < size)
        {
            Hold(ref bytes, bytes.Length);
            return false;
        }
        payload = bytes.Slice(PvaHeader.Length, size);
        bytes = bytes[(PvaHeader.Length + size)..];
        return true;
    }

    private bool CutHeld(ref ReadOnlyMemory<byte> bytes, out PvaHeader header, out ReadOnlyMemory<byte> payload)
    {
        (header, payload) = (default, default);
        if (_heldCount < PvaHeader.Length)
            Hold(ref bytes, Math.Min(bytes.Length, PvaHeader.Length - _heldCount));
        if (_heldCount < PvaHeader.Length || !ReadHead(_held, out header, out var size))
            return false;
        var whole = PvaHeader.Length + size;
        Hold(ref bytes, Math.Min(bytes.Length, whole - _heldCount));
        if (_heldCount < whole)
            return false;
        payload = _held.AsMemory(PvaHeader.Length, size);
        _taken = true;
        return true;
    }

    private bool ReadHead(ReadOnlySpan<byte> bytes, out PvaHeader header, out int size)
    {
        size = 0;
        if (!PvaHeader.TryRead(bytes, out header))
        {
            Fault = $"a message began with 0x{bytes[0]:X2}, not with 0xCA";
            return false;
        }
        if (header.IsControl)
            return true;
        if (header.Size > largestMessage)
        {
            Fault = TooLarge(header.Size, header.Command);
            return false;
        }
        size = (int)header.Size;
        return true;
    }

    private string TooLarge(long size, byte command) =>
        $"a message of {size} bytes (command {command}) came; at most {largestMessage} are accepted";

    /// <summary>Keeps what came, and no room for what a head merely announces.</summary>
    private void Hold(ref ReadOnlyMemory<byte> bytes, int count)
    {
        if (_heldCount == 0 && _held.Length > Kept)
            _held = new byte[256];
        if (_held.Length - _heldCount < count)
            Array.Resize(ref _held, Math.Max(_held.Length * 2, _heldCount + count));
        bytes[..count].CopyTo(_held.AsMemory(_heldCount));
        _heldCount += count;
        bytes = bytes[count..];
    }
}
