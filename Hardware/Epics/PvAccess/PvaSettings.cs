using Flyscan.Hardware.Contracts;

namespace Flyscan.Hardware.Epics.PvAccess;

/// <summary>How a client of pvAccess finds and keeps its servers.</summary>
/// <remarks><b>Units</b> EchoAfterNs: time between echoes. LargestMessage: bytes, segments joined.</remarks>
public sealed record PvaSettings : PvTransportSettings
{
    /// <summary>UDP port of searches.</summary>
    public const int UsualSearchPort = 5076;

    /// <summary>TCP port of servers.</summary>
    public const int UsualServerPort = 5075;

    public PvaSettings() => (ServerPort, LongestSearchNs) = (UsualServerPort, 30 * Second);

    /// <summary>Port of searched addresses that have none.</summary>
    public int SearchPort { get; init; } = UsualSearchPort;

    /// <summary>Settings of a file's section over those of the environment (<c>EPICS_PVA_…</c>).</summary>
    /// <param name="section">Null where the file has none.</param>
    /// <param name="environment">Reads a variable; null where it is not set.</param>
    /// <remarks><b>Errors</b> <see cref="SettingsException"/> with path or variable, value and what is allowed.</remarks>
    public static PvaSettings Read(ISettings? section, Func<string, string?> environment)
    {
        var settings = OfEnvironment(environment);
        if (section is null)
            return settings;
        section.AllowOnly(
            "addresses", "auto-addresses", "name-servers", "search-port", "server-port", "echo-after", "echo-within", "longest-search",
            "largest-message");
        return Over(settings, section) with { SearchPort = (int)section.Integer("search-port", 1, 65535, settings.SearchPort) };
    }

    private static PvaSettings OfEnvironment(Func<string, string?> environment)
    {
        var settings = Over(new PvaSettings(), "EPICS_PVA_", environment);
        var half = (long)(1e9 / 2 * Number(environment, "EPICS_PVA_CONN_TMO", 0.2, 7200, 10));
        return settings with
        {
            SearchPort = (int)Number(environment, "EPICS_PVA_BROADCAST_PORT", 1, 65535, settings.SearchPort),
            EchoAfterNs = half,
            EchoWithinNs = half,
        };
    }
}
