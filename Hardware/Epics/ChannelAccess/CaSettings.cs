using System.Globalization;
using Flyscan.Hardware.Contracts;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Epics.ChannelAccess;

/// <summary>How a client finds and keeps its servers.</summary>
/// <remarks>Addresses, NameServers: host or host:port. <b>Units</b> EchoAfterNs, EchoWithinNs: silence before an echo is asked for, and
/// how long it may take. LargestMessage: bytes.</remarks>
public sealed record CaSettings
{
    public const int UsualPort = 5064;
    private const long Second = 1_000_000_000;

    /// <summary>Where searches go. Empty and not automatic: only this machine.</summary>
    public EquatableArray<string> Addresses { get; init; }

    /// <summary>Searches go to the broadcast address of every network as well.</summary>
    public bool AutoAddresses { get; init; }

    public EquatableArray<string> NameServers { get; init; }

    public int ServerPort { get; init; } = UsualPort;

    /// <summary>0 to 99; each priority has circuits of its own.</summary>
    public int Priority { get; init; }

    public long EchoAfterNs { get; init; } = 5 * Second;

    public long EchoWithinNs { get; init; } = 5 * Second;

    public long LongestSearchNs { get; init; } = 300 * Second;

    public int LargestMessage { get; init; } = 256 * 1024 * 1024;

    public string User { get; init; } = "flyscan";

    public string Host { get; init; } = "localhost";

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
        return settings with
        {
            Addresses = Texts("addresses", settings.Addresses),
            // A list of one's own is the whole list, unless the file says otherwise.
            AutoAddresses = section.Flag("auto-addresses", !section.Has("addresses") && settings.AutoAddresses),
            NameServers = Texts("name-servers", settings.NameServers),
            ServerPort = (int)section.Integer("server-port", 1, 65535, settings.ServerPort),
            Priority = (int)section.Integer("priority", 0, 99, settings.Priority),
            EchoAfterNs = section.DurationNs("echo-after", Second / 10, 3600 * Second, settings.EchoAfterNs),
            EchoWithinNs = section.DurationNs("echo-within", Second / 10, 3600 * Second, settings.EchoWithinNs),
            LongestSearchNs = section.DurationNs("longest-search", Second / 10, 86_400 * Second, settings.LongestSearchNs),
            LargestMessage = (int)section.Bytes("largest-message", 16 * 1024, int.MaxValue, settings.LargestMessage),
        };

        EquatableArray<string> Texts(string key, EquatableArray<string> otherwise) =>
            section.Has(key) ? section.Texts(key).ToEquatableArray() : otherwise;
    }

    private static CaSettings OfEnvironment(Func<string, string?> environment)
    {
        var settings = new CaSettings();
        var listed = Words(environment("EPICS_CA_ADDR_LIST"));
        var automatic = environment("EPICS_CA_AUTO_ADDR_LIST");
        return settings with
        {
            Addresses = listed,
            // libca broadcasts unless told otherwise; here only who has set EPICS up at all is taken to want that.
            AutoAddresses = automatic is null ? listed.Count > 0 : !automatic.Equals("NO", StringComparison.OrdinalIgnoreCase),
            NameServers = Words(environment("EPICS_CA_NAME_SERVERS")),
            ServerPort = (int)Number(environment, "EPICS_CA_SERVER_PORT", 1, 65535, settings.ServerPort),
            EchoAfterNs = (long)(1e9 * Number(environment, "EPICS_CA_CONN_TMO", 0.1, 3600, settings.EchoAfterNs / 1e9)),
            LongestSearchNs = (long)(1e9 * Number(
                environment, "EPICS_CA_MAX_SEARCH_PERIOD", 0.1, 86_400, settings.LongestSearchNs / 1e9)),
        };
    }

    internal static EquatableArray<string> Words(string? text) =>
        (text ?? "").Split([' ', '\t', ','], StringSplitOptions.RemoveEmptyEntries).ToEquatableArray();

    internal static double Number(Func<string, string?> environment, string name, double least, double greatest, double otherwise)
    {
        if (environment(name) is not { Length: > 0 } text)
            return otherwise;
        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value >= least && value <= greatest
            ? value
            : throw new SettingsException(
                $"the environment variable {name} = {text}: it must be a number from {least:G6} to {greatest:G6}");
    }
}
