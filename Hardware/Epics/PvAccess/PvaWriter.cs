using System.Buffers.Binary;
using System.Text;

namespace Flyscan.Hardware.Epics.PvAccess;

/// <summary>Messages on their way out, one behind the other, in one byte order.</summary>
internal sealed class PvaWriter : OutgoingBytes
{
    private const int Unsegmented = int.MaxValue;

    private readonly bool _isServer;
    private readonly int _segment;
    private int _head = -1;

    /// <param name="isServer">Says in each head who sent it.</param>
    /// <param name="segment">Bytes; longer payloads go in several segments.</param>
    public PvaWriter(bool isServer, int segment = Unsegmented) => (_isServer, _segment) = (isServer, segment);

    /// <summary>The byte order of what is written from now on.</summary>
    public bool IsBig { get; set; }

    /// <summary>Begins a message; <see cref="End"/> ends it.</summary>
    public void Begin(byte command)
    {
        _head = Count;
        Head(Append(PvaHeader.Length), command, 0, 0);
    }

    /// <summary>Says in the head how long the message has become, and cuts it where it is too long for one segment.</summary>
    public void End()
    {
        var payload = Count - _head - PvaHeader.Length;
        var command = From(_head)[3];
        if (payload <= _segment)
            Head(From(_head), command, 0, payload);
        else
            Cut(command, payload);
        _head = -1;
    }

    /// <summary>A message without payload.</summary>
    public void Empty(byte command)
    {
        Begin(command);
        End();
    }

    /// <summary>A control message: its number and what it says.</summary>
    public void Control(byte command, uint data)
    {
        var head = Append(PvaHeader.Length);
        Head(head, command, PvaHeader.ControlFlag, (int)data);
    }

    /// <summary>Bytes as they are.</summary>
    public void Raw(ReadOnlySpan<byte> bytes) => bytes.CopyTo(Append(bytes.Length));

    public void Byte(byte value) => Append(1)[0] = value;

    public void UInt16(ushort value)
    {
        if (IsBig)
            BinaryPrimitives.WriteUInt16BigEndian(Append(2), value);
        else
            BinaryPrimitives.WriteUInt16LittleEndian(Append(2), value);
    }

    public void UInt32(uint value)
    {
        if (IsBig)
            BinaryPrimitives.WriteUInt32BigEndian(Append(4), value);
        else
            BinaryPrimitives.WriteUInt32LittleEndian(Append(4), value);
    }

    public void UInt64(ulong value)
    {
        if (IsBig)
            BinaryPrimitives.WriteUInt64BigEndian(Append(8), value);
        else
            BinaryPrimitives.WriteUInt64LittleEndian(Append(8), value);
    }

    /// <summary>A count; -1 for null.</summary>
    public void Size(int size)
    {
        if (size is >= 0 and < 254)
        {
            Byte((byte)size);
        }
        else
        {
            Byte(size < 0 ? (byte)255 : (byte)254);
            if (size >= 0)
                UInt32((uint)size);
        }
    }

    public void Text(string text)
    {
        var length = Encoding.UTF8.GetByteCount(text);
        Size(length);
        Encoding.UTF8.GetBytes(text, Append(length));
    }

    public void Status(PvaStatus status)
    {
        Byte(status.Kind);
        if (status.Kind == PvaStatus.NoDetails)
            return;
        Text(status.Message);
        Text(status.CallTree);
    }

    public void Bits(PvaBits bits)
    {
        Size(bits.Bytes.Length);
        Raw(bits.Bytes);
    }

    private void Head(Span<byte> head, byte command, byte flags, int size)
    {
        head[0] = PvaHeader.Magic;
        head[1] = PvaHeader.Version;
        head[2] = (byte)(flags | (_isServer ? PvaHeader.ServerFlag : 0) | (IsBig ? PvaHeader.BigFlag : 0));
        head[3] = command;
        if (IsBig)
            BinaryPrimitives.WriteInt32BigEndian(head[4..], size);
        else
            BinaryPrimitives.WriteInt32LittleEndian(head[4..], size);
    }

    /// <summary>Gives each segment but the first a head of its own; what is behind moves back, the last one first.</summary>
    private void Cut(byte command, int payload)
    {
        var segments = (payload + _segment - 1) / _segment;
        var from = _head + PvaHeader.Length;
        Append((segments - 1) * PvaHeader.Length);
        var all = From(0);
        for (var i = segments - 1; i >= 0; i--)
        {
            var length = Math.Min(_segment, payload - (i * _segment));
            var to = from + (i * (_segment + PvaHeader.Length));
            all.Slice(from + (i * _segment), length).CopyTo(all[to..]);
            var flags = i == 0 ? PvaHeader.FirstSegment : i == segments - 1 ? PvaHeader.LastSegment : PvaHeader.MiddleSegment;
            Head(all[(to - PvaHeader.Length)..], command, flags, length);
        }
    }
}
