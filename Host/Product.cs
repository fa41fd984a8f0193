using System.Reflection;

namespace Flyscan.Host;

/// <summary>What this program calls itself.</summary>
internal static class Product
{
    /// <summary>The version as built.</summary>
    public static string Version { get; } =
        typeof(Product).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0";

    /// <summary>The actor engine that was built in: <c>embedded</c> or <c>akka</c>.</summary>
    public static string Engine { get; } =
        typeof(Akka.Actor.ActorSystem).Assembly.GetName().Name == "Akka" ? "akka" : "embedded";
}
