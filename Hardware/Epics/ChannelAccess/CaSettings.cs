using Flyscan.Hardware.Contracts;

namespace Flyscan.Hardware.Epics.ChannelAccess;

/// <summary>How a client of Channel Access finds and keeps its servers.</summary>
/// <remarks><b>Units</b> EchoAfterNs: silence before an echo is asked for.</remarks>
public sealed record CaSettings : PvTransportSettings
{
    public const int UsualPort = 5064;

    public CaSettings() => (ServerPort, LongestSearchNs) = (UsualPort, 300 * Second);

    /// <summary>0 to 99; each priority has circuits of its own.</summary>
    public int Priority { get; init; }

    /// <summary>Settings of a file's section over those of the environment (<c>EPICS_CA_…</c>).</summary>
    /// <param name="section">Null where the file has none.</param>
    /// <param name="environment">Reads a variable; null where it is not set.</param>
    /// <remarks><b>Errors</b> <see cref="SettingsException"/> with path or variable, value and what is allowed.</remarks>
    public static CaSettings Read(ISettings? section, Func<string, string?> environment)
    {
        var settings = OfEnvironment(environment);
        if (section is null)
            return settings;
        section.AllowOnly(
            "addresses", "auto-addresses", "name-servers", "server-port", "priority", "echo-after", "echo-within", "longest-search",
            "largest-message", "pva");
        return Over(settings, section) with { Priority = (int)section.Integer("priority", 0, 99, settings.Priority) };
    }

    private static CaSettings OfEnvironment(Func<string, string?> environment)
    {
        var settings = Over(new CaSettings(), "EPICS_CA_", environment);
        return settings with
        {
            EchoAfterNs = (long)(1e9 * Number(environment, "EPICS_CA_CONN_TMO", 0.1, 3600, settings.EchoAfterNs / 1e9)),
            LongestSearchNs = (long)(1e9 * Number(
                environment, "EPICS_CA_MAX_SEARCH_PERIOD", 0.1, 86_400, settings.LongestSearchNs / 1e9)),
        };
    }
}
