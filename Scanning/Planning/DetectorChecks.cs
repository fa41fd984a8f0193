using Flyscan.Scanning.Triggering;

namespace Flyscan.Scanning.Planning;

/// <summary>The detectors of a request against its frames.</summary>
internal static class DetectorChecks
{
    /// <summary>The detectors that the request names, in its order.</summary>
    public static List<DetectorDescription> Find(ScanRequest request, BeamlineDescription beamline, List<PlanProblem> problems)
    {
        var found = new List<DetectorDescription>();
        foreach (var name in request.Detectors)
        {
            var detector = beamline.Detectors.FirstOrDefault(d => d.Name == name);
            if (detector is null)
                problems.Add(InnerBoundary.Unknown("detector", name, beamline.Name, beamline.Detectors.Select(d => d.Name)));
            else if (found.Contains(detector))
                problems.Add(new PlanProblem("the detector is named twice", $"detector {name}", "2 times", "once", "Name it once."));
            else
                found.Add(detector);
            if (detector is { Identity: FrameIdentity.ExposureOutCounted } && !beamline.Box.CountsExposuresOf.Contains(name))
                problems.Add(new PlanProblem(
                    $"nothing counts the exposures that frames of {name} are to be known by", $"detector {name}, identity",
                    "exposure-out-counted", "an input of the trigger box",
                    $"Wire its exposure output to {beamline.Box.Name} and say so there in exposure-out.{name}, or give it another "
                    + "identity."));
        }
        return found;
    }

    /// <summary>Times of each detector against the shortest and longest frame.</summary>
    public static void Timing(
        List<DetectorDescription> detectors, ScanRequest request, DurationSurvey durations, ExposureRule rule, List<PlanProblem> problems)
    {
        if (request.ExposureNs <= 0)
        {
            problems.Add(new PlanProblem(
                "an exposure must be longer than nothing", "exposure", Show.Time(request.ExposureNs.Value), "more than 0 s",
                "Give a longer exposure, or none: then it is as long as dead times allow."));
            return;
        }
        foreach (var detector in detectors)
        {
            Room(detector, durations, rule, problems);
            Exposure(detector, durations, rule, problems);
            if (durations.ShortestNs < detector.MinPeriodNs)
                problems.Add(new PlanProblem(
                    $"frames come faster than detector {detector.Name} takes them",
                    $"detector {detector.Name}, frame {durations.ShortestFrame}", Show.Time(durations.ShortestNs),
                    $"at least {Show.Time(detector.MinPeriodNs)} a frame", "Make the frames longer."));
        }
        if (detectors.Count == 0 && rule.Of(durations.ShortestNs) > durations.ShortestNs)
            problems.Add(new PlanProblem(
                "the exposure does not fit into the frame", $"frame {durations.ShortestFrame}", Show.Time(rule.Of(durations.ShortestNs)),
                $"at most {Show.Time(durations.ShortestNs)}", "Make the frames longer or the exposure shorter."));
    }

    /// <summary>Times of the box itself against the shortest frame.</summary>
    public static void BoxTiming(TriggerBoxDescription box, DurationSurvey durations, ExposureRule rule, List<PlanProblem> problems)
    {
        if (durations.ShortestNs < box.MinPeriodNs)
            problems.Add(new PlanProblem(
                $"frames come faster than trigger box {box.Name} captures them", $"frame {durations.ShortestFrame}",
                Show.Time(durations.ShortestNs), $"at least {Show.Time(box.MinPeriodNs)} a frame", "Make the frames longer."));
        var low = durations.ShortestNs - rule.Of(durations.ShortestNs);
        if (low < box.LeastLowNs && low >= 0)
            problems.Add(new PlanProblem(
                $"the exposures leave trigger box {box.Name} no time between them", $"frame {durations.ShortestFrame}", Show.Time(low),
                $"at least {Show.Time(box.LeastLowNs)}", "Make the frames longer or the exposure shorter."));
    }

    /// <summary>Frames against what each detector can be armed for; bytes against the disk.</summary>
    public static void Size(
        List<DetectorDescription> detectors, ScanRequest request, long frames, long? freeBytes, List<PlanProblem> problems)
    {
        foreach (var detector in detectors)
            if (MultiRate.RateOf(detector.Name, request).Of(frames) is var taken && taken > detector.MaxFrames)
                problems.Add(new PlanProblem(
                    $"detector {detector.Name} cannot be armed for so many frames", $"detector {detector.Name}", $"{taken} frames",
                    $"at most {detector.MaxFrames} frames", "Split the scan, or raise the detector's max-frames if it can take more."));
        var bytes = Bytes(detectors, request, frames);
        if (freeBytes is { } free && bytes > free)
            problems.Add(new PlanProblem(
                "the data do not fit on the disk", "disk", Show.Bytes(bytes), $"{Show.Bytes(free)} free",
                "Make room, choose another data folder, or take fewer frames or detectors."));
    }

    /// <summary>Bytes on disk of that many frames.</summary>
    public static Int128 Bytes(List<DetectorDescription> detectors, ScanRequest request, long frames)
    {
        Int128 bytes = 0;
        foreach (var detector in detectors)
            bytes += (Int128)detector.BytesPerFrame * MultiRate.RateOf(detector.Name, request).Of(frames);
        return bytes;
    }

    private static void Room(DetectorDescription detector, DurationSurvey durations, ExposureRule rule, List<PlanProblem> problems)
    {
        var exposure = rule.Of(durations.ShortestNs);
        if (exposure + detector.DeadTimeNs + rule.SlackNs(durations.ShortestNs) <= durations.ShortestNs && exposure > 0)
            return;
        problems.Add(new PlanProblem(
            $"exposure and dead time of detector {detector.Name} do not fit into the frame",
            $"detector {detector.Name}, frame {durations.ShortestFrame}",
            (rule.AskedNs is null ? "" : $"{Show.Time(exposure)} + ") + $"dead time {Show.Time(detector.DeadTimeNs)}",
            $"together at most {Show.Time(durations.ShortestNs - rule.SlackNs(durations.ShortestNs))}",
            rule.AskedNs is null ? "Make the frames longer." : "Make the frames longer or the exposure shorter."));
    }

    private static void Exposure(DetectorDescription detector, DurationSurvey durations, ExposureRule rule, List<PlanProblem> problems)
    {
        var (least, most) = (rule.Of(durations.ShortestNs), rule.Of(durations.LongestNs));
        var room = least > 0;
        if (room && least < detector.MinExposureNs)
            problems.Add(new PlanProblem(
                $"the exposure is too short for detector {detector.Name}", $"detector {detector.Name}, frame {durations.ShortestFrame}",
                Show.Time(least), $"at least {Show.Time(detector.MinExposureNs)}", "Make the frames, or the exposure, longer."));
        if (most > detector.MaxExposureNs)
            problems.Add(new PlanProblem(
                $"the exposure is too long for detector {detector.Name}", $"detector {detector.Name}, frame {durations.LongestFrame}",
                Show.Time(most), $"at most {Show.Time(detector.MaxExposureNs)}",
                "Give a shorter exposure in the request, or shorter frames."));
    }
}
