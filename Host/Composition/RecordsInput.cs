using System.Globalization;
using System.Text.Json;
using Flyscan.Persistence.Catalogue;
using Flyscan.Persistence.Documents;
using Flyscan.Persistence.Files;
using Flyscan.Persistence.Records;
using Flyscan.Scanning.Planning;
using Flyscan.Scanning.Units;

namespace Flyscan.Host.Composition;

/// <summary>From a plan to what a run's records say of it.</summary>
internal static class RecordsInput
{
    /// <summary>Causes of dead time inside a flight: the journal cannot tell them apart, the plan can.</summary>
    private static readonly DeadTimeCause[] InFlight =
    [
        DeadTimeCause.RunUp, DeadTimeCause.TurnAround, DeadTimeCause.RunDown, DeadTimeCause.Settle, DeadTimeCause.Delay,
        DeadTimeCause.Readout,
    ];

    public static RunRecordsInput Of(string uid, RunFolder folder, ScanPlan plan, BeamlineDescription beamline)
    {
        var request = plan.Request;
        var path = plan.Path;
        var shape = path.Dimensions.Select(d => d.Length).ToEquatableArray();
        var description = new RunDescription(
            uid,
            "flyscan",
            folder.Master,
            plan.Frames,
            shape,
            path.Dimensions.Select(d => new RunDimension(d.Axes.Select(a => AxisOf(plan, beamline, a)).ToEquatableArray()))
                .ToEquatableArray(),
            plan.DetectorsUsed.Select(d => d.Name).ToEquatableArray(),
            plan.InnerLength)
        {
            ScanNumber = request.ScanNumber,
            Visit = request.Visit,
            Operator = request.Operator,
            Sample = request.Sample,
            Mode = request.Documents,
            MetadataJson = request.MetadataJson,
        };
        return new RunRecordsInput(
            folder,
            description,
            new ScanGrid(shape, path.Dimensions.Select(d => d.Snaked).ToEquatableArray()),
            TitleOf(request) ?? $"scan of {string.Join(", ", path.Axes)}",
            SetpointsOf(plan, beamline).ToEquatableArray(),
            MetadataOf(request, plan).ToEquatableArray(),
            plan.Estimate.DeadTimes.Where(d => d.Ns > 0 && InFlight.Contains(d.Cause))
                .Select(d => KeyValuePair.Create(JsonNamingPolicy.SnakeCaseLower.ConvertName(d.Cause.ToString()), d.Ns))
                .ToEquatableArray());
    }

    private static RunAxis AxisOf(ScanPlan plan, BeamlineDescription beamline, string name)
    {
        var axis = beamline.Axes.First(a => a.Name == name);
        var (low, high) = plan.Path.RangeOf(plan.Path.Axes.ToList().IndexOf(name));
        return new RunAxis(name, axis.Unit, low, high, plan.OuterAxes.Contains(name), axis.Encoder is not null);
    }

    /// <summary>Setpoints along each dimension, as the first pass over it visits them.</summary>
    private static IEnumerable<SetpointAxis> SetpointsOf(ScanPlan plan, BeamlineDescription beamline)
    {
        const long MostSetpoints = 1_000_000;
        var path = plan.Path;
        var axes = path.Axes.ToList();
        long stride = 1;
        for (var d = path.Dimensions.Count - 1; d >= 0; d--)
        {
            var dimension = path.Dimensions[d];
            if (dimension.Length <= MostSetpoints)
            {
                foreach (var name in dimension.Axes)
                {
                    var values = new double[dimension.Length];
                    for (long i = 0; i < values.Length; i++)
                        values[i] = path.MidpointOf(axes.IndexOf(name), i * stride);
                    yield return new SetpointAxis(name, d, values.ToEquatableArray(), beamline.Axes.First(a => a.Name == name).Unit);
                }
            }
            stride *= dimension.Length;
        }
    }

    private static IEnumerable<MetadataItem> MetadataOf(ScanRequest request, ScanPlan plan)
    {
        (string Name, string? Value)[] items =
        [
            ("plan_hash", plan.Hash),
            ("visit", request.Visit),
            ("scan_number", request.ScanNumber?.ToString(CultureInfo.InvariantCulture)),
            ("operator", request.Operator),
            ("sample", request.Sample),
            ("metadata", request.MetadataJson),
        ];
        return items.Where(i => i.Value is not null).Select(i => new MetadataItem(i.Name, i.Value!));
    }

    private static string? TitleOf(ScanRequest request)
    {
        if (request.MetadataJson is null)
            return request.Sample;
        using var metadata = JsonDocument.Parse(request.MetadataJson);
        return metadata.RootElement.TryGetProperty("title", out var title) && title.ValueKind == JsonValueKind.String
            ? title.GetString()
            : request.Sample;
    }
}
