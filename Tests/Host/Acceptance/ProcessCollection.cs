using Xunit;

namespace Flyscan.Tests.Host.Acceptance;

/// <summary>Tests that run whole processes: one after another, beside those that kill them.</summary>
[CollectionDefinition(Name)]
public sealed class ProcessCollection
{
    public const string Name = "flyscan processes";
}

/// <summary>Tests that kill whole processes: one after another.</summary>
[CollectionDefinition(Name)]
public sealed class KillCollection
{
    public const string Name = "flyscan processes that are killed";
}
