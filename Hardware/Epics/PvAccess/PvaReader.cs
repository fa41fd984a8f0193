using System.Buffers.Binary;

namespace Flyscan.Hardware.Epics.PvAccess;

/// <summary>How a request ended.</summary>
internal readonly record struct PvaStatus(byte Kind, string Message = "", string CallTree = "")
{
    public const byte NoDetails = 0xFF;

    public static readonly PvaStatus Ok = new(NoDetails);

    /// <summary>Done, perhaps with a warning.</summary>
    public bool IsOk => Kind is NoDetails or 0 or 1;

    public static PvaStatus Error(string message) => new(2, message);

    public string Text => Message.Length > 0 ? Message : Kind == 3 ? "fatal error" : "error";
}

/// <summary>Reads what a message holds. Reading past its end, or what cannot be, makes it <see cref="Failed"/>: it never throws.</summary>
internal ref struct PvaReader
{
    private const int DeepestNesting = 32;

    /// <summary>A message holds at most as many values as this and its bytes: values without bytes could be without number.</summary>
    private const int ValuesWithoutBytes = 65_536;

    private readonly ReadOnlySpan<byte> _bytes;
    private readonly bool _isBig;
    private int _at;
    private long _values;
    private int _depth;

    public PvaReader(ReadOnlySpan<byte> bytes, bool isBig)
    {
        _bytes = bytes;
        (_isBig, _values) = (isBig, ValuesWithoutBytes + bytes.Length);
    }

    public bool Failed { get; private set; }

    public readonly bool IsBig => _isBig;

    public readonly int Position => _at;

    public readonly int Left => _bytes.Length - _at;

    public void Fail()
    {
        Failed = true;
        _at = _bytes.Length;
    }

    /// <summary>Counts a value; false when there are too many.</summary>
    public bool Spend(int count = 1)
    {
        _values -= count;
        if (_values < 0)
            Fail();
        return !Failed;
    }

    /// <summary>Goes into a value that says itself what is in it; false when that is nested too deep.</summary>
    public bool Enter()
    {
        if (++_depth > DeepestNesting)
            Fail();
        return !Failed;
    }

    public void Leave() => _depth--;

    /// <summary>So many bytes; none when there are fewer.</summary>
    public ReadOnlySpan<byte> Take(int count)
    {
        if (count < 0 || count > Left)
        {
            Fail();
            return default;
        }
        var taken = _bytes.Slice(_at, count);
        _at += count;
        return taken;
    }

    public byte Byte() => Take(1) is { Length: 1 } b ? b[0] : (byte)0;

    public ushort UInt16() => Take(2) is not { Length: 2 } b ? (ushort)0
        : _isBig ? BinaryPrimitives.ReadUInt16BigEndian(b) : BinaryPrimitives.ReadUInt16LittleEndian(b);

    public uint UInt32() => Take(4) is not { Length: 4 } b ? 0
        : _isBig ? BinaryPrimitives.ReadUInt32BigEndian(b) : BinaryPrimitives.ReadUInt32LittleEndian(b);

    public ulong UInt64() => Take(8) is not { Length: 8 } b ? 0
        : _isBig ? BinaryPrimitives.ReadUInt64BigEndian(b) : BinaryPrimitives.ReadUInt64LittleEndian(b);

    /// <summary>A count, or -1 for null. At most what 31 bits hold.</summary>
    public int Size()
    {
        var first = Byte();
        if (first < 254)
            return first;
        if (first == 255)
            return -1;
        var size = (int)UInt32();
        if (size < 0)
            Fail();
        return Math.Max(0, size);
    }

    /// <summary>A count of things that take at least so many bytes each.</summary>
    public int Count(int least)
    {
        var count = Size();
        if (count > 0 && (long)count * least > Left)
            Fail();
        return Failed ? 0 : Math.Max(0, count);
    }

    /// <summary>A text, the one before where it is the same; null is read as empty.</summary>
    public string Text(string? before = null)
    {
        var size = Size();
        if (size <= 0)
            return "";
        var bytes = Take(size);
        return before is not null && System.Text.Ascii.Equals(bytes, before) ? before : EpicsUtf8(bytes);
    }

    /// <summary>A text as a value, the one before where it is the same.</summary>
    public PvaValue.Text Text(PvaValue? before)
    {
        var known = before as PvaValue.Text;
        var text = Text(known?.Value);
        return text.Length == 0 ? PvaValue.Text.Empty
            : known is not null && ReferenceEquals(known.Value, text) ? known
            : new PvaValue.Text(text);
    }

    public PvaStatus Status()
    {
        var kind = Byte();
        if (kind == PvaStatus.NoDetails)
            return PvaStatus.Ok;
        if (kind > 3)
            Fail();
        var message = Text();
        return new PvaStatus(kind, message, Text());
    }

    public PvaBits Bits() => PvaBits.OfBytes(Take(Math.Max(0, Size())));

    private static string EpicsUtf8(ReadOnlySpan<byte> bytes) =>
        bytes.Contains((byte)0) ? System.Text.Encoding.UTF8.GetString(bytes) : EpicsText.Read(bytes);
}
