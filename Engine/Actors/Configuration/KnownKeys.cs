namespace Akka.Configuration;

/// <summary>The engine's defaults, and the keys under <c>akka</c> that it takes.</summary>
internal static class KnownKeys
{
    internal static readonly Config Reference = ConfigurationFactory.ParseString(
        """
        akka {
          loglevel = INFO
          stdout-loglevel = OFF
          loggers = []
          logger-startup-timeout = 5s
          actor {
            ask-timeout = infinite
            default-dispatcher { throughput = 30 }
          }
          coordinated-shutdown {
            default-phase-timeout = 5s
            terminate-actor-system = on
            run-by-actor-system-terminate = on
            phases {
              before-service-unbind { }
              service-unbind { depends-on = [before-service-unbind] }
              service-requests-done { depends-on = [service-unbind] }
              service-stop { depends-on = [service-requests-done] }
              before-cluster-shutdown { depends-on = [service-stop] }
              cluster-sharding-shutdown-region { timeout = 10s, depends-on = [before-cluster-shutdown] }
              cluster-leave { depends-on = [cluster-sharding-shutdown-region] }
              cluster-exiting { timeout = 10s, depends-on = [cluster-leave] }
              cluster-exiting-done { depends-on = [cluster-exiting] }
              cluster-shutdown { depends-on = [cluster-exiting-done] }
              before-actor-system-terminate { depends-on = [cluster-shutdown] }
              actor-system-terminate { timeout = 10s, depends-on = [before-actor-system-terminate] }
            }
          }
          persistence {
            journal { plugin = "akka.persistence.journal.inmem" }
            snapshot-store { plugin = "" }
          }
        }
        """);

    // A key of Akka.NET that this engine takes and has no use for stands here too, so that one file serves both engines.
    private static readonly string[] Known =
    [
        "akka.version", "akka.home", "akka.loggers", "akka.loglevel", "akka.stdout-loglevel", "akka.logger-startup-timeout",
        "akka.logger-async-start", "akka.logger-formatter", "akka.log-config-on-start", "akka.log-dead-letters",
        "akka.log-dead-letters-during-shutdown", "akka.log-dead-letters-suspend-duration", "akka.suppress-json-serializer-warning",
        "akka.log-serializer-override-on-start", "akka.loggers-dispatcher", "akka.extensions",
        "akka.actor.provider", "akka.actor.ask-timeout", "akka.actor.creation-timeout", "akka.actor.debug.*",
        "akka.actor.default-dispatcher.*", "akka.actor.internal-dispatcher.*", "akka.actor.serializers.*",
        "akka.actor.serialization-bindings.*", "akka.actor.serialization-identifiers.*", "akka.actor.serialization-settings.*",
        "akka.actor.serialize-messages", "akka.actor.serialize-creators", "akka.actor.guardian-supervisor-strategy",
        "akka.actor.unstarted-push-timeout", "akka.scheduler.*", "akka.coordinated-shutdown.*",
        "akka.persistence.journal.plugin", "akka.persistence.journal.inmem.*", "akka.persistence.journal.sql.*",
        "akka.persistence.journal.auto-start-journals", "akka.persistence.snapshot-store.plugin",
        "akka.persistence.snapshot-store.inmem.*", "akka.persistence.snapshot-store.sql.*", "akka.persistence.snapshot-store.local.*",
        "akka.persistence.snapshot-store.auto-start-snapshot-stores", "akka.persistence.query.*",
        "akka.persistence.max-concurrent-recoveries", "akka.persistence.dispatchers.*", "akka.persistence.journal-plugin-fallback.*",
        "akka.persistence.snapshot-store-plugin-fallback.*", "akka.persistence.internal-stash-overflow-strategy",
        "akka.persistence.view.*", "akka.persistence.at-least-once-delivery.*", "akka.test.*",
    ];

    internal static void Check(Config config)
    {
        if (config.GetConfig("akka") is not { } akka)
            return;
        foreach (var path in Leaves((ConfigValue.Tree)config.Find("akka")!, "akka"))
        {
            if (!Known.Any(known => Covers(known, path)))
                throw new ConfigurationException(
                    $"{path} is not a key of the embedded actor engine. Remove it, or run with ActorEngine=akka where it belongs to "
                    + "clusters, remoting or another plugin. Near it: " + string.Join(", ", Near(path)));
        }
    }

    private static IEnumerable<string> Leaves(ConfigValue.Tree tree, string path)
    {
        foreach (var key in tree.Keys)
        {
            if (tree.Get(key) is not ConfigValue.Tree below)
                yield return $"{path}.{key}";
            else
                foreach (var leaf in Leaves(below, $"{path}.{key}"))
                    yield return leaf;
        }
    }

    private static bool Covers(string known, string path) =>
        known.EndsWith(".*", StringComparison.Ordinal) ? path.StartsWith(known[..^1], StringComparison.Ordinal) : known == path;

    private static IEnumerable<string> Near(string path)
    {
        for (var parent = path; parent.Contains('.');)
        {
            parent = parent[..parent.LastIndexOf('.')];
            var near = Known.Where(known => known.StartsWith(parent + ".", StringComparison.Ordinal)).ToArray();
            if (near.Length > 0)
                return near;
        }

        return [];
    }
}
