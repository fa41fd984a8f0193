using System.Globalization;
using Flyscan.Hardware.Contracts;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Epics;

/// <summary>How a client of any transport finds and keeps its servers.</summary>
/// <remarks>Addresses, NameServers: host or host:port. <b>Units</b> EchoAfterNs, EchoWithinNs: when an echo is asked for, and how long it
/// may take. LargestMessage: bytes.</remarks>
public abstract record PvTransportSettings
{
    private protected const long Second = 1_000_000_000;

    private protected PvTransportSettings() { }

    /// <summary>Where searches go. Empty and not automatic: only this machine.</summary>
    public EquatableArray<string> Addresses { get; init; }

    /// <summary>Searches go to the broadcast address of every network as well.</summary>
    public bool AutoAddresses { get; init; }

    public EquatableArray<string> NameServers { get; init; }

    /// <summary>Port of servers whose address has none.</summary>
    public int ServerPort { get; init; }

    public long EchoAfterNs { get; init; } = 5 * Second;

    public long EchoWithinNs { get; init; } = 5 * Second;

    public long LongestSearchNs { get; init; }

    public int LargestMessage { get; init; } = 256 * 1024 * 1024;

    public string User { get; init; } = "flyscan";

    public string Host { get; init; } = "localhost";

    internal SearchPace Pace => new() { LongestNs = LongestSearchNs };

    /// <summary>These settings with what a file's section says over them.</summary>
    private protected static T Over<T>(T settings, ISettings section)
        where T : PvTransportSettings
    {
        return settings with
        {
            Addresses = Texts("addresses", settings.Addresses),
            // A list of one's own is the whole list, unless the file says otherwise.
            AutoAddresses = section.Flag("auto-addresses", !section.Has("addresses") && settings.AutoAddresses),
            NameServers = Texts("name-servers", settings.NameServers),
            ServerPort = (int)section.Integer("server-port", 1, 65535, settings.ServerPort),
            EchoAfterNs = section.DurationNs("echo-after", Second / 10, 3600 * Second, settings.EchoAfterNs),
            EchoWithinNs = section.DurationNs("echo-within", Second / 10, 3600 * Second, settings.EchoWithinNs),
            LongestSearchNs = section.DurationNs("longest-search", Second / 10, 86_400 * Second, settings.LongestSearchNs),
            LargestMessage = (int)section.Bytes("largest-message", 16 * 1024, int.MaxValue, settings.LargestMessage),
        };

        EquatableArray<string> Texts(string key, EquatableArray<string> otherwise) =>
            section.Has(key) ? section.Texts(key).ToEquatableArray() : otherwise;
    }

    /// <summary>These settings with what variables say that every transport has under a prefix of its own.</summary>
    private protected static T Over<T>(T settings, string prefix, Func<string, string?> environment)
        where T : PvTransportSettings
    {
        var listed = Words(environment($"{prefix}ADDR_LIST"));
        var automatic = environment($"{prefix}AUTO_ADDR_LIST");
        return settings with
        {
            Addresses = listed,
            // EPICS broadcasts unless told otherwise; here only who has set EPICS up at all is taken to want that.
            AutoAddresses = automatic is null ? listed.Count > 0 : !automatic.Equals("NO", StringComparison.OrdinalIgnoreCase),
            NameServers = Words(environment($"{prefix}NAME_SERVERS")),
            ServerPort = (int)Number(environment, $"{prefix}SERVER_PORT", 1, 65535, settings.ServerPort),
        };
    }

    private protected static double Number(
        Func<string, string?> environment, string name, double least, double greatest, double otherwise)
    {
        if (environment(name) is not { Length: > 0 } text)
            return otherwise;
        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value >= least && value <= greatest
            ? value
            : throw new SettingsException(
                $"the environment variable {name} = {text}: it must be a number from {least:G6} to {greatest:G6}");
    }

    private static EquatableArray<string> Words(string? text) =>
        (text ?? "").Split([' ', '\t', ','], StringSplitOptions.RemoveEmptyEntries).ToEquatableArray();
}
