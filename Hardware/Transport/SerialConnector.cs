using Flyscan.Hardware.Contracts;

namespace Flyscan.Hardware.Transport;

/// <summary>Opens serial devices: host is the path, such as <c>/dev/ttyUSB0</c>, port the baud rate.</summary>
public sealed class SerialConnector : IConnector
{
    /// <summary>The one rate that is offered.</summary>
    public const int Baud = 115_200;

    /// <remarks><b>Errors</b> <see cref="IOException"/> naming device and cause: absent, no permission, in use, another rate.</remarks>
    public Task<IConnection> ConnectAsync(string host, int port, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        if (port != Baud)
            return Task.FromException<IConnection>(new IOException($"{host}: {port} baud are not offered, only {Baud}."));
        try
        {
            return Task.FromResult<IConnection>(new SerialConnection(Termios.OpenSerial(host), host));
        }
        catch (IOException error)
        {
            return Task.FromException<IConnection>(error);
        }
    }
}
