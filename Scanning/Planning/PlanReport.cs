using Flyscan.Scanning.Units;

namespace Flyscan.Scanning.Planning;

/// <summary>What <c>flyscan plan</c> shows of a plan, as data.</summary>
public sealed record PlanReport(
    string Beamline,
    string Hash,
    EquatableArray<PlanReportDimension> Dimensions,
    EquatableArray<PlanReportAxis> Axes,
    EquatableArray<PlanReportDetector> Detectors,
    long InnerLength,
    long OuterCount,
    long ExposureNs,
    PlanEstimate Estimate)
{
    /// <summary>The report of a plan.</summary>
    public static PlanReport Of(ScanPlan plan)
    {
        var path = plan.Path;
        var outer = path.Dimensions.Count - plan.InnerDimensions;
        return new PlanReport(
            plan.Beamline.Name, plan.Hash,
            path.Dimensions
                .Select((d, i) => new PlanReportDimension(d.Length, d.Axes.ToEquatableArray(), d.Snaked, d.HasBounds, i >= outer))
                .ToEquatableArray(),
            path.Axes.Select((name, i) => Axis(plan, name, i)).ToEquatableArray(),
            plan.DetectorsUsed
                .Select(d => new PlanReportDetector(d.Name, d.Kind, d.BytesPerFrame * plan.FramesOf(d), d.Essential))
                .ToEquatableArray(),
            plan.InnerLength, plan.OuterCount, plan.ExposureNs, plan.Estimate);
    }

    private static PlanReportAxis Axis(ScanPlan plan, string name, int column)
    {
        var axis = plan.Beamline.Axes.First(a => a.Name == name);
        var (low, high) = plan.Path.RangeOf(column);
        return new PlanReportAxis(name, axis.Unit, low, high, axis.Low, axis.High, axis.IsSoft || plan.OuterAxes.Contains(name));
    }
}

/// <summary>One dimension, slow to fast. Inner: run by hardware.</summary>
public sealed record PlanReportDimension(long Length, EquatableArray<string> Axes, bool Snaked, bool Flown, bool Inner);

/// <summary>One axis: the range of its frames within its limits.</summary>
/// <remarks><b>Units</b> axis units.</remarks>
public sealed record PlanReportAxis(string Name, string Unit, double Low, double High, double LowLimit, double HighLimit, bool Soft);

/// <summary>One detector and the bytes it will write.</summary>
public sealed record PlanReportDetector(string Name, DetectorKind Kind, long Bytes, bool Essential);
