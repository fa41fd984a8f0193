using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Epics.ChannelAccess;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Epics.PvAccess;

/// <summary>How a client finds and keeps its servers.</summary>
/// <remarks>Addresses, NameServers: host or host:port. <b>Units</b> EchoAfterNs, EchoWithinNs: time between echoes, and how long one may
/// take. LargestMessage: bytes, segments joined.</remarks>
public sealed record PvaSettings
{
    /// <summary>UDP port of searches.</summary>
    public const int UsualSearchPort = 5076;

    /// <summary>TCP port of servers.</summary>
    public const int UsualServerPort = 5075;

    private const long Second = 1_000_000_000;

    /// <summary>Where searches go. Empty and not automatic: only this machine.</summary>
    public EquatableArray<string> Addresses { get; init; }

    /// <summary>Searches go to the broadcast address of every network as well.</summary>
    public bool AutoAddresses { get; init; }

    public EquatableArray<string> NameServers { get; init; }

    /// <summary>Of addresses without one.</summary>
    public int SearchPort { get; init; } = UsualSearchPort;

    /// <summary>Of name servers without one.</summary>
    public int ServerPort { get; init; } = UsualServerPort;

    public long EchoAfterNs { get; init; } = 5 * Second;

    public long EchoWithinNs { get; init; } = 5 * Second;

    public long LongestSearchNs { get; init; } = 30 * Second;

    public int LargestMessage { get; init; } = 256 * 1024 * 1024;

    public string User { get; init; } = "flyscan";

    public string Host { get; init; } = "localhost";

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
        return settings with
        {
            Addresses = Texts("addresses", settings.Addresses),
            // A list of one's own is the whole list, unless the file says otherwise.
            AutoAddresses = section.Flag("auto-addresses", !section.Has("addresses") && settings.AutoAddresses),
            NameServers = Texts("name-servers", settings.NameServers),
            SearchPort = (int)section.Integer("search-port", 1, 65535, settings.SearchPort),
            ServerPort = (int)section.Integer("server-port", 1, 65535, settings.ServerPort),
            EchoAfterNs = section.DurationNs("echo-after", Second / 10, 3600 * Second, settings.EchoAfterNs),
            EchoWithinNs = section.DurationNs("echo-within", Second / 10, 3600 * Second, settings.EchoWithinNs),
            LongestSearchNs = section.DurationNs("longest-search", Second / 10, 86_400 * Second, settings.LongestSearchNs),
            LargestMessage = (int)section.Bytes("largest-message", 16 * 1024, int.MaxValue, settings.LargestMessage),
        };

        EquatableArray<string> Texts(string key, EquatableArray<string> otherwise) =>
            section.Has(key) ? section.Texts(key).ToEquatableArray() : otherwise;
    }

    private static PvaSettings OfEnvironment(Func<string, string?> environment)
    {
        var settings = new PvaSettings();
        var listed = CaSettings.Words(environment("EPICS_PVA_ADDR_LIST"));
        var automatic = environment("EPICS_PVA_AUTO_ADDR_LIST");
        var half = (long)(1e9 / 2 * CaSettings.Number(environment, "EPICS_PVA_CONN_TMO", 0.2, 7200, 10));
        return settings with
        {
            Addresses = listed,
            // As for Channel Access: only who has set EPICS up at all is taken to want broadcasts.
            AutoAddresses = automatic is null ? listed.Count > 0 : !automatic.Equals("NO", StringComparison.OrdinalIgnoreCase),
            NameServers = CaSettings.Words(environment("EPICS_PVA_NAME_SERVERS")),
            SearchPort = (int)CaSettings.Number(environment, "EPICS_PVA_BROADCAST_PORT", 1, 65535, settings.SearchPort),
            ServerPort = (int)CaSettings.Number(environment, "EPICS_PVA_SERVER_PORT", 1, 65535, settings.ServerPort),
            EchoAfterNs = half,
            EchoWithinNs = half,
        };
    }
}
