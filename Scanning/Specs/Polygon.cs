using Flyscan.Scanning.Units;

namespace Flyscan.Scanning.Specs;

/// <summary>The points of a grid that lie in a polygon by the even-odd rule, as one dimension.</summary>
/// <remarks>
/// Left and bottom edges are inside, right and top ones outside. Snake runs every other row in reverse; Vertical makes y
/// the fast axis.
/// </remarks>
public sealed record Polygon(
    string XAxis,
    string YAxis,
    EquatableArray<Vertex> Vertices,
    double XStep,
    double YStep,
    bool Snake = false,
    bool Vertical = false) : Spec;

/// <summary>A corner of a <see cref="Polygon"/>.</summary>
public readonly record struct Vertex(double X, double Y);
