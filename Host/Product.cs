using System.Reflection;

namespace Flyscan.Host;

/// <summary>What this program calls itself.</summary>
internal static class Product
{
    /// <summary>The version as built.</summary>
    public static string Version { get; } =
        typeof(Product).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0";
}
