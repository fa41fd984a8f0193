namespace Flyscan.Scanning.Specs;

/// <summary>Runs every other pass of its spec in reverse.</summary>
public sealed record Snake(Spec Spec) : Spec;
