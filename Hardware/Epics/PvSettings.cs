using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Epics.ChannelAccess;
using Flyscan.Hardware.Epics.PvAccess;

namespace Flyscan.Hardware.Epics;

/// <summary>How process variables are found and kept, by transport.</summary>
public sealed record PvSettings(CaSettings ChannelAccess, PvaSettings PvAccess)
{
    /// <summary>Settings of a file's <c>epics</c> section, and of its <c>pva</c> section, over those of the environment.</summary>
    /// <param name="section">Null where the file has none.</param>
    /// <param name="environment">Reads a variable; null where it is not set.</param>
    /// <remarks><b>Errors</b> <see cref="SettingsException"/> with path or variable, value and what is allowed.</remarks>
    public static PvSettings Read(ISettings? section, Func<string, string?> environment) => new(
        CaSettings.Read(section, environment),
        PvaSettings.Read(section?.Has("pva") == true ? section.Section("pva") : null, environment));

    /// <summary>Who is said to ask.</summary>
    public PvSettings As(string user, string host) =>
        new(ChannelAccess with { User = user, Host = host }, PvAccess with { User = user, Host = host });
}
