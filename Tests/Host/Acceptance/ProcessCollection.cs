using Xunit;

namespace Flyscan.Tests.Host.Acceptance;

/// <summary>Tests that run whole processes: one after another.</summary>
[CollectionDefinition(Name)]
public sealed class ProcessCollection
{
    public const string Name = "flyscan processes";
}
