using System.Net;

namespace Flyscan.Hardware.Contracts;

/// <summary>A datagram socket that calls back: Start once, then received datagrams, never concurrently.</summary>
public interface IDatagramPort : IDisposable
{
    /// <summary>The port it is bound to.</summary>
    int Port { get; }

    /// <summary>Begins delivering. The memory given to <paramref name="received"/> is only valid during the call.</summary>
    void Start(Action<ReadOnlyMemory<byte>, IPEndPoint> received);

    /// <summary>Sends one datagram, or loses it: nobody is told. Never blocks.</summary>
    void Send(ReadOnlySpan<byte> bytes, IPEndPoint to);
}

/// <summary>Opens datagram sockets.</summary>
public interface IDatagramPorts
{
    /// <summary>Binds to an address; port 0 takes a free one. May send to broadcast addresses.</summary>
    /// <remarks><b>Errors</b> <see cref="IOException"/> naming address, port and cause.</remarks>
    IDatagramPort Open(IPAddress address, int port);
}
