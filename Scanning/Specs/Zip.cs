namespace Flyscan.Scanning.Specs;

/// <summary>Moves Left and Right together, frame by frame.</summary>
/// <remarks>Dimensions pair up from the fastest; a Right of one frame in all is repeated along Left's fastest dimension.</remarks>
public sealed record Zip(Spec Left, Spec Right) : Spec;
