using Flyscan.Hardware.Epics.ChannelAccess;

namespace Flyscan.Tests.Hardware.Epics.ChannelAccess;

/// <summary>One message of a recorded session of real programs.</summary>
/// <remarks>Left: bytes that the recording left out; zeros stand for them.</remarks>
internal sealed record RecordedMessage(string Session, int Line, string Transport, string Direction, byte[] Bytes, int Left)
{
    public bool IsFromClient => Direction is "C>S" or "C>R";

    public (CaHeader Header, byte[] Payload) Cut()
    {
        var length = CaHeader.TryRead(Bytes, out var header);
        return (header, Bytes[length..]);
    }

    public CaMessage Decode()
    {
        var (header, payload) = Cut();
        return IsFromClient ? CaMessage.FromClient(header, payload) : CaMessage.FromServer(header, payload);
    }
}

/// <summary>The recorded sessions of Channel Access.</summary>
internal static class RecordedCaSession
{
    public static IReadOnlyList<string> Names => RecordedSessions.NamesOf("ca");

    public static IReadOnlyList<RecordedMessage> Read(string name) =>
    [
        .. RecordedSessions.Read(name).Select(l =>
            new RecordedMessage(name, l.Line, l.Transport, l.Direction, [.. l.Bytes, .. new byte[l.Left]], l.Left)),
    ];
}
