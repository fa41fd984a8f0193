namespace Flyscan.Scanning.Specs;

/// <summary>A whole number as one side of a <see cref="Product"/>: repeats without an axis of their own.</summary>
/// <remarks>Stands nowhere else, and is written in JSON as the bare number.</remarks>
public sealed record Repeat(long Num) : Spec;
