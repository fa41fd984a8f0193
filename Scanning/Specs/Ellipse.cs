namespace Flyscan.Scanning.Specs;

/// <summary>The points of a grid that lie in an ellipse, its edge included, as one dimension.</summary>
/// <remarks>Snake runs every other row in reverse; Vertical makes y the fast axis.</remarks>
public sealed record Ellipse(
    string XAxis,
    double XCentre,
    double XDiameter,
    double XStep,
    string YAxis,
    double YCentre,
    double YDiameter,
    double YStep,
    bool Snake = false,
    bool Vertical = false) : Spec;
