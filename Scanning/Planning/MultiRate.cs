using Flyscan.Scanning.Triggering;
using Flyscan.Scanning.Units;

namespace Flyscan.Scanning.Planning;

/// <summary>Detectors at another rate than the frames': proved, and given outputs of their own.</summary>
/// <remarks>
/// All exposures leave the longest dead time of all detectors free in their own period, and begin as much after their frame's start:
/// so one exposure is centred in a part of a frame, in a frame, or in a group of frames alike.
/// </remarks>
internal static class MultiRate
{
    /// <summary>Detectors that take a frame for each of the scan.</summary>
    public static List<DetectorDescription> AtBase(List<DetectorDescription> detectors, ScanRequest request) =>
        [.. detectors.Where(d => RateOf(d.Name, request).IsBase)];

    public static DetectorRate RateOf(string detector, ScanRequest request) =>
        request.Rates.FirstOrDefault(r => r.Detector == detector)?.Rate ?? DetectorRate.Base;

    /// <summary>Frames of the scan after which all detectors are in step again.</summary>
    public static int GroupOf(ScanRequest request) => (int)Math.Min(int.MaxValue, new DetectorRates(request.Rates).Group);

    /// <summary>The further outputs; with problems added, what they hold means nothing.</summary>
    public static EquatableArray<FurtherOutput> Of(
        ScanRequest request, List<DetectorDescription> detectors, TriggerBoxDescription box,
        (DurationSurvey Durations, ExposureRule Rule) timing, List<PlanProblem> problems)
    {
        var outputs = new List<FurtherOutput>();
        foreach (var (name, rate) in request.Rates)
        {
            var detector = detectors.Find(d => d.Name == name);
            if (detector is null)
                problems.Add(new PlanProblem(
                    "a rate is given for a detector that the request does not use", $"detector {name}, rates", $"{rate}",
                    string.Join(", ", request.Detectors), "Name it in detectors too, or leave it out of rates."));
            else if (!rate.IsBase && MayHave(detector, rate, request, box, problems)
                && Timed(detector, rate, timing, problems) is { } output)
                outputs.Add(output);
        }
        return outputs.ToEquatableArray();
    }

    private static bool MayHave(
        DetectorDescription detector, DetectorRate rate, ScanRequest request, TriggerBoxDescription box, List<PlanProblem> problems)
    {
        var at = $"detector {detector.Name}, rates";
        PlanProblem? problem = null;
        if (detector.Kind == DetectorKind.Captured)
            problem = new(
                $"box {box.Name} reads the detector once a frame", at, $"{rate}", "1", "Leave it out of rates.");
        else if (!box.OwnOutputs.Contains(detector.Name))
            problem = new(
                "the detector has no output of its own at the trigger box", at, $"{rate}", "1",
                $"Wire it to an output of its own, and say so in outputs.{detector.Name} of {box.Name} in the beamline file.");
        else if (request.ExposureNs is not null)
            problem = new(
                "an exposure for all cannot be given where detectors have rates of their own", "exposure",
                Show.Time(request.ExposureNs.Value), "none", "Leave exposure out: each is then as long as dead times allow.");
        if (problem is not null)
            problems.Add(problem);
        return problem is null;
    }

    private static FurtherOutput? Timed(
        DetectorDescription detector, DetectorRate rate, (DurationSurvey Durations, ExposureRule Rule) timing, List<PlanProblem> problems)
    {
        var (durations, rule) = timing;
        var at = $"detector {detector.Name}, rates";
        var frameNs = durations.ShortestNs;
        if (frameNs != durations.LongestNs)
        {
            problems.Add(new PlanProblem(
                "detectors with rates of their own need frames of one duration", at,
                $"{Show.Time(frameNs)} to {Show.Time(durations.LongestNs)}",
                "one duration", "Give all frames the same duration, or leave the detector out of rates."));
            return null;
        }
        if (frameNs % (rate.Multiple * rule.TickNs) != 0)
        {
            var step = rate.Multiple * rule.TickNs;
            problems.Add(new PlanProblem(
                $"a frame has no {rate.Multiple} equal parts in ticks of the trigger box", at, Show.Time(frameNs),
                $"a multiple of {step} ns", $"Make frames {frameNs / step * step} or {(frameNs / step + 1) * step} ns long."));
            return null;
        }
        var periodNs = frameNs * rate.Divide / rate.Multiple;
        var exposureNs = (periodNs - rule.DeadTimeNs) / rule.TickNs * rule.TickNs;
        if (periodNs < detector.MinPeriodNs || exposureNs < Math.Max(rule.TickNs, detector.MinExposureNs))
        {
            var leastNs = Math.Max(detector.MinPeriodNs, Math.Max(rule.TickNs, detector.MinExposureNs) + rule.DeadTimeNs);
            problems.Add(new PlanProblem(
                $"at {rate} times the base rate frames come faster than detector {detector.Name} takes them", at, Show.Time(periodNs),
                $"at least {Show.Time(leastNs)} a frame of it", "Make the frames longer, or its rate lower."));
        }
        else if (exposureNs > detector.MaxExposureNs)
            problems.Add(new PlanProblem(
                $"the exposure is too long for detector {detector.Name}", at, Show.Time(exposureNs),
                $"at most {Show.Time(detector.MaxExposureNs)}", "Make the frames shorter, or its rate higher."));
        return new FurtherOutput(detector.Name, rate, exposureNs, periodNs);
    }
}
