using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Epics;
using Flyscan.Hardware.Epics.ChannelAccess;
using Flyscan.Hardware.Epics.ChannelAccess.Server;
using Flyscan.Hardware.Epics.PvAccess;
using Flyscan.Hardware.Transport;
using Flyscan.Host.Time;

namespace Flyscan.Host.Composition;

/// <summary>The process's client for EPICS, made when the first device asks for it: a beamline without EPICS opens no socket.</summary>
internal sealed class EpicsClient(PvSettings settings) : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private PvTransports? _client;

    /// <summary>Settings of a file's <c>epics</c> section, where it has one, over the environment's <c>EPICS_CA_…</c> and
    /// <c>EPICS_PVA_…</c>.</summary>
    /// <remarks><b>Errors</b> <see cref="SettingsException"/> with path or variable, value and what is allowed.</remarks>
    public static PvSettings Read(ISettings? beamline) =>
        PvSettings.Read(beamline?.Has("epics") == true ? beamline.Section("epics") : null, Environment.GetEnvironmentVariable)
            .As(Environment.UserName, Environment.MachineName);

    /// <summary>The settings, or those that find the records which a virtual beamline serves.</summary>
    public static PvSettings Resolve(PvSettings settings, EndpointOverrides endpoints)
    {
        if (At(VirtualIoc.Endpoint) is { } channelAccess)
            settings = settings with
            {
                ChannelAccess = settings.ChannelAccess with { Addresses = [channelAccess], AutoAddresses = false, NameServers = [] },
            };
        if (At(VirtualIoc.PvaEndpoint) is { } pvAccess)
            settings = settings with
            {
                PvAccess = settings.PvAccess with { Addresses = [pvAccess], AutoAddresses = false, NameServers = [] },
            };
        return settings;

        string? At(string endpoint) => endpoints.Entries.FirstOrDefault(e => e.Key == endpoint).Value;
    }

    /// <summary>The client.</summary>
    /// <remarks><b>Errors</b> opening a name throws <see cref="SettingsException"/> for an address that means nothing.</remarks>
    public IPvClient Get()
    {
        lock (_gate)
            return _client ??= new PvTransports(
                () => new CaClient(settings.ChannelAccess, Surroundings()), () => new PvaClient(settings.PvAccess, Surroundings()));
    }

    public ValueTask DisposeAsync() => _client?.DisposeAsync() ?? ValueTask.CompletedTask;

    private static CaSurroundings Surroundings() =>
        new(new SystemClock(), new TcpConnector(ownThreads: true), new UdpPorts(), TimeProvider.System);
}
