using Flyscan.Scanning.Specs;

namespace Flyscan.Scanning.Planning;

/// <summary>The hash of a plan: over all of the request that decides what hardware does, and the beamline's description.</summary>
/// <remarks>Who ran it, on which sample, where the data go and what is done about bad frames do not change it.</remarks>
internal static class PlanHash
{
    public static string Of(ScanRequest request, BeamlineDescription beamline)
    {
        using var digest = new CanonicalDigest();
        digest.Add("plan/2").Add(SpecJson.Write(request.Spec)).Add((long)request.Detectors.Count);
        foreach (var detector in request.Detectors)
            digest.Add(detector);
        digest.Add(request.ExposureNs).Add(request.ExposurePlacement.ToString())
            .Add(request.WindowTrigger.ToString()).Add(request.FrameTrigger.ToString())
            .Add(request.InnerDimensions).Add(request.Shutter?.ToString());
        // Younger members: without them plans keep the hash they always had.
        if (request.VelocitySteps != VelocitySteps.Report)
            digest.Add("steps").Add(request.VelocitySteps.ToString());
        if (request.LongTables != LongTables.Auto)
            digest.Add("tables").Add(request.LongTables.ToString());
        if (request.FrameTrigger == FrameTrigger.Detector)
            AddLeaders(digest, beamline);
        foreach (var rated in request.Rates)
            digest.Add(rated.Detector).Add(rated.Rate.ToString());
        AddBeamline(digest, beamline);
        return digest.Hex();
    }

    private static void AddLeaders(CanonicalDigest digest, BeamlineDescription beamline)
    {
        foreach (var detector in beamline.Box.FollowsDetectors)
            digest.Add("follows").Add(detector);
        foreach (var detector in beamline.Detectors)
            if (detector.FreeRun is { } freeRun)
                digest.Add("free-run").Add(detector.Name).Add((long)freeRun.ClockErrorPpm).Add(freeRun.StartNs);
    }

    private static void AddBeamline(CanonicalDigest digest, BeamlineDescription beamline)
    {
        digest.Add(beamline.Name).Add((long)beamline.Axes.Count);
        foreach (var axis in beamline.Axes)
        {
            digest.Add(axis.Name).Add(axis.Unit).Add(axis.Low).Add(axis.High).Add(axis.MaxVelocity).Add(axis.MaxAcceleration);
            digest.Add(axis.MaxJerk);
            digest.Add(axis.Controller).Add(axis.SettleNs).Add(axis.Encoder is not null);
            if (axis.Encoder is { } encoder)
                digest.Add(encoder.Input).Add(encoder.Scale).Add(encoder.Offset).Add(encoder.Tolerance);
        }
        digest.Add((long)beamline.Controllers.Count);
        foreach (var controller in beamline.Controllers)
        {
            digest.Add(controller.Name).Add(controller.MinSegmentNs).Add(controller.MaxSegmentNs).Add((long)controller.MaxPoints);
            digest.Add((long)controller.Axes.Count);
            foreach (var axis in controller.Axes)
                digest.Add(axis);
            // Controllers that run programmes keep the hash they always had.
            if (controller.ConstantVelocityOnly)
                digest.Add("constant-velocity");
        }
        var box = beamline.Box;
        digest.Add(box.Name).Add(box.TickNs).Add((long)box.TableRows).Add((long)box.MaxRepeats).Add(box.HasLiveInput).Add(box.HasGate);
        // Boxes that take any window keep the hash they always had.
        var plain = new TriggerBoxDescription(box.Name, box.TickNs, box.TableRows, box.MaxRepeats, box.HasLiveInput)
        {
            HasGate = box.HasGate,
            Streaming = box.Streaming,
            FollowsDetectors = box.FollowsDetectors,
        };
        if (box != plain)
            digest.Add("windows/1").Add(box.EqualFramesOnly).Add(box.ComparesPosition).Add((long)box.MaxWindows).Add(box.MaxFrames)
                .Add(box.LeastLowNs).Add(box.MinPeriodNs);
        if (box.Streaming is { } streaming)
            digest.Add("streaming/1").Add((long)streaming.PieceRows).Add((long)streaming.PiecesQueued).Add(streaming.RowsPerSecond)
                .Add(streaming.LatencyNs).Add(streaming.MostRows);
        digest.Add((long)beamline.Detectors.Count);
        foreach (var detector in beamline.Detectors)
        {
            digest.Add(detector.Name).Add(detector.Kind.ToString()).Add(detector.MinExposureNs).Add(detector.MaxExposureNs);
            digest.Add(detector.DeadTimeNs).Add(detector.MinPeriodNs).Add(detector.BytesPerFrame).Add(detector.MaxFrames);
            digest.Add(detector.Essential);
        }
        digest.Add(beamline.Shutter is not null).Add(beamline.Shutter?.Name).Add(beamline.Shutter?.LeadNs ?? 0).Add(beamline.BeamSignal);
    }
}
