namespace Flyscan.Scanning.Specs;

/// <summary>One axis held at a value for Num frames.</summary>
public sealed record Static(string Axis, double Value, long Num = 1) : Spec;
