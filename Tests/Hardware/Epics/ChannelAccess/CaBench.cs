using System.Net;
using Flyscan.Hardware.Epics.ChannelAccess;
using Flyscan.Hardware.Epics.ChannelAccess.Server;

namespace Flyscan.Tests.Hardware.Epics.ChannelAccess;

/// <summary>A bench over Channel Access.</summary>
internal sealed class CaBench(CaSettings? settings = null) : PvBench(around => new CaClient(settings ?? new CaSettings(), around))
{
    public const int Port = 5064;

    private IDisposable? _searches;

    public CaServer Server => Records;

    protected override int ServerPort => Port;

    protected override void Listen()
    {
        Network.Listen(Port, Records.Accept);
        var searches = Datagrams.Open(IPAddress.Loopback, Port);
        _searches = searches;
        Records.ListenForSearches(searches, Port);
    }

    protected override void CloseServer()
    {
        Records.Dispose();
        _searches!.Dispose();
    }
}
