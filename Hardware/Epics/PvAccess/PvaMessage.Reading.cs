using System.Net;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Epics.PvAccess;

internal abstract partial record PvaMessage
{
    private const int GuidLength = 12;

    /// <summary>What a server sent.</summary>
    public static PvaMessage FromServer(in PvaHeader h, ReadOnlySpan<byte> payload, PvaContext context)
    {
        if (h.IsControl)
            return Control(h);
        var r = new PvaReader(payload, h.IsBig);
        PvaMessage message = h.Command switch
        {
            PvaCommand.Validation => new ValidationAsked(r.UInt32(), r.UInt16(), ReadTexts(ref r)),
            PvaCommand.Validated => new Validated(r.Status()),
            PvaCommand.Echo => new Echo(payload.ToArray().ToEquatableArray()),
            PvaCommand.SearchReply => ReadSearchReply(ref r),
            PvaCommand.Beacon => new Beacon(
                ReadGuid(ref r), r.Byte(), r.Byte(), r.UInt16(), ReadAddress(ref r), r.UInt16(), r.Text(),
                PvaData.ReadAny(ref r, context.Types)),
            PvaCommand.OriginTag => new OriginTag(ReadAddress(ref r)),
            PvaCommand.Search => ReadSearch(ref r),
            PvaCommand.CreateChannel => new ChannelCreated(r.UInt32(), r.UInt32(), r.Status()),
            PvaCommand.DestroyChannel => new DestroyChannel(r.UInt32(), r.UInt32()),
            PvaCommand.GetField => ReadFieldReply(ref r, context),
            PvaCommand.Get or PvaCommand.Put or PvaCommand.PutGet or PvaCommand.Monitor or PvaCommand.Process or PvaCommand.Rpc =>
                ReadReply(h.Command, ref r, context),
            PvaCommand.Message => new Note(r.UInt32(), r.Byte(), r.Text()),
            _ => new Unknown(h),
        };
        return r.Failed ? new Mangled(h) : message;
    }

    /// <summary>What a client sent.</summary>
    public static PvaMessage FromClient(in PvaHeader h, ReadOnlySpan<byte> payload, PvaContext context)
    {
        if (h.IsControl)
            return Control(h);
        var r = new PvaReader(payload, h.IsBig);
        PvaMessage message = h.Command switch
        {
            PvaCommand.Validation => new ValidationAnswer(
                r.UInt32(), r.UInt16(), r.UInt16(), r.Text(), r.Left == 0 ? PvaValue.Any.Nothing : PvaData.ReadAny(ref r, context.Types)),
            PvaCommand.Echo => new Echo(payload.ToArray().ToEquatableArray()),
            PvaCommand.Search => ReadSearch(ref r),
            PvaCommand.CreateChannel => new CreateChannel(ReadNames(ref r)),
            PvaCommand.DestroyChannel => new DestroyChannel(r.UInt32(), r.UInt32()),
            PvaCommand.DestroyRequest => new DestroyRequest(r.UInt32(), r.UInt32()),
            PvaCommand.CancelRequest => new CancelRequest(r.UInt32(), r.UInt32()),
            PvaCommand.GetField => new GetField(r.UInt32(), r.UInt32(), r.Text()),
            PvaCommand.Get or PvaCommand.Put or PvaCommand.PutGet or PvaCommand.Monitor or PvaCommand.Process or PvaCommand.Rpc =>
                ReadRequest(h.Command, ref r, context),
            _ => new Unknown(h),
        };
        return r.Failed ? new Mangled(h) : message;
    }

    private static PvaMessage Control(in PvaHeader h) =>
        h.Command == PvaCommand.SetByteOrder ? new SetByteOrder(h.IsBig, h.Size) : new Unknown(h);

    private static PvaMessage ReadRequest(byte command, ref PvaReader r, PvaContext context)
    {
        var (sid, ioid, sub) = (r.UInt32(), r.UInt32(), r.Byte());
        if ((sub & PvaSub.Init) != 0)
        {
            var request = PvaData.ReadAny(ref r, context.Types);
            var window = command == PvaCommand.Monitor && (sub & PvaSub.Pipeline) != 0 ? r.UInt32() : 0;
            return new Init(command, sid, ioid, sub, request, window);
        }
        if (command == PvaCommand.Rpc)
            return new Call(sid, ioid, sub, PvaData.ReadAny(ref r, context.Types));
        if (command == PvaCommand.Put && (sub & PvaSub.Read) == 0)
            return new PutValue(sid, ioid, sub, ReadChange(ref r, ioid, context, false));
        var taken = command == PvaCommand.Monitor && (sub & PvaSub.Pipeline) != 0 ? r.UInt32() : 0;
        return new Run(command, sid, ioid, sub, taken);
    }

    private static PvaMessage ReadReply(byte command, ref PvaReader r, PvaContext context)
    {
        var (ioid, sub) = (r.UInt32(), r.Byte());
        if ((sub & PvaSub.Init) != 0)
        {
            var begun = r.Status();
            var hasType = begun.IsOk && command is not (PvaCommand.Rpc or PvaCommand.Process);
            return new InitReply(command, ioid, sub, begun, hasType ? context.Types.Read(ref r) : null);
        }
        if (command == PvaCommand.Monitor)
            return (sub & PvaSub.Last) != 0
                ? new Done(command, ioid, sub, r.Left == 0 ? PvaStatus.Ok : r.Status())
                : new Data(command, ioid, sub, ReadChange(ref r, ioid, context, true));
        var status = r.Status();
        if (command == PvaCommand.Rpc)
            return new Result(ioid, sub, status, status.IsOk ? PvaData.ReadAny(ref r, context.Types) : PvaValue.Any.Nothing);
        var hasValue = command == PvaCommand.Get || (command == PvaCommand.Put && (sub & PvaSub.Read) != 0);
        return status.IsOk && hasValue
            ? new Data(command, ioid, sub, ReadChange(ref r, ioid, context, false))
            : new Done(command, ioid, sub, status);
    }

    private static PvaChange? ReadChange(ref PvaReader r, uint ioid, PvaContext context, bool withOverrun)
    {
        if (context.Before(ioid) is not { } before)
            return null;
        var bits = r.Bits();
        var value = PvaData.ReadChanged(ref r, bits, before, context.Types);
        return new PvaChange(bits, value, withOverrun ? r.Bits() : default);
    }

    private static FieldReply ReadFieldReply(ref PvaReader r, PvaContext context)
    {
        var (ioid, status) = (r.UInt32(), r.Status());
        return new FieldReply(ioid, status, status.IsOk ? context.Types.Read(ref r) : null);
    }

    private static Search ReadSearch(ref PvaReader r)
    {
        var (sequence, flags) = (r.UInt32(), r.Byte());
        r.Take(3);
        return new Search(sequence, flags, ReadAddress(ref r), r.UInt16(), ReadTexts(ref r), ReadNames(ref r));
    }

    private static SearchReply ReadSearchReply(ref PvaReader r)
    {
        var (server, sequence, address, port) = (ReadGuid(ref r), r.UInt32(), ReadAddress(ref r), r.UInt16());
        var (protocol, isFound) = (r.Text(), r.Byte() != 0);
        var cids = new uint[Math.Min(r.UInt16(), r.Left / 4)];
        for (var i = 0; i < cids.Length; i++)
            cids[i] = r.UInt32();
        return new SearchReply(server, sequence, address, port, protocol, isFound, cids.ToEquatableArray());
    }

    private static EquatableArray<PvName> ReadNames(ref PvaReader r)
    {
        var names = new List<PvName>();
        for (var left = (int)r.UInt16(); left > 0 && !r.Failed; left--)
            names.Add(new PvName(r.UInt32(), r.Text()));
        return names.ToEquatableArray();
    }

    private static EquatableArray<string> ReadTexts(ref PvaReader r)
    {
        var texts = new string[r.Count(1)];
        for (var i = 0; i < texts.Length; i++)
            texts[i] = r.Text();
        return texts.ToEquatableArray();
    }

    private static EquatableArray<byte> ReadGuid(ref PvaReader r) => r.Take(GuidLength).ToArray().ToEquatableArray();

    /// <summary>Sixteen bytes; an address of four is the end of them, and so is any address behind zeros only.</summary>
    private static IPAddress ReadAddress(ref PvaReader r)
    {
        var bytes = r.Take(16);
        if (bytes.Length == 0)
            return IPAddress.Any;
        if (!bytes[..10].ContainsAnyExcept((byte)0))
            return new IPAddress(bytes[12..]);
        return new IPAddress(bytes);
    }
}
