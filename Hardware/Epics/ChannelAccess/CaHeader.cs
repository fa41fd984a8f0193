using System.Buffers.Binary;

namespace Flyscan.Hardware.Epics.ChannelAccess;

/// <summary>The head of every message. Big endian; 16 bytes, or 24 where size or count need more than 16 bits.</summary>
internal readonly record struct CaHeader(ushort Command, uint Size, ushort Type, uint Count, uint P1, uint P2) : IMessageHeader<CaHeader>
{
    public const int Length = 16;
    public const int ExtendedLength = 24;

    int IMessageHeader<CaHeader>.Number => Command;

    uint IMessageHeader<CaHeader>.Payload => Size;

    public static int LengthOf(ReadOnlySpan<byte> bytes) =>
        bytes.Length >= Length && BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]) == 0xFFFF
            && BinaryPrimitives.ReadUInt16BigEndian(bytes[6..]) == 0
            ? ExtendedLength
            : Length;

    public static string? Read(ReadOnlySpan<byte> bytes, out CaHeader header)
    {
        TryRead(bytes, out header);
        return null;
    }

    /// <summary>Reads a head; returns its length, or 0 while more bytes are needed.</summary>
    public static int TryRead(ReadOnlySpan<byte> bytes, out CaHeader header)
    {
        header = default;
        if (bytes.Length < Length)
            return 0;
        uint size = BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]);
        uint count = BinaryPrimitives.ReadUInt16BigEndian(bytes[6..]);
        var length = Length;
        if (size == 0xFFFF && count == 0)
        {
            if (bytes.Length < ExtendedLength)
                return 0;
            (size, count) = (BinaryPrimitives.ReadUInt32BigEndian(bytes[16..]), BinaryPrimitives.ReadUInt32BigEndian(bytes[20..]));
            length = ExtendedLength;
        }
        header = new CaHeader(
            BinaryPrimitives.ReadUInt16BigEndian(bytes), size, BinaryPrimitives.ReadUInt16BigEndian(bytes[4..]), count,
            BinaryPrimitives.ReadUInt32BigEndian(bytes[8..]), BinaryPrimitives.ReadUInt32BigEndian(bytes[12..]));
        return length;
    }
}

/// <summary>Numbers of commands on the wire.</summary>
internal static class CaCommand
{
    public const ushort Version = 0;
    public const ushort EventAdd = 1;
    public const ushort EventCancel = 2;
    public const ushort Write = 4;
    public const ushort Search = 6;
    public const ushort EventsOff = 8;
    public const ushort EventsOn = 9;
    public const ushort Error = 11;
    public const ushort ClearChannel = 12;
    public const ushort Beacon = 13;
    public const ushort NotFound = 14;
    public const ushort ReadNotify = 15;
    public const ushort RepeaterConfirm = 17;
    public const ushort CreateChannel = 18;
    public const ushort WriteNotify = 19;
    public const ushort ClientName = 20;
    public const ushort HostName = 21;
    public const ushort AccessRights = 22;
    public const ushort Echo = 23;
    public const ushort RepeaterRegister = 24;
    public const ushort CreateFailed = 26;
    public const ushort ServerDisconnect = 27;
}

/// <summary>Status codes as they stand on the wire.</summary>
internal static class CaStatus
{
    public const uint Normal = 1;
    public const uint BadType = 114;
    public const uint GetFail = 152;
    public const uint PutFail = 160;
    public const uint BadCount = 176;
    public const uint Disconnected = 192;
    public const uint BadSubscription = 242;
    public const uint NoReadAccess = 368;
    public const uint NoWriteAccess = 376;
    public const uint NoConversion = 400;
    public const uint BadChannel = 410;

    /// <summary>What a code says, for a person.</summary>
    public static string Text(uint status) => (status >> 3) switch
    {
        0 => "normal",
        9 => "the transfer is too large for the server (EPICS_CA_MAX_ARRAY_BYTES there)",
        10 => "the server's operation timed out",
        14 => "the server does not know this data type",
        19 => "the server could not read the record",
        20 => "the server could not write the record: the value does not fit it, or it is disabled",
        22 => "the server does not accept this number of elements",
        24 => "the connection was lost",
        30 => "the server does not know this subscription",
        46 => "read access denied",
        47 => "write access denied",
        50 => "the server cannot convert to the record's type",
        51 => "the server does not know this channel",
        _ => $"the server answered with status {status} (ECA {status >> 3})",
    };
}
