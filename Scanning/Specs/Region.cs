using Flyscan.Scanning.Units;

namespace Flyscan.Scanning.Specs;

/// <summary>Where a <see cref="Mask"/> keeps frames. Edges are inside but for a polygon's right and top ones.</summary>
/// <remarks><b>Units</b> angles: degrees. <b>Source</b> scanspec 0.x, <c>scanspec.regions</c>.</remarks>
public abstract record Region
{
    private Region()
    {
    }

    /// <summary>One axis within [Min, Max].</summary>
    public sealed record Range(string Axis, double Min, double Max) : Region;

    /// <summary>A rectangle turned by an angle about its corner (XMin, YMin).</summary>
    public sealed record Rectangle(
        string XAxis, string YAxis, double XMin, double YMin, double XMax, double YMax, double Angle = 0) : Region;

    /// <summary>A polygon by the even-odd rule.</summary>
    public sealed record Polygon(string XAxis, string YAxis, EquatableArray<Vertex> Vertices) : Region;

    public sealed record Circle(string XAxis, string YAxis, double XMiddle, double YMiddle, double Radius) : Region;

    /// <summary>An ellipse turned by an angle about its middle.</summary>
    public sealed record Ellipse(
        string XAxis, string YAxis, double XMiddle, double YMiddle, double XRadius, double YRadius, double Angle = 0) : Region;

    /// <summary>Two regions combined.</summary>
    public sealed record Combination(RegionOperator Operator, Region Left, Region Right) : Region;
}

/// <summary>Which frames of two regions a combination keeps.</summary>
public enum RegionOperator
{
    UnionOf,
    IntersectionOf,
    DifferenceOf,
    SymmetricDifferenceOf,
}
