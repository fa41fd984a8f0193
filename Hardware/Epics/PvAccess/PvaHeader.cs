using System.Buffers.Binary;

namespace Flyscan.Hardware.Epics.PvAccess;

/// <summary>Numbers of the protocol's messages.</summary>
/// <remarks><b>Source</b> pvAccess protocol specification, "Application messages".</remarks>
internal static class PvaCommand
{
    public const byte Beacon = 0x00;
    public const byte Validation = 0x01;
    public const byte Echo = 0x02;
    public const byte Search = 0x03;
    public const byte SearchReply = 0x04;
    public const byte CreateChannel = 0x07;
    public const byte DestroyChannel = 0x08;
    public const byte Validated = 0x09;
    public const byte Get = 0x0A;
    public const byte Put = 0x0B;
    public const byte PutGet = 0x0C;
    public const byte Monitor = 0x0D;
    public const byte DestroyRequest = 0x0F;
    public const byte Process = 0x10;
    public const byte GetField = 0x11;
    public const byte Message = 0x12;
    public const byte Rpc = 0x14;
    public const byte CancelRequest = 0x15;
    public const byte OriginTag = 0x16;

    /// <summary>A control message.</summary>
    public const byte SetByteOrder = 0x02;
}

/// <summary>What an operation is told to do.</summary>
internal static class PvaSub
{
    public const byte Run = 0x00;
    public const byte Stop = 0x04;
    public const byte Init = 0x08;

    /// <summary>This is the operation's last; of a monitor: there is no more.</summary>
    public const byte Last = 0x10;

    /// <summary>Of a put: read what is there.</summary>
    public const byte Read = 0x40;

    /// <summary>Of a monitor.</summary>
    public const byte Start = 0x44;

    /// <summary>Of a monitor: so many events were taken; with <see cref="Init"/>, so many may wait.</summary>
    public const byte Pipeline = 0x80;
}

/// <summary>The head of a message.</summary>
/// <remarks><b>Units</b> Size: bytes of the payload; of a control message, what it says.</remarks>
internal readonly record struct PvaHeader(byte Flags, byte Command, uint Size) : IMessageHeader<PvaHeader>
{
    public const int Length = 8;
    public const byte Magic = 0xCA;
    public const byte Version = 2;
    public const byte ControlFlag = 0x01;
    public const byte FirstSegment = 0x10;
    public const byte LastSegment = 0x20;
    public const byte MiddleSegment = 0x30;
    public const byte ServerFlag = 0x40;
    public const byte BigFlag = 0x80;
    private const byte SegmentMask = 0x30;

    public bool IsControl => (Flags & ControlFlag) != 0;

    public bool IsBig => (Flags & BigFlag) != 0;

    /// <summary>Part of a longer message.</summary>
    public byte Segment => (byte)(Flags & SegmentMask);

    int IMessageHeader<PvaHeader>.Number => Command;

    uint IMessageHeader<PvaHeader>.Payload => IsControl ? 0 : Size;

    public static int LengthOf(ReadOnlySpan<byte> bytes) => Length;

    public static string? Read(ReadOnlySpan<byte> bytes, out PvaHeader header) =>
        TryRead(bytes, out header) ? null : $"a message began with 0x{bytes[0]:X2}, not with 0xCA";

    /// <summary>Reads a head; false when fewer bytes are there than it has, or it is not one.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out PvaHeader header)
    {
        header = default;
        if (bytes.Length < Length || bytes[0] != Magic)
            return false;
        var size = (bytes[2] & BigFlag) != 0
            ? BinaryPrimitives.ReadUInt32BigEndian(bytes[4..])
            : BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]);
        header = new PvaHeader(bytes[2], bytes[3], size);
        return true;
    }
}
