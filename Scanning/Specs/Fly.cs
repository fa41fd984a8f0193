namespace Flyscan.Scanning.Specs;

/// <summary>Moves the fastest dimension of its spec from bound to bound instead of stopping at each midpoint.</summary>
public sealed record Fly(Spec Spec) : Spec;
