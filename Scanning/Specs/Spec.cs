namespace Flyscan.Scanning.Specs;

/// <summary>A serialisable scan definition, JSON compatible with scanspec 1.x.</summary>
public abstract record Spec;
