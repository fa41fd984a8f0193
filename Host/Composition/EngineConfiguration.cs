using System.Data.Common;
using Flyscan.Hardware.Contracts;
using Flyscan.Hocon;

namespace Flyscan.Host.Composition;

/// <summary>What the actor engine is given: <c>akka.hocon</c> with the engine's class names, everything resolved.</summary>
public static class EngineConfiguration
{
    /// <summary>The key that says where the journal is; <c>akka.hocon</c> refers to it.</summary>
    public const string JournalKey = "flyscan.journal.connection-string";

    /// <summary>Engine file below root file below overrides, resolved into text without substitutions or includes.</summary>
    /// <remarks>
    /// Overrides: dotted path → text. The text keeps only <c>akka</c>: the engine reads nothing else.
    /// <b>Errors</b> <see cref="HoconException"/> with file, line and column.
    /// </remarks>
    public static string Resolve(string rootHocon, string engineHocon, IReadOnlyDictionary<string, string> overrides) =>
        Resolve(new HoconSource("akka.hocon", rootHocon), new HoconSource("engine.hocon", engineHocon), overrides, HoconOptions.Default);

    /// <summary>As <see cref="Resolve(string, string, IReadOnlyDictionary{string, string})"/>, from <c>akka.hocon</c> and
    /// <c>engine.hocon</c> in a folder, with includes and the environment.</summary>
    /// <remarks><b>Errors</b> <see cref="SettingsException"/> with file, line and column.</remarks>
    public static string ResolveFolder(string folder, IReadOnlyDictionary<string, string> overrides)
    {
        var root = ConfigurationFiles.Read(Path.Combine(folder, "akka.hocon"));
        var engine = ConfigurationFiles.Read(Path.Combine(folder, "engine.hocon"));
        try
        {
            return Resolve(root, engine, overrides, ConfigurationFiles.Options);
        }
        catch (HoconException e)
        {
            throw new SettingsException(e.Message);
        }
    }

    /// <summary>Overrides for a journal in a SQLite file.</summary>
    public static IReadOnlyDictionary<string, string> JournalIn(string databaseFile) => new Dictionary<string, string>
    {
        [JournalKey] = new DbConnectionStringBuilder { ["Data Source"] = databaseFile }.ConnectionString,
    };

    private static string Resolve(
        HoconSource root, HoconSource engine, IReadOnlyDictionary<string, string> overrides, HoconOptions options)
    {
        var set = overrides.OrderBy(o => o.Key, StringComparer.Ordinal).Select(o => new HoconSource($"override of {o.Key}", Assignment(o)));
        var resolved = HoconConfiguration.Parse([engine, root, .. set], options);
        return HoconRenderer.Render(new HoconObject(resolved.Origin, [.. resolved.Fields.Where(f => f.Key == "akka")]));
    }

    private static string Assignment(KeyValuePair<string, string> set)
    {
        var origin = new HoconOrigin("override", 0, 0);
        return HoconPath.Render(HoconPath.Parse(set.Key)) + " = " + new HoconText(origin, set.Value);
    }
}
