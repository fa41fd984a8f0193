using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Epics;
using Flyscan.Hardware.Epics.ChannelAccess;
using Flyscan.Hardware.Epics.ChannelAccess.Server;
using Flyscan.Hardware.Transport;
using Flyscan.Host.Time;

namespace Flyscan.Host.Composition;

/// <summary>The process's client for EPICS, made when the first device asks for it: a beamline without EPICS opens no socket.</summary>
internal sealed class EpicsClient(CaSettings settings) : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private CaClient? _client;

    /// <summary>Settings of a file's <c>epics</c> section, where it has one, over the environment's <c>EPICS_CA_…</c>.</summary>
    /// <remarks><b>Errors</b> <see cref="SettingsException"/> with path or variable, value and what is allowed.</remarks>
    public static CaSettings Read(ISettings? beamline) =>
        CaSettings.Read(beamline?.Has("epics") == true ? beamline.Section("epics") : null, Environment.GetEnvironmentVariable) with
        {
            User = Environment.UserName,
            Host = Environment.MachineName,
        };

    /// <summary>The settings, or those that find the records which a virtual beamline serves.</summary>
    public static CaSettings Resolve(CaSettings settings, EndpointOverrides endpoints)
    {
        var served = endpoints.Entries.FirstOrDefault(e => e.Key == VirtualIoc.Endpoint).Value;
        return served is null ? settings : settings with { Addresses = [served], AutoAddresses = false, NameServers = [] };
    }

    /// <summary>The client.</summary>
    /// <remarks><b>Errors</b> <see cref="SettingsException"/> for an address that means nothing.</remarks>
    public IPvClient Get()
    {
        lock (_gate)
            return _client ??= new CaClient(
                settings, new CaSurroundings(new SystemClock(), new TcpConnector(ownThreads: true), new UdpPorts(), TimeProvider.System));
    }

    public ValueTask DisposeAsync() => _client?.DisposeAsync() ?? ValueTask.CompletedTask;
}
