namespace Flyscan.Hardware.Epics.PvAccess;

/// <summary>A set of a structure's fields by number: depth first, 0 the whole structure.</summary>
/// <remarks>Compares by its members.</remarks>
internal readonly struct PvaBits : IEquatable<PvaBits>
{
    private readonly byte[]? _bytes;

    private PvaBits(byte[] bytes) => _bytes = bytes;

    /// <summary>The whole structure.</summary>
    public static readonly PvaBits All = Of(0);

    /// <summary>As on the wire: the first member is the lowest bit of the first byte; no zero bytes at the end.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes;

    public bool IsEmpty => _bytes is null || !_bytes.AsSpan().ContainsAnyExcept((byte)0);

    public bool this[int bit] => _bytes is not null && bit >> 3 < _bytes.Length && (_bytes[bit >> 3] & (1 << (bit & 7))) != 0;

    public static PvaBits Of(params ReadOnlySpan<int> bits)
    {
        var most = -1;
        foreach (var bit in bits)
            most = Math.Max(most, bit);
        var bytes = new byte[(most + 8) / 8];
        foreach (var bit in bits)
            bytes[bit >> 3] |= (byte)(1 << (bit & 7));
        return new PvaBits(bytes);
    }

    public static PvaBits OfBytes(ReadOnlySpan<byte> bytes) => new(bytes.ToArray());

    /// <summary>Whether one from the range is in it.</summary>
    public bool AnyOf(int from, int before)
    {
        for (var bit = from; bit < before; bit++)
        {
            if ((bit & 7) == 0 && _bytes is not null && bit >> 3 < _bytes.Length && _bytes[bit >> 3] == 0)
                bit += 7;
            else if (_bytes is null || bit >> 3 >= _bytes.Length)
                return false;
            else if (this[bit])
                return true;
        }
        return false;
    }

    /// <summary>What is in either.</summary>
    public PvaBits Or(PvaBits other) => Combine(other, static (a, b) => (byte)(a | b));

    /// <summary>What is in both.</summary>
    public PvaBits And(PvaBits other) => Combine(other, static (a, b) => (byte)(a & b));

    public bool Equals(PvaBits other) =>
        Bytes.TrimEnd((byte)0).SequenceEqual(other.Bytes.TrimEnd((byte)0));

    public override bool Equals(object? obj) => obj is PvaBits other && Equals(other);

    public override int GetHashCode() => Bytes.TrimEnd((byte)0).Length;

    private PvaBits Combine(PvaBits other, Func<byte, byte, byte> with)
    {
        var mine = Bytes;
        var theirs = other.Bytes;
        var bytes = new byte[Math.Max(mine.Length, theirs.Length)];
        var length = 0;
        for (var i = 0; i < bytes.Length; i++)
        {
            bytes[i] = with(i < mine.Length ? mine[i] : (byte)0, i < theirs.Length ? theirs[i] : (byte)0);
            if (bytes[i] != 0)
                length = i + 1;
        }
        return new PvaBits(bytes[..length]);
    }
}
