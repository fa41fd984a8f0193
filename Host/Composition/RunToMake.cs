using System.Collections.Immutable;
using System.Text;
using Flyscan.Actors.Devices;
using Flyscan.Persistence.Catalogue;
using Flyscan.Persistence.Records;
using Flyscan.Scanning.Planning;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Units;

namespace Flyscan.Host.Composition;

/// <summary>A scan that is proved and has a folder to go to: what every process that runs it derives from request and beamline file
/// alike.</summary>
internal sealed record RunToMake(
    string Uid,
    string DataFolder,
    string RunFolderName,
    LoadedBeamline Beamline,
    string RequestJson,
    ScanPlan Plan,
    RunSetup Setup,
    RunParameters Parameters,
    RunRecordsInput Records)
{
    public bool IsResume { get; init; }

    /// <summary>Bytes free for a folder; null where nobody knows.</summary>
    public Func<string, long?> FreeBytes { get; init; } = _ => null;

    public RunFolder Folder => RunFolder.Of(DataFolder, RunFolderName);

    /// <summary>Names of the devices that take part, beam signals included.</summary>
    public ImmutableSortedSet<string> DevicesNeeded =>
    [
        .. Setup.Devices,
        .. Setup.Suspenders.Select(s => s.Signal),
        .. Beamline.Description.BeamSignal is string beam ? [beam] : Array.Empty<string>(),
    ];

    public static RunToMake Of(string uid, string dataFolder, string runFolderName, LoadedBeamline beamline, ScanPlan plan)
    {
        var request = plan.Request;
        var description = beamline.Description;
        var folder = RunFolder.Of(dataFolder, runFolderName);
        var triggered = plan.DetectorsUsed.Where(d => d.Kind == DetectorKind.Triggered).Select(d => d.Name);
        var inner = description.Axes
            .Where(a => !a.IsSoft && plan.Path.Axes.Contains(a.Name) && !plan.OuterAxes.Contains(a.Name)).ToList();
        var setup = new RunSetup(
            plan,
            description.Box.Name,
            inner.Count > 0 ? inner[0].Controller : null,
            plan.OuterAxes.ToEquatableArray(),
            [description.Box.Name, .. triggered],
            request.Shutter is null ? null : description.Shutter?.Name,
            inner.Where(a => a.Encoder is not null).Select(a => new EncoderCheck(a.Name, a.Encoder!.Tolerance)).ToEquatableArray())
        {
            ShutterPerTake = request.Shutter is ShutterMode.PerWindow or ShutterMode.PerFrame,
            OnBadFrames = request.OnBadFrames,
            Suspenders = beamline.Suspenders,
            CapturedLimits = beamline.CapturedLimits,
            HasGate = description.Box.HasGate,
            TakeOverheadNs = OverheadOf(plan.Estimate),
            WatchesDisk = true,
            StallPatienceNs = beamline.Supervision.StallPatienceNs,
            CommitsAtEnd = request.Commit == CommitMode.AtEnd,
            TellsRecorded = request.Documents == DocumentMode.Eager,
            Rates = request.Rates.Where(r => !r.Rate.IsBase).ToEquatableArray(),
            MaxExposuresPerFrame = request.MaxExposuresPerFrame,
            Identities = plan.DetectorsUsed
                .Where(d => d.Identity != FrameIdentity.HardwareFrameNumber)
                .Select(d => KeyValuePair.Create(d.Name, d.Identity)).ToEquatableArray(),
            StampErrors = plan.DetectorsUsed
                .Where(d => d.StampErrorNs + description.Box.StampErrorNs is not null)
                .Select(d => KeyValuePair.Create(d.Name, (d.StampErrorNs + description.Box.StampErrorNs)!.Value)).ToEquatableArray(),
            MayLack = plan.DetectorsUsed
                .Where(d => d.Kind == DetectorKind.Triggered && !d.Essential).Select(d => d.Name).ToEquatableArray(),
        };
        var requestJson = Encoding.UTF8.GetString(ScanRequestJson.Write(request));
        var parameters = new RunParameters(
            folder.Path, plan.ExposureNs, plan.Frames,
            // What frames are judged by is captured whether the request asks for it or not.
            plan.DetectorsUsed.Select(d => d.Name).Union(beamline.CapturedLimits.Select(l => l.Column)).ToEquatableArray())
        {
            Lease = beamline.Supervision.Lease,
            Outputs = plan.FurtherOutputs,
            FramesBy = plan.FramesBy is { } leader ? (leader, plan.FrameNs) : null,
        };
        return new RunToMake(
            uid, dataFolder, runFolderName, beamline, requestJson, plan, setup, parameters,
            RecordsInput.Of(uid, folder, plan, description) with { BoxRounding = BoxRoundings.Of(beamline, plan).ToEquatableArray() });
    }

    private static long OverheadOf(PlanEstimate cost) =>
        (cost.DeadNs(DeadTimeCause.Arm) + cost.DeadNs(DeadTimeCause.Handover) + cost.DeadNs(DeadTimeCause.RunUp)) / Math.Max(1, cost.Takes);
}
