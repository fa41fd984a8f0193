namespace Flyscan.Scanning.Specs;

/// <summary>Makes one dimension of all dimensions of its spec.</summary>
/// <remarks>CheckPathChanges refuses a nested squash that would make an axis jump or run backwards where it did not before.</remarks>
public sealed record Squash(Spec Spec, bool CheckPathChanges = true) : Spec;
