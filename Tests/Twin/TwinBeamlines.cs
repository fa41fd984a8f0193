using Akka.Configuration;
using Flyscan.Host.Composition;

namespace Flyscan.Twin;

/// <summary>The beamlines that seeds are played on, and the engine's settings, each read once.</summary>
internal static class TwinBeamlines
{
    private const string Wire = """

        akka.actor.serializers.twin-wire = "Flyscan.Twin.WireSerializer, Flyscan.Twin"
        akka.actor.serialization-bindings {
          "Flyscan.Actors.Remote.ChannelFrame, Flyscan.Actors" = twin-wire
          "Flyscan.Actors.Remote.ChannelUnknown, Flyscan.Actors" = twin-wire
        }
        """;

    private static readonly Lazy<Config> LazyEngine = new(LoadEngine);

    private static readonly Dictionary<string, Lazy<LoadedBeamline>> Files = new[]
    {
        "twin", "twin-stamps", "twin-counts", "twin-rates", "twin-rates-stamps", "twin-rates-counts",
        "twin-counter", "twin-rates-counter",
    }.ToDictionary(name => name, name => new Lazy<LoadedBeamline>(() => Load(name + ".hocon")), StringComparer.Ordinal);

    public static Config Engine => LazyEngine.Value;

    /// <summary>The beamline that these faults are about.</summary>
    public static LoadedBeamline Of(IReadOnlyList<TwinFault> faults)
    {
        var rates = faults.Any(f => f is TwinFault.Rates) ? "-rates" : "";
        var by = faults.OfType<TwinFault.CameraKnownBy>().Select(f => "-" + f.By).FirstOrDefault("");
        return Files["twin" + rates + by].Value;
    }

    private static LoadedBeamline Load(string file) =>
        BeamlineFile.Load(Path.Combine(AppContext.BaseDirectory, file), DeviceCatalogue.OfHardware());

    private static Config LoadEngine()
    {
        var settings = EngineConfiguration.ResolveFolder(AppContext.BaseDirectory, EngineConfiguration.JournalIn("simulated")) + Wire;
        return ConfigurationFactory.ParseString(settings);
    }
}
