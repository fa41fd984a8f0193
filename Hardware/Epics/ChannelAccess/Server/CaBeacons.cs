using System.Net;
using Flyscan.Hardware.Contracts;

namespace Flyscan.Hardware.Epics.ChannelAccess.Server;

/// <summary>Says again and again that a server is there: quickly at first, so that clients which have searched long for its records search
/// at once, then every 15 s, so that they know without asking that it still is.</summary>
/// <remarks><b>Source</b> recorded of softIoc R7.0.8: 20 ms, doubling to 15 s; the number begins at 0 with each start.</remarks>
internal sealed class CaBeacons : IDisposable
{
    private const long FirstPauseNs = 20_000_000;
    private const long LongestPauseNs = 15_000_000_000;

    private readonly IServerTime _time;
    private readonly IDatagramPort _from;
    private readonly IReadOnlyList<IPEndPoint> _to;
    private readonly ushort _port;
    private readonly CaBuffer _beacon = new();
    private long _pauseNs = FirstPauseNs;
    private uint _number;
    private IDisposable? _next;

    /// <param name="from">Where they are sent from.</param>
    /// <param name="to">Where clients' repeaters await them.</param>
    /// <param name="port">TCP port of the server.</param>
    public CaBeacons(IServerTime time, IDatagramPort from, IReadOnlyList<IPEndPoint> to, ushort port)
    {
        (_time, _from, _to, _port) = (time, from, to, port);
        Send();
    }

    public void Dispose() => _next?.Dispose();

    private void Send()
    {
        _beacon.Clear();
        // The address is that which the datagram comes from.
        new CaMessage.Beacon(CaMessage.Minor, _port, _number++, 0).WriteTo(_beacon);
        foreach (var address in _to)
            _from.Send(_beacon.Written, address);
        _next = _time.At(_time.NowNs + _pauseNs, Send);
        _pauseNs = Math.Min(2 * _pauseNs, LongestPauseNs);
    }
}

/// <summary>Where the beacons of a server go.</summary>
public static class CaBeaconAddresses
{
    private const int RepeaterPort = 5065;

    /// <summary>What <c>EPICS_CAS_BEACON_ADDR_LIST</c> lists, and unless <c>EPICS_CAS_AUTO_BEACON_ADDR_LIST</c> is NO the networks'
    /// broadcast addresses, or this machine where only it can reach the server.</summary>
    /// <param name="listening">Address that the server listens on.</param>
    /// <param name="environment">Reads a variable; null where it is not set.</param>
    /// <remarks>Port: <c>EPICS_CAS_BEACON_PORT</c>, else <c>EPICS_CA_REPEATER_PORT</c>, else 5065. <b>Errors</b>
    /// <see cref="SettingsException"/> naming the variable, or the address.</remarks>
    public static IReadOnlyList<IPEndPoint> Read(IPAddress listening, Func<string, string?> environment)
    {
        var port = Port("EPICS_CAS_BEACON_PORT") ?? Port("EPICS_CA_REPEATER_PORT") ?? RepeaterPort;
        var listed = (environment("EPICS_CAS_BEACON_ADDR_LIST") ?? "").Split([' ', '\t', ','], StringSplitOptions.RemoveEmptyEntries);
        List<IPEndPoint> found = [.. listed.Select(a => EpicsAddresses.Resolve(a, port))];
        if (!string.Equals(environment("EPICS_CAS_AUTO_BEACON_ADDR_LIST"), "NO", StringComparison.OrdinalIgnoreCase))
            found.AddRange((IPAddress.IsLoopback(listening) ? [IPAddress.Loopback] : EpicsAddresses.Broadcasts())
                .Select(a => new IPEndPoint(a, port)));
        return [.. found.Distinct()];

        int? Port(string name) => environment(name) is not { Length: > 0 } text ? null
            : int.TryParse(text, out var number) && number is > 0 and <= 65535 ? number
            : throw new SettingsException($"the environment variable {name} = {text}: it must be a port from 1 to 65535");
    }
}
