using System.Net;
using System.Net.Sockets;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Epics.PvAccess;

internal abstract partial record PvaMessage
{
    /// <summary>Appends the message; ids: numbered types of the direction that is written.</summary>
    public void WriteTo(PvaWriter to, PvaTypeIds ids)
    {
        if (this is SetByteOrder order)
        {
            to.IsBig = order.IsBig;
            to.Control(PvaCommand.SetByteOrder, order.Hint);
            return;
        }
        to.Begin(CommandOf(this));
        if (!WriteConnection(to, ids) && !WriteNaming(to, ids) && !WriteRequest(to, ids) && !WriteReply(to, ids))
            throw new InvalidOperationException($"A message {GetType().Name} is only read.");
        to.End();
    }

    private static byte CommandOf(PvaMessage message) => message switch
    {
        ValidationAsked or ValidationAnswer => PvaCommand.Validation,
        Validated => PvaCommand.Validated,
        Echo => PvaCommand.Echo,
        Search => PvaCommand.Search,
        SearchReply => PvaCommand.SearchReply,
        Beacon => PvaCommand.Beacon,
        OriginTag => PvaCommand.OriginTag,
        CreateChannel or ChannelCreated => PvaCommand.CreateChannel,
        DestroyChannel => PvaCommand.DestroyChannel,
        DestroyRequest => PvaCommand.DestroyRequest,
        CancelRequest => PvaCommand.CancelRequest,
        GetField or FieldReply => PvaCommand.GetField,
        Init m => m.Command,
        InitReply m => m.Command,
        Run m => m.Command,
        PutValue => PvaCommand.Put,
        Call or Result => PvaCommand.Rpc,
        Done m => m.Command,
        Data m => m.Command,
        Note => PvaCommand.Message,
        Unknown m => m.Header.Command,
        Mangled m => m.Header.Command,
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    private bool WriteConnection(PvaWriter to, PvaTypeIds ids)
    {
        switch (this)
        {
            case ValidationAsked m:
                to.UInt32(m.BufferSize);
                to.UInt16(m.Registry);
                WriteTexts(to, m.Methods);
                return true;
            case ValidationAnswer m:
                to.UInt32(m.BufferSize);
                to.UInt16(m.Registry);
                to.UInt16(m.Quality);
                to.Text(m.Method);
                PvaData.WriteAny(to, m.Credentials, ids);
                return true;
            case Validated m:
                to.Status(m.Status);
                return true;
            case Echo m:
                to.Raw(m.Sent.AsSpan());
                return true;
            default:
                return false;
        }
    }

    private bool WriteNaming(PvaWriter to, PvaTypeIds ids)
    {
        switch (this)
        {
            case Search m:
                to.UInt32(m.Sequence);
                to.Byte(m.Flags);
                to.Append(3).Clear();
                WriteAddress(to, m.Address);
                to.UInt16(m.Port);
                WriteTexts(to, m.Protocols);
                WriteNames(to, m.Names);
                return true;
            case SearchReply m:
                to.Raw(m.Server.AsSpan());
                to.UInt32(m.Sequence);
                WriteAddress(to, m.Address);
                to.UInt16(m.Port);
                to.Text(m.Protocol);
                to.Byte(m.IsFound ? (byte)1 : (byte)0);
                to.UInt16((ushort)m.Cids.Count);
                foreach (var cid in m.Cids)
                    to.UInt32(cid);
                return true;
            case Beacon m:
                to.Raw(m.Server.AsSpan());
                to.Byte(m.Flags);
                to.Byte(m.Sequence);
                to.UInt16(m.Changes);
                WriteAddress(to, m.Address);
                to.UInt16(m.Port);
                to.Text(m.Protocol);
                PvaData.WriteAny(to, m.Status, ids);
                return true;
            case OriginTag m:
                WriteAddress(to, m.Address);
                return true;
            case CreateChannel m:
                WriteNames(to, m.Names);
                return true;
            case ChannelCreated m:
                to.UInt32(m.Cid);
                to.UInt32(m.Sid);
                to.Status(m.Status);
                return true;
            case DestroyChannel m:
                to.UInt32(m.Sid);
                to.UInt32(m.Cid);
                return true;
            default:
                return false;
        }
    }

    private bool WriteRequest(PvaWriter to, PvaTypeIds ids)
    {
        switch (this)
        {
            case DestroyRequest m:
                WriteHead(to, m.Sid, m.Ioid);
                return true;
            case CancelRequest m:
                WriteHead(to, m.Sid, m.Ioid);
                return true;
            case GetField m:
                WriteHead(to, m.Sid, m.Ioid);
                to.Text(m.Field);
                return true;
            case Init m:
                WriteHead(to, m.Sid, m.Ioid);
                to.Byte(m.Sub);
                PvaData.WriteAny(to, m.Request, ids);
                if ((m.Sub & PvaSub.Pipeline) != 0)
                    to.UInt32(m.Window);
                return true;
            case Run m:
                WriteHead(to, m.Sid, m.Ioid);
                to.Byte(m.Sub);
                if (m.Command == PvaCommand.Monitor && (m.Sub & PvaSub.Pipeline) != 0)
                    to.UInt32(m.Taken);
                return true;
            case PutValue { Change: { } change } m:
                WriteHead(to, m.Sid, m.Ioid);
                to.Byte(m.Sub);
                to.Bits(change.Bits);
                PvaData.WriteChanged(to, change.Bits, change.Value, ids);
                return true;
            case Call m:
                WriteHead(to, m.Sid, m.Ioid);
                to.Byte(m.Sub);
                PvaData.WriteAny(to, m.Argument, ids);
                return true;
            default:
                return false;
        }
    }

    private bool WriteReply(PvaWriter to, PvaTypeIds ids)
    {
        switch (this)
        {
            case FieldReply m:
                to.UInt32(m.Ioid);
                to.Status(m.Status);
                if (m.Status.IsOk)
                    ids.Write(to, m.Type);
                return true;
            case InitReply m:
                WriteHead(to, m.Ioid, m.Sub, m.Status);
                if (m.Status.IsOk && m.Command is not (PvaCommand.Rpc or PvaCommand.Process))
                    ids.Write(to, m.Type);
                return true;
            case Done m:
                WriteHead(to, m.Ioid, m.Sub, m.Status);
                return true;
            case Data { Change: { } change } m:
                to.UInt32(m.Ioid);
                to.Byte(m.Sub);
                if (m.Command != PvaCommand.Monitor)
                    to.Status(PvaStatus.Ok);
                to.Bits(change.Bits);
                PvaData.WriteChanged(to, change.Bits, change.Value, ids);
                if (m.Command == PvaCommand.Monitor)
                    to.Bits(change.Overrun);
                return true;
            case Result m:
                WriteHead(to, m.Ioid, m.Sub, m.Status);
                if (m.Status.IsOk)
                    PvaData.WriteAny(to, m.Value, ids);
                return true;
            case Note m:
                to.UInt32(m.Ioid);
                to.Byte(m.Kind);
                to.Text(m.Text);
                return true;
            default:
                return false;
        }
    }

    private static void WriteHead(PvaWriter to, uint sid, uint ioid)
    {
        to.UInt32(sid);
        to.UInt32(ioid);
    }

    private static void WriteHead(PvaWriter to, uint ioid, byte sub, PvaStatus status)
    {
        to.UInt32(ioid);
        to.Byte(sub);
        to.Status(status);
    }

    private static void WriteTexts(PvaWriter to, EquatableArray<string> texts)
    {
        to.Size(texts.Count);
        foreach (var text in texts)
            to.Text(text);
    }

    private static void WriteNames(PvaWriter to, EquatableArray<PvName> names)
    {
        to.UInt16((ushort)names.Count);
        foreach (var name in names)
        {
            to.UInt32(name.Cid);
            to.Text(name.Name);
        }
    }

    /// <summary>Sixteen bytes, as pvAccessCPP writes them: an address of four behind ::ffff.</summary>
    private static void WriteAddress(PvaWriter to, IPAddress address)
    {
        if (address.AddressFamily == AddressFamily.InterNetwork)
            address = address.MapToIPv6();
        address.TryWriteBytes(to.Append(16), out _);
    }
}
