using System.Buffers.Binary;

namespace Flyscan.Hardware.Epics.ChannelAccess;

internal abstract partial record CaMessage
{
    private const ushort AnswerIfAbsentType = 10;
    private const ushort DoNotAnswerType = 5;
    private const int MaskAt = 12;
    private const int EventAddLength = 16;

    /// <summary>Appends the message as it goes over the wire.</summary>
    public void WriteTo(CaBuffer to)
    {
        switch (this)
        {
            case Version m:
                to.Message(CaCommand.Version, 0, m.Word, m.MinorVersion, m.Sequence, 0);
                break;
            case Search m:
                var answer = m.AnswerIfAbsent ? AnswerIfAbsentType : DoNotAnswerType;
                to.TextMessage(CaCommand.Search, m.Name, answer, m.MinorVersion, m.Cid, m.Cid);
                break;
            case ClientName m:
                to.TextMessage(CaCommand.ClientName, m.Name, 0, 0, 0, 0);
                break;
            case HostName m:
                to.TextMessage(CaCommand.HostName, m.Name, 0, 0, 0, 0);
                break;
            case CreateChannel m:
                to.TextMessage(CaCommand.CreateChannel, m.Name, 0, 0, m.Cid, m.MinorVersion);
                break;
            case ReadNotify m:
                to.Message(CaCommand.ReadNotify, 0, m.Type, m.Count, m.Sid, m.Ioid);
                break;
            case Write m:
                m.Data.Span.CopyTo(to.Message(CaCommand.Write, m.Data.Length, m.Type, m.Count, m.Sid, m.Ioid));
                break;
            case WriteNotify m:
                m.Data.Span.CopyTo(to.Message(CaCommand.WriteNotify, m.Data.Length, m.Type, m.Count, m.Sid, m.Ioid));
                break;
            case EventAdd m:
                var filter = to.Message(CaCommand.EventAdd, EventAddLength, m.Type, m.Count, m.Sid, m.Subscription);
                BinaryPrimitives.WriteUInt16BigEndian(filter[MaskAt..], m.Mask);
                break;
            case EventCancel m:
                to.Message(CaCommand.EventCancel, 0, m.Type, m.Count, m.Sid, m.Subscription);
                break;
            case EventsOff:
                to.Message(CaCommand.EventsOff, 0, 0, 0, 0, 0);
                break;
            case EventsOn:
                to.Message(CaCommand.EventsOn, 0, 0, 0, 0, 0);
                break;
            case Echo:
                to.Message(CaCommand.Echo, 0, 0, 0, 0, 0);
                break;
            case ClearChannel m:
                to.Message(CaCommand.ClearChannel, 0, 0, 0, m.Sid, m.Cid);
                break;
            case RepeaterRegister m:
                to.Message(CaCommand.RepeaterRegister, 0, 0, 0, 0, m.Address);
                break;
            default:
                WriteReplyTo(to);
                break;
        }
    }

    private void WriteReplyTo(CaBuffer to)
    {
        switch (this)
        {
            case SearchReply m:
                BinaryPrimitives.WriteUInt16BigEndian(to.Message(CaCommand.Search, 8, m.Port, 0, m.Address, m.Cid), m.MinorVersion);
                break;
            case NotFound m:
                to.Message(CaCommand.NotFound, 0, m.Type, m.Count, m.Cid, m.Cid);
                break;
            case ChannelCreated m:
                to.Message(CaCommand.CreateChannel, 0, m.Type, m.Count, m.Cid, m.Sid);
                break;
            case CreateFailed m:
                to.Message(CaCommand.CreateFailed, 0, 0, 0, m.Cid, 0);
                break;
            case AccessRights m:
                to.Message(CaCommand.AccessRights, 0, 0, 0, m.Cid, m.Rights);
                break;
            case ReadReply m:
                m.Data.Span.CopyTo(to.Message(CaCommand.ReadNotify, m.Data.Length, m.Type, m.Count, m.Status, m.Ioid));
                break;
            case WriteReply m:
                to.Message(CaCommand.WriteNotify, 0, m.Type, m.Count, m.Status, m.Ioid);
                break;
            case Event m:
                m.Data.Span.CopyTo(to.Message(CaCommand.EventAdd, m.Data.Length, m.Type, m.Count, m.Status, m.Subscription));
                break;
            case Error m:
                WriteError(m, to);
                break;
            case ServerDisconnect m:
                to.Message(CaCommand.ServerDisconnect, 0, 0, 0, m.Cid, 0);
                break;
            case Beacon m:
                to.Message(CaCommand.Beacon, 0, m.MinorVersion, m.Port, m.Number, m.Address);
                break;
            case RepeaterConfirm m:
                to.Message(CaCommand.RepeaterConfirm, 0, 0, 0, 0, m.Address);
                break;
            case Unknown m:
                to.Message(m.Header.Command, 0, m.Header.Type, m.Header.Count, m.Header.P1, m.Header.P2);
                break;
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    private static void WriteError(Error m, CaBuffer to)
    {
        var text = EpicsText.Bytes(m.Text);
        var extended = m.Request.Size >= 0xFFFF || m.Request.Count >= 0xFFFF;
        var head = extended ? CaHeader.ExtendedLength : CaHeader.Length;
        var payload = to.Message(CaCommand.Error, head + text.Length + 1, 0, 0, m.Cid, m.Status);
        BinaryPrimitives.WriteUInt16BigEndian(payload, m.Request.Command);
        BinaryPrimitives.WriteUInt16BigEndian(payload[2..], extended ? (ushort)0xFFFF : (ushort)m.Request.Size);
        BinaryPrimitives.WriteUInt16BigEndian(payload[4..], m.Request.Type);
        BinaryPrimitives.WriteUInt16BigEndian(payload[6..], extended ? (ushort)0 : (ushort)m.Request.Count);
        BinaryPrimitives.WriteUInt32BigEndian(payload[8..], m.Request.P1);
        BinaryPrimitives.WriteUInt32BigEndian(payload[12..], m.Request.P2);
        if (extended)
        {
            BinaryPrimitives.WriteUInt32BigEndian(payload[16..], m.Request.Size);
            BinaryPrimitives.WriteUInt32BigEndian(payload[20..], m.Request.Count);
        }
        text.CopyTo(payload[head..]);
    }
}
