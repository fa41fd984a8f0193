namespace Flyscan.Hardware.Epics.ChannelAccess;

/// <summary>Cuts a byte stream into messages, whatever pieces it comes in.</summary>
/// <param name="largestMessage">Bytes of a payload; a larger one is a fault.</param>
internal sealed class CaStream(int largestMessage)
{
    private byte[] _held = new byte[CaHeader.ExtendedLength];
    private int _heldCount;
    private bool _taken;

    /// <summary>Why the stream cannot be read on; null while it can.</summary>
    public string? Fault { get; private set; }

    /// <summary>Bytes kept of a message that is not whole yet.</summary>
    public int Held => _heldCount;

    /// <summary>Takes the next whole message from the bytes, which move on. The payload is valid until the next call.</summary>
    /// <returns>False: more bytes are needed, or there is a <see cref="Fault"/>.</returns>
    public bool TryTake(ref ReadOnlyMemory<byte> bytes, out CaHeader header, out ReadOnlyMemory<byte> payload)
    {
        if (_taken)
            (_taken, _heldCount) = (false, 0);
        (header, payload) = (default, default);
        if (Fault is not null)
            return false;
        if (_heldCount > 0)
            return TakeHeld(ref bytes, out header, out payload);
        var length = CaHeader.TryRead(bytes.Span, out header);
        if (length > 0 && TooLarge(header))
            return false;
        if (length == 0 || bytes.Length < length + header.Size)
        {
            Hold(ref bytes, bytes.Length);
            return false;
        }
        payload = bytes.Slice(length, (int)header.Size);
        bytes = bytes[(length + (int)header.Size)..];
        return true;
    }

    private bool TakeHeld(ref ReadOnlyMemory<byte> bytes, out CaHeader header, out ReadOnlyMemory<byte> payload)
    {
        payload = default;
        int length;
        while ((length = CaHeader.TryRead(_held.AsSpan(0, _heldCount), out header)) == 0)
        {
            if (bytes.IsEmpty)
                return false;
            var head = _heldCount < CaHeader.Length ? CaHeader.Length : CaHeader.ExtendedLength;
            Hold(ref bytes, Math.Min(bytes.Length, head - _heldCount));
        }
        if (TooLarge(header))
            return false;
        var whole = length + (int)header.Size;
        Hold(ref bytes, Math.Min(bytes.Length, whole - _heldCount));
        if (_heldCount < whole)
            return false;
        payload = _held.AsMemory(length, (int)header.Size);
        _taken = true;
        return true;
    }

    private bool TooLarge(CaHeader header)
    {
        if (header.Size <= largestMessage)
            return false;
        Fault = $"a message of {header.Size} bytes (command {header.Command}) came; at most {largestMessage} are accepted";
        return true;
    }

    /// <summary>Keeps what came, and no room for what a head merely announces.</summary>
    private void Hold(ref ReadOnlyMemory<byte> bytes, int count)
    {
        if (_heldCount == 0 && _held.Length > 65_536)
            _held = new byte[CaHeader.ExtendedLength];
        if (_held.Length - _heldCount < count)
            Array.Resize(ref _held, Math.Max(_held.Length * 2, _heldCount + count));
        bytes[..count].CopyTo(_held.AsMemory(_heldCount));
        _heldCount += count;
        bytes = bytes[count..];
    }
}
