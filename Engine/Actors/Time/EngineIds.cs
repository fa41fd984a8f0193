#pragma warning disable RS0030 // The one place of the engine that makes ids.
namespace Flyscan.Engine.Time;

/// <summary>Ids that differ between processes.</summary>
internal static class EngineIds
{
    /// <summary>32 hexadecimal digits, one set per journal instance.</summary>
    internal static string NewWriter() => Guid.NewGuid().ToString("N");
}
