namespace Flyscan.Hardware.Epics;

/// <summary>The head of a protocol's messages.</summary>
internal interface IMessageHeader<THeader>
    where THeader : struct, IMessageHeader<THeader>
{
    /// <summary>Bytes of the head that begins here, as far as these can say.</summary>
    static abstract int LengthOf(ReadOnlySpan<byte> bytes);

    /// <summary>Reads a head that is whole; else says why it is none.</summary>
    static abstract string? Read(ReadOnlySpan<byte> bytes, out THeader header);

    int Number { get; }

    /// <summary>Bytes behind the head.</summary>
    uint Payload { get; }
}

/// <summary>Cuts a byte stream into messages, whatever pieces it comes in.</summary>
/// <param name="largestMessage">Bytes of a payload; a larger one is a fault.</param>
internal sealed class MessageStream<THeader>(int largestMessage)
    where THeader : struct, IMessageHeader<THeader>
{
    private const int Least = 256;
    private const int Kept = 65_536;

    private byte[] _held = new byte[Least];
    private int _heldCount;
    private bool _taken;

    /// <summary>Why the stream cannot be read on; null while it can.</summary>
    public string? Fault { get; private set; }

    /// <summary>Bytes kept of a message that is not whole yet.</summary>
    public int Held => _heldCount;

    /// <summary>Takes the next whole message from the bytes, which move on. The payload is valid until the next call.</summary>
    /// <returns>False: more bytes are needed, or there is a <see cref="Fault"/>.</returns>
    public bool TryTake(ref ReadOnlyMemory<byte> bytes, out THeader header, out ReadOnlyMemory<byte> payload)
    {
        if (_taken)
            (_taken, _heldCount) = (false, 0);
        (header, payload) = (default, default);
        if (Fault is not null)
            return false;
        if (_heldCount > 0)
            return TakeHeld(ref bytes, out header, out payload);
        var head = THeader.LengthOf(bytes.Span);
        var size = 0;
        if (bytes.Length >= head && !Read(bytes.Span, out header, out size))
            return false;
        if (bytes.Length - head < size)
        {
            Hold(ref bytes, bytes.Length);
            return false;
        }
        payload = bytes.Slice(head, size);
        bytes = bytes[(head + size)..];
        return true;
    }

    /// <summary>What a user is told of a message that is too large.</summary>
    public static string TooLarge(long size, int number, int most) =>
        $"a message of {size} bytes (command {number}) came; at most {most} are accepted";

    private bool TakeHeld(ref ReadOnlyMemory<byte> bytes, out THeader header, out ReadOnlyMemory<byte> payload)
    {
        (header, payload) = (default, default);
        int head;
        // Only the beginning of a head says how long it is.
        while ((head = THeader.LengthOf(_held.AsSpan(0, _heldCount))) > _heldCount)
        {
            if (bytes.IsEmpty)
                return false;
            Hold(ref bytes, Math.Min(bytes.Length, head - _heldCount));
        }
        if (!Read(_held, out header, out var size))
            return false;
        Hold(ref bytes, Math.Min(bytes.Length, head + size - _heldCount));
        if (_heldCount < head + size)
            return false;
        payload = _held.AsMemory(head, size);
        _taken = true;
        return true;
    }

    private bool Read(ReadOnlySpan<byte> bytes, out THeader header, out int size)
    {
        size = 0;
        Fault = THeader.Read(bytes, out header);
        if (Fault is null && header.Payload > largestMessage)
            Fault = TooLarge(header.Payload, header.Number, largestMessage);
        if (Fault is not null)
            return false;
        size = (int)header.Payload;
        return true;
    }

    /// <summary>Keeps what came, and no room for what a head merely announces.</summary>
    private void Hold(ref ReadOnlyMemory<byte> bytes, int count)
    {
        if (_heldCount == 0 && _held.Length > Kept)
            _held = new byte[Least];
        if (_held.Length - _heldCount < count)
            Array.Resize(ref _held, Math.Max(_held.Length * 2, _heldCount + count));
        bytes[..count].CopyTo(_held.AsMemory(_heldCount));
        _heldCount += count;
        bytes = bytes[count..];
    }
}
