namespace Flyscan.Hardware.Epics;

/// <summary>Messages on their way out, one behind the other.</summary>
internal class OutgoingBytes
{
    private const int Least = 256;
    private const int Kept = 64 * 1024;

    private byte[] _bytes = new byte[Least];
    private int _count;

    public int Count => _count;

    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, _count);

    public void Clear()
    {
        _count = 0;
        // One large array must not hold its memory for ever.
        if (_bytes.Length > Kept)
            _bytes = new byte[Least];
    }

    /// <summary>Takes back what was appended since there were this many bytes.</summary>
    public void Truncate(int count) => _count = count;

    /// <summary>Room for this many bytes, with whatever was in it.</summary>
    public Span<byte> Append(int length)
    {
        if (_bytes.Length - _count < length)
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _count + length));
        var room = _bytes.AsSpan(_count, length);
        _count += length;
        return room;
    }

    /// <summary>What was written since there were this many bytes, to be corrected.</summary>
    protected Span<byte> From(int count) => _bytes.AsSpan(count, _count - count);
}
