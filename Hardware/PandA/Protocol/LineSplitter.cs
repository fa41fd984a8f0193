namespace Flyscan.Hardware.PandA.Protocol;

/// <summary>Cuts a byte stream into lines without ever holding more than the longest allowed.</summary>
internal sealed class LineSplitter(int longest)
{
    private readonly byte[] _line = new byte[longest];
    private int _count;

    /// <summary>Takes bytes up to and with the next line feed. True: <paramref name="line"/> is whole, without its line feed.</summary>
    /// <remarks>False with <paramref name="tooLong"/>: the line exceeds the limit; the stream cannot be used further.</remarks>
    public bool TryTake(ref ReadOnlySpan<byte> bytes, out ReadOnlySpan<byte> line, out bool tooLong)
    {
        var end = bytes.IndexOf((byte)'\n');
        var part = end < 0 ? bytes : bytes[..end];
        // The limit counts the line feed.
        tooLong = _count + part.Length + 1 > _line.Length;
        line = default;
        if (tooLong)
            return false;
        part.CopyTo(_line.AsSpan(_count));
        _count += part.Length;
        bytes = end < 0 ? default : bytes[(end + 1)..];
        if (end < 0)
            return false;
        line = _line.AsSpan(0, _count);
        _count = 0;
        return true;
    }

    /// <summary>The bytes held of a line that has not ended.</summary>
    public ReadOnlySpan<byte> Held => _line.AsSpan(0, _count);

    public void Clear() => _count = 0;
}
