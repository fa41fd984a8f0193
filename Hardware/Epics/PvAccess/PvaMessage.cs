using System.Net;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Epics.PvAccess;

/// <summary>Fields of a structure that are said anew. Overrun: which of them changed more than once since they were last said.</summary>
internal sealed record PvaChange(PvaBits Bits, PvaValue.Structure Value, PvaBits Overrun = default);

/// <summary>What one needs to know to read messages: numbered types, and of a request what its structure was before.</summary>
/// <param name="Types">Of the direction that is read.</param>
/// <param name="Before">By the request's number; null for one that is not known.</param>
internal sealed record PvaContext(PvaTypeCache Types, Func<uint, PvaValue.Structure?> Before);

/// <summary>One message, as either side sends it.</summary>
/// <remarks><b>Source</b> pvAccess protocol specification, "Application messages", and recorded sessions of pvAccessCPP and QSRV.
/// </remarks>
internal abstract partial record PvaMessage
{
    public const byte UnicastFlag = 0x80;
    public const byte AnswerFlag = 0x01;
    public const string Tcp = "tcp";

    /// <summary>The least buffer and the most numbered types that pvAccessCPP says of itself.</summary>
    public const ushort RegistrySize = 0x7FFF;

    private PvaMessage() { }

    /// <summary>A control message: from now on in this byte order. Hint: 0 for that of each message, else that of the first.</summary>
    public sealed record SetByteOrder(bool IsBig, uint Hint) : PvaMessage;

    /// <summary>The server asks who the client is.</summary>
    public sealed record ValidationAsked(uint BufferSize, ushort Registry, EquatableArray<string> Methods) : PvaMessage;

    public sealed record ValidationAnswer(uint BufferSize, ushort Registry, ushort Quality, string Method, PvaValue.Any Credentials)
        : PvaMessage;

    public sealed record Validated(PvaStatus Status) : PvaMessage;

    /// <summary>Comes back as it was sent.</summary>
    public sealed record Echo(EquatableArray<byte> Sent) : PvaMessage;

    /// <summary>Address: where answers go; any for the sender's.</summary>
    public sealed record Search(
        uint Sequence, byte Flags, IPAddress Address, ushort Port, EquatableArray<string> Protocols, EquatableArray<PvName> Names)
        : PvaMessage;

    public sealed record SearchReply(
        EquatableArray<byte> Server, uint Sequence, IPAddress Address, ushort Port, string Protocol, bool IsFound,
        EquatableArray<uint> Cids) : PvaMessage
    {
        /// <summary>What a client can use of it; null for nothing.</summary>
        public PvFound? Found => !IsFound || Port == 0 || Protocol != Tcp ? null
            : new PvFound(Cids, Address.Equals(IPAddress.Any) || Address.Equals(IPAddress.IPv6Any) ? null : Address, Port);
    }

    /// <summary>A server lives. Server: another one at a known address means that it was started again.</summary>
    public sealed record Beacon(
        EquatableArray<byte> Server, byte Flags, byte Sequence, ushort Changes, IPAddress Address, ushort Port, string Protocol,
        PvaValue.Any Status) : PvaMessage;

    /// <summary>Before a search that a server passes on: the address at which it came.</summary>
    public sealed record OriginTag(IPAddress Address) : PvaMessage;

    public sealed record CreateChannel(EquatableArray<PvName> Names) : PvaMessage;

    public sealed record ChannelCreated(uint Cid, uint Sid, PvaStatus Status) : PvaMessage;

    public sealed record DestroyChannel(uint Sid, uint Cid) : PvaMessage;

    public sealed record DestroyRequest(uint Sid, uint Ioid) : PvaMessage;

    public sealed record CancelRequest(uint Sid, uint Ioid) : PvaMessage;

    /// <summary>Asks for the type of a field, or of everything.</summary>
    public sealed record GetField(uint Sid, uint Ioid, string Field) : PvaMessage;

    public sealed record FieldReply(uint Ioid, PvaStatus Status, PvaType? Type) : PvaMessage;

    /// <summary>Begins an operation. Window: of a monitor with <see cref="PvaSub.Pipeline"/>, how many events may wait.</summary>
    public sealed record Init(byte Command, uint Sid, uint Ioid, byte Sub, PvaValue.Any Request, uint Window = 0) : PvaMessage;

    public sealed record InitReply(byte Command, uint Ioid, byte Sub, PvaStatus Status, PvaType? Type) : PvaMessage;

    /// <summary>Lets an operation do what it is for. Taken: of a monitor with <see cref="PvaSub.Pipeline"/>, events.</summary>
    public sealed record Run(byte Command, uint Sid, uint Ioid, byte Sub, uint Taken = 0) : PvaMessage;

    /// <summary>Change is null where the request is not known.</summary>
    public sealed record PutValue(uint Sid, uint Ioid, byte Sub, PvaChange? Change) : PvaMessage;

    public sealed record Call(uint Sid, uint Ioid, byte Sub, PvaValue.Any Argument) : PvaMessage;

    /// <summary>An operation has ended without a value.</summary>
    public sealed record Done(byte Command, uint Ioid, byte Sub, PvaStatus Status) : PvaMessage;

    /// <summary>A value, whole or changed. Change is null where the request is not known.</summary>
    public sealed record Data(byte Command, uint Ioid, byte Sub, PvaChange? Change) : PvaMessage;

    public sealed record Result(uint Ioid, byte Sub, PvaStatus Status, PvaValue.Any Value) : PvaMessage;

    /// <summary>Something the server wants a person to know.</summary>
    public sealed record Note(uint Ioid, byte Kind, string Text) : PvaMessage;

    public sealed record Unknown(PvaHeader Header) : PvaMessage;

    /// <summary>What came cannot be read.</summary>
    public sealed record Mangled(PvaHeader Header) : PvaMessage;
}
