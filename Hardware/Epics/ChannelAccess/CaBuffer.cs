using System.Buffers.Binary;

namespace Flyscan.Hardware.Epics.ChannelAccess;

/// <summary>Messages on their way out, one behind the other.</summary>
internal sealed class CaBuffer : OutgoingBytes
{
    /// <summary>A head and room for its payload, zeroed and padded to a multiple of eight.</summary>
    public Span<byte> Message(ushort command, int payload, ushort type, uint count, uint p1, uint p2)
    {
        var padded = Padded(payload);
        var extended = padded >= 0xFFFF || count >= 0xFFFF;
        var head = Append((extended ? CaHeader.ExtendedLength : CaHeader.Length) + padded);
        head.Clear();
        BinaryPrimitives.WriteUInt16BigEndian(head, command);
        BinaryPrimitives.WriteUInt16BigEndian(head[2..], extended ? (ushort)0xFFFF : (ushort)padded);
        BinaryPrimitives.WriteUInt16BigEndian(head[4..], type);
        BinaryPrimitives.WriteUInt16BigEndian(head[6..], extended ? (ushort)0 : (ushort)count);
        BinaryPrimitives.WriteUInt32BigEndian(head[8..], p1);
        BinaryPrimitives.WriteUInt32BigEndian(head[12..], p2);
        if (!extended)
            return head[CaHeader.Length..];
        BinaryPrimitives.WriteUInt32BigEndian(head[16..], (uint)padded);
        BinaryPrimitives.WriteUInt32BigEndian(head[20..], count);
        return head[CaHeader.ExtendedLength..];
    }

    /// <summary>A message whose payload is a text with a zero behind it.</summary>
    public void TextMessage(ushort command, string text, ushort type, uint count, uint p1, uint p2)
    {
        var bytes = EpicsText.Bytes(text);
        bytes.CopyTo(Message(command, bytes.Length + 1, type, count, p1, p2));
    }

    public static int Padded(int length) => (length + 7) & ~7;
}
