using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Flyscan.Hardware.Contracts;

namespace Flyscan.Hardware.Epics;

/// <summary>Makes end points of what settings say.</summary>
internal static class EpicsAddresses
{
    /// <summary>Where searches go: what is listed, the networks' broadcast addresses where wanted. Without any address, and without name
    /// servers, this machine is searched.</summary>
    /// <remarks><b>Errors</b> <see cref="SettingsException"/> naming the address.</remarks>
    public static List<IPEndPoint> Searched(PvTransportSettings settings, int port)
    {
        List<IPEndPoint> found = [.. settings.Addresses.Select(a => Resolve(a, port))];
        if (settings.AutoAddresses)
            found.AddRange(Broadcasts().Select(a => new IPEndPoint(a, port)));
        if (found.Count == 0 && settings.NameServers.Count == 0)
            found.Add(new IPEndPoint(IPAddress.Loopback, port));
        return [.. found.Distinct()];
    }

    /// <summary>An end point of <c>host</c> or <c>host:port</c>.</summary>
    public static IPEndPoint Resolve(string text, int usualPort)
    {
        var parts = text.Split(':');
        var port = usualPort;
        if (parts.Length > 2 || (parts.Length == 2 && !(int.TryParse(parts[1], out port) && port is > 0 and <= 65535)))
            throw new SettingsException($"the EPICS address {text} must be HOST or HOST:PORT, the port from 1 to 65535");
        if (IPAddress.TryParse(parts[0], out var literal) && literal.AddressFamily == AddressFamily.InterNetwork)
            return new IPEndPoint(literal, port);
        try
        {
            var resolved = Dns.GetHostAddresses(parts[0], AddressFamily.InterNetwork);
            if (resolved.Length > 0)
                return new IPEndPoint(resolved[0], port);
        }
        catch (SocketException)
        {
            // Told below, with what to do.
        }
        throw new SettingsException($"the EPICS address {text}: no machine is known by the name {parts[0]}; give its IP address");
    }

    /// <summary>The broadcast addresses of this machine's networks; of loopback, its own.</summary>
    public static IEnumerable<IPAddress> Broadcasts()
    {
        foreach (var network in NetworkInterface.GetAllNetworkInterfaces())
        {
            if (network.OperationalStatus != OperationalStatus.Up && network.NetworkInterfaceType != NetworkInterfaceType.Loopback)
                continue;
            foreach (var unicast in network.GetIPProperties().UnicastAddresses)
            {
                if (unicast.Address.AddressFamily != AddressFamily.InterNetwork)
                    continue;
                if (IPAddress.IsLoopback(unicast.Address))
                {
                    yield return IPAddress.Loopback;
                    continue;
                }
                byte[] address = unicast.Address.GetAddressBytes(), mask = unicast.IPv4Mask.GetAddressBytes();
                yield return new IPAddress([.. address.Zip(mask, (a, m) => (byte)(a | ~m))]);
            }
        }
    }
}
