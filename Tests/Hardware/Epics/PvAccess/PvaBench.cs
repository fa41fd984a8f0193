using System.Net;
using Flyscan.Hardware.Epics.PvAccess;
using Flyscan.Hardware.Epics.PvAccess.Server;

namespace Flyscan.Tests.Hardware.Epics.PvAccess;

/// <summary>A bench over pvAccess, with the records of a Channel Access server as QSRV would serve them.</summary>
internal sealed class PvaBench(PvaSettings? settings = null) : PvBench(around => new PvaClient(settings ?? new PvaSettings(), around))
{
    public const int Port = 5075;
    public const int SearchPort = 5076;

    private IDisposable? _searches;

    public PvaServer Server { get; private set; } = null!;

    protected override int ServerPort => Port;

    /// <summary>A structure of one's own.</summary>
    public PvaServed Serve(string name, PvaValue.Structure value)
    {
        var served = new PvaServed(name, value);
        Server.Add(served);
        return served;
    }

    protected override void Listen()
    {
        Server = new PvaServer(Records);
        Network.Listen(Port, Server.Accept);
        var searches = Datagrams.Open(IPAddress.Loopback, SearchPort);
        _searches = searches;
        Server.ListenForSearches(searches, Port, IPAddress.Any);
    }

    protected override void CloseServer()
    {
        Server.Dispose();
        Records.Dispose();
        _searches!.Dispose();
    }
}
