using System.Buffers.Binary;
using System.Net;

namespace Flyscan.Hardware.Epics.ChannelAccess;

/// <summary>Every message of Channel Access, protocol version 4.13, as its sender meant it.</summary>
/// <remarks>Payloads of values stay bytes: <see cref="DbrReader"/> reads them. They are valid as long as what was decoded.
/// <b>Source</b> Channel Access Protocol Specification, sections "Message commands".</remarks>
internal abstract partial record CaMessage
{
    /// <summary>Minor version that this implementation speaks.</summary>
    public const ushort Minor = 13;

    private CaMessage() { }

    /// <summary>First of a circuit (Word: priority 0-99) and of a search datagram (Word 1: Sequence is valid).</summary>
    public sealed record Version(ushort Word, ushort MinorVersion, uint Sequence) : CaMessage;

    public sealed record Search(uint Cid, ushort MinorVersion, bool AnswerIfAbsent, string Name) : CaMessage;

    /// <summary>Address 0xFFFFFFFF: the one the datagram came from.</summary>
    public sealed record SearchReply(ushort Port, uint Address, uint Cid, ushort MinorVersion) : CaMessage
    {
        /// <summary>What a client can use of it; null for nothing.</summary>
        public PvFound? Found => Port == 0 ? null : new PvFound([Cid], Address is uint.MaxValue or 0 ? null : Known, Port);

        private IPAddress Known =>
            new([(byte)(Address >> 24), (byte)(Address >> 16), (byte)(Address >> 8), (byte)Address]);
    }

    public sealed record NotFound(uint Cid, ushort Type, uint Count) : CaMessage;

    public sealed record ClientName(string Name) : CaMessage;

    public sealed record HostName(string Name) : CaMessage;

    public sealed record CreateChannel(uint Cid, uint MinorVersion, string Name) : CaMessage;

    public sealed record ChannelCreated(ushort Type, uint Count, uint Cid, uint Sid) : CaMessage;

    public sealed record CreateFailed(uint Cid) : CaMessage;

    public sealed record AccessRights(uint Cid, uint Rights) : CaMessage;

    public sealed record ReadNotify(ushort Type, uint Count, uint Sid, uint Ioid) : CaMessage;

    public sealed record ReadReply(ushort Type, uint Count, uint Status, uint Ioid, ReadOnlyMemory<byte> Data) : CaMessage;

    public sealed record Write(ushort Type, uint Count, uint Sid, uint Ioid, ReadOnlyMemory<byte> Data) : CaMessage;

    public sealed record WriteNotify(ushort Type, uint Count, uint Sid, uint Ioid, ReadOnlyMemory<byte> Data) : CaMessage;

    public sealed record WriteReply(ushort Type, uint Count, uint Status, uint Ioid) : CaMessage;

    public sealed record EventAdd(ushort Type, uint Count, uint Sid, uint Subscription, ushort Mask) : CaMessage;

    public sealed record EventCancel(ushort Type, uint Count, uint Sid, uint Subscription) : CaMessage;

    /// <summary>A value, or with no data the confirmation of a cancel (then Status is the channel's SID).</summary>
    public sealed record Event(ushort Type, uint Count, uint Status, uint Subscription, ReadOnlyMemory<byte> Data) : CaMessage;

    public sealed record EventsOff : CaMessage;

    public sealed record EventsOn : CaMessage;

    public sealed record Echo : CaMessage;

    public sealed record ClearChannel(uint Sid, uint Cid) : CaMessage;

    /// <summary>A refused request: its head, and why.</summary>
    public sealed record Error(uint Cid, uint Status, CaHeader Request, string Text) : CaMessage;

    public sealed record ServerDisconnect(uint Cid) : CaMessage;

    public sealed record Beacon(ushort MinorVersion, uint Port, uint Number, uint Address) : CaMessage;

    public sealed record RepeaterRegister(uint Address) : CaMessage;

    public sealed record RepeaterConfirm(uint Address) : CaMessage;

    /// <summary>Anything else, kept for a person to see.</summary>
    public sealed record Unknown(CaHeader Header) : CaMessage;

    /// <summary>What a client sent.</summary>
    public static CaMessage FromClient(in CaHeader h, ReadOnlyMemory<byte> data) => h.Command switch
    {
        CaCommand.Version => new Version(h.Type, (ushort)h.Count, h.P1),
        CaCommand.Search => new Search(h.P1, (ushort)h.Count, h.Type == 10, EpicsText.Read(data.Span)),
        CaCommand.ClientName => new ClientName(EpicsText.Read(data.Span)),
        CaCommand.HostName => new HostName(EpicsText.Read(data.Span)),
        CaCommand.CreateChannel => new CreateChannel(h.P1, h.P2, EpicsText.Read(data.Span)),
        CaCommand.ReadNotify => new ReadNotify(h.Type, h.Count, h.P1, h.P2),
        CaCommand.Write => new Write(h.Type, h.Count, h.P1, h.P2, data),
        CaCommand.WriteNotify => new WriteNotify(h.Type, h.Count, h.P1, h.P2, data),
        CaCommand.EventAdd when data.Length >= 14 =>
            new EventAdd(h.Type, h.Count, h.P1, h.P2, BinaryPrimitives.ReadUInt16BigEndian(data.Span[12..])),
        CaCommand.EventCancel => new EventCancel(h.Type, h.Count, h.P1, h.P2),
        CaCommand.EventsOff => new EventsOff(),
        CaCommand.EventsOn => new EventsOn(),
        CaCommand.Echo => new Echo(),
        CaCommand.ClearChannel => new ClearChannel(h.P1, h.P2),
        CaCommand.RepeaterRegister => new RepeaterRegister(h.P2),
        _ => new Unknown(h),
    };

    /// <summary>What a server or a repeater sent.</summary>
    public static CaMessage FromServer(in CaHeader h, ReadOnlyMemory<byte> data) => h.Command switch
    {
        CaCommand.Version => new Version(h.Type, (ushort)h.Count, h.P1),
        CaCommand.Search => new SearchReply(
            h.Type, h.P1, h.P2, data.Length >= 2 ? BinaryPrimitives.ReadUInt16BigEndian(data.Span) : (ushort)0),
        CaCommand.NotFound => new NotFound(h.P2, h.Type, h.Count),
        CaCommand.CreateChannel => new ChannelCreated(h.Type, h.Count, h.P1, h.P2),
        CaCommand.CreateFailed => new CreateFailed(h.P1),
        CaCommand.AccessRights => new AccessRights(h.P1, h.P2),
        CaCommand.ReadNotify => new ReadReply(h.Type, h.Count, h.P1, h.P2, data),
        CaCommand.WriteNotify => new WriteReply(h.Type, h.Count, h.P1, h.P2),
        CaCommand.EventAdd => new Event(h.Type, h.Count, h.P1, h.P2, data),
        CaCommand.Echo => new Echo(),
        CaCommand.ClearChannel => new ClearChannel(h.P1, h.P2),
        CaCommand.Error => ReadError(h, data.Span),
        CaCommand.ServerDisconnect => new ServerDisconnect(h.P1),
        CaCommand.Beacon => new Beacon(h.Type, h.Count, h.P1, h.P2),
        CaCommand.RepeaterConfirm => new RepeaterConfirm(h.P2),
        _ => new Unknown(h),
    };

    private static CaMessage ReadError(in CaHeader h, ReadOnlySpan<byte> data)
    {
        var length = CaHeader.TryRead(data, out var refused);
        return length == 0
            ? new Unknown(h)
            : new Error(h.P1, h.P2, refused, EpicsText.Read(data[length..]));
    }
}
