using Flyscan.Hardware.Epics.PvAccess;

namespace Flyscan.Tests.Hardware.Epics.PvAccess;

/// <summary>One message of a recorded session of real programs. Left: bytes that the recording left out.</summary>
internal sealed record RecordedPvaMessage(string Session, int Line, string Transport, string Direction, byte[] Bytes, int Left)
{
    public bool IsTcp => Transport != "udp";

    /// <summary>Sent by a client, or by a server that passes a client's question on.</summary>
    public bool IsFromClient => Direction == "C>S";

    public PvaHeader Header => PvaHeader.TryRead(Bytes, out var header) ? header : throw new InvalidDataException($"{Session}:{Line}");

    public string At => $"{Session}:{Line}";
}

/// <summary>The recorded sessions of pvAccess.</summary>
internal static class RecordedPvaSession
{
    public static IReadOnlyList<string> Names => RecordedSessions.NamesOf("pva");

    /// <summary>The messages in order; what was left out of them is put in again where it is known, else it is zeros.</summary>
    public static IReadOnlyList<RecordedPvaMessage> Read(string name) =>
    [
        .. RecordedSessions.Read(name).Select(l =>
            new RecordedPvaMessage(name, l.Line, l.Transport, l.Direction, Filled(name, l.Bytes, l.Left), l.Left)),
    ];

    /// <summary>The end of a type description is that of the same type in another session.</summary>
    private static byte[] Filled(string name, byte[] bytes, int left)
    {
        if (left == 0 || name == "pva-06-arrays-strings")
            return bytes;
        var whole = Read("pva-06-arrays-strings").FirstOrDefault(
            m => m.Bytes.Length == bytes.Length + left && m.Bytes.AsSpan(0, bytes.Length).SequenceEqual(bytes));
        return whole?.Bytes ?? [.. bytes, .. new byte[left]];
    }
}

/// <summary>Both directions of one recorded connection: numbered types and structures of its operations.</summary>
internal sealed class RecordedConnection
{
    private readonly Dictionary<uint, PvaValue.Structure> _last = [];

    public RecordedConnection()
    {
        FromServer = new PvaContext(new PvaTypeCache(), ioid => _last.GetValueOrDefault(ioid));
        FromClient = new PvaContext(new PvaTypeCache(), ioid => _last.GetValueOrDefault(ioid));
    }

    public PvaContext FromServer { get; }

    public PvaContext FromClient { get; }

    public PvaTypeIds ServerIds { get; } = new();

    public PvaTypeIds ClientIds { get; } = new();

    public PvaStream ServerStream { get; } = new(1 << 24);

    /// <summary>Names of channels by the server's number.</summary>
    public Dictionary<uint, string> Channels { get; } = [];

    public PvaMessage Read(bool fromClient, in PvaHeader header, ReadOnlySpan<byte> payload)
    {
        var message = fromClient
            ? PvaMessage.FromClient(header, payload, FromClient)
            : PvaMessage.FromServer(header, payload, FromServer);
        if (message is PvaMessage.InitReply { Type: PvaType.Structure type } begun)
            _last[begun.Ioid] = PvaValue.Default(type);
        else if (message is PvaMessage.Data { Change: { } change } data)
            _last[data.Ioid] = change.Value;
        return message;
    }

    public byte[] Write(bool fromClient, bool isBig, PvaMessage message)
    {
        var writer = new PvaWriter(isServer: !fromClient) { IsBig = isBig };
        message.WriteTo(writer, fromClient ? ClientIds : ServerIds);
        return writer.Written.ToArray();
    }
}
