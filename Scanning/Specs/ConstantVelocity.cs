namespace Flyscan.Scanning.Specs;

/// <summary>Gives flown frames of the fastest dimension the duration that their way takes at a velocity.</summary>
/// <remarks>
/// The way is that of Axis from bound to bound; without one, the straight line over all axes of the dimension.
/// <b>Units</b> Velocity: position per second.
/// </remarks>
public sealed record ConstantVelocity(double Velocity, Spec Spec, string? Axis = null) : Spec;
