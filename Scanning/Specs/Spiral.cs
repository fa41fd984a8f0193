namespace Flyscan.Scanning.Specs;

/// <summary>An Archimedean spiral from the centre outwards, its points evenly spread over the area.</summary>
public sealed record Spiral(
    string XAxis, double XCentre, double XDiameter, double XStep, string YAxis, double YCentre, double YDiameter) : Spec;
