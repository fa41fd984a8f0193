using Flyscan.Hardware.Contracts;
using Flyscan.Host.Composition;
using Flyscan.Host.Time;
using Flyscan.Persistence.Catalogue;
using Flyscan.Persistence.Documents;
using Flyscan.Persistence.Journal;
using Flyscan.Scanning.Planning;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Specs;
using Flyscan.Scanning.Units;

namespace Flyscan.Host.Cli;

/// <summary>What the user gave on the command line, for verbs that plan.</summary>
internal sealed record PlanArguments(
    string Request, string Beamline, string DataFolder, string? Detectors, string? Axes, Func<string, long?> FreeBytes);

/// <summary>From files and options to a proved scan. Every error is the user's to read; nothing is moved, nothing written.</summary>
internal static class RunPreparation
{
    private const int LargestRequest = 16 * 1024 * 1024;

    /// <remarks><b>Errors</b> <see cref="RefusedException"/>, <see cref="SettingsException"/>, <see cref="SpecException"/>.</remarks>
    public static LoadedBeamline LoadBeamline(string file)
    {
        if (!File.Exists(file))
            throw new RefusedException($"beamline file {file}: {(Directory.Exists(file) ? "it is a folder" : "there is no such file")}");
        return BeamlineFile.Load(file, DeviceCatalogue.OfHardware());
    }

    public static ScanRequest LoadRequest(PlanArguments arguments, BeamlineDescription beamline)
    {
        var request = ScanRequestJson.Parse(ReadRequest(arguments.Request), arguments.Request);
        request = request with { Spec = ReadFiles(request.Spec, arguments.Request) };
        if (arguments.Axes is string axes)
            request = request with { Spec = SpecAxes.Rename(request.Spec, ParseAxes(axes)) };
        if (arguments.Detectors is string detectors)
            request = request with { Detectors = detectors.Split(',', StringSplitOptions.TrimEntries).ToEquatableArray() };
        else if (request.Detectors.Count == 0)
            request = request with { Detectors = beamline.Detectors.Select(d => d.Name).ToEquatableArray() };
        return request;
    }

    /// <summary>The spec of a request, or of a bare spec's file, with the files of points that it refers to.</summary>
    public static Spec LoadSpec(string file) => ReadFiles(ScanRequestJson.Parse(ReadRequest(file), file).Spec, file);

    /// <summary>The run that the arguments ask for, proved and named; nothing of it is on disk yet.</summary>
    public static RunToMake NewRun(PlanArguments arguments, LoadedBeamline beamline)
    {
        var dataFolder = Path.GetFullPath(arguments.DataFolder);
        CheckCanBeFolder(dataFolder);
        var request = LoadRequest(arguments, beamline.Description);
        var uid = SystemClock.NewUid();
        var template = request.PathTemplate ?? RunFolder.DefaultTemplate;
        var values = new PathValues(uid, request.Visit, request.ScanNumber, request.Operator);
        var name = RefusedException.Unless(PathTemplate.Expand(template, values), $"{arguments.Request}: ");
        var run = RunToMake.Of(uid, dataFolder, name, beamline, Plan(request, beamline, arguments.FreeBytes(dataFolder))) with
        {
            FreeBytes = arguments.FreeBytes,
        };
        if (Directory.Exists(run.Folder.Path))
            throw new RefusedException(
                $"the run's folder {run.Folder.Path} exists already; give a path template that names each run, as with {{uid}}");
        return run;
    }

    /// <summary>The scan that the journal tells of, planned again from its own request; refused where that gives another plan.</summary>
    public static RunToMake ExistingRun(string dataFolder, string uid, LoadedBeamline beamline, Func<string, long?> freeBytes)
    {
        var entries = JournalReader.ReadScan(RunFolder.JournalOf(dataFolder), uid);
        if (entries.Count == 0 || entries[0].Event is not ScanEvent.ScanSubmitted submitted)
            throw new RefusedException($"the journal in {dataFolder} has no scan {uid}; `flyscan runs` lists what it has");
        if (submitted.BeamlineName != beamline.Name)
            throw new RefusedException($"scan {uid} is of beamline {submitted.BeamlineName}, the file given is of {beamline.Name}");
        var request = ScanRequestJson.Parse(System.Text.Encoding.UTF8.GetBytes(submitted.RequestJson), $"journal, scan {uid}");
        request = request with { Spec = PointFiles.Read(request.Spec, dataFolder) };
        // What the run has written already counts as room for it.
        var room = freeBytes(dataFolder) + DiskSpace.UsedBytes(RunFolder.Of(dataFolder, submitted.RunFolder).Data);
        var plan = Plan(request, beamline, room);
        if (plan.Hash != submitted.PlanHash)
            throw new RefusedException(
                $"scan {uid} was planned as {submitted.PlanHash[..12]}…, and now plans as {plan.Hash[..12]}…: " +
                "the beamline file has changed since. Give the file as it was with --beamline.");
        return RunToMake.Of(uid, Path.GetFullPath(dataFolder), submitted.RunFolder, beamline, plan) with
        {
            IsResume = true,
            FreeBytes = freeBytes,
        };
    }

    /// <summary>The plan, or every reason why there is none, in one exception.</summary>
    private static ScanPlan Plan(ScanRequest request, LoadedBeamline beamline, long? freeBytes)
    {
        var planned = ScanPlanner.Plan(request, beamline.Description, new PlanningEnvironment(freeBytes));
        EquatableArray<PlanProblem> problems = planned is PlanResult.Refused refused ? refused.Problems
            : planned is PlanResult.Proved { Plan: var plan } && BoxProof.Of(beamline, plan) is { } byBox ? [byBox]
            : [];
        var all = problems.Select(p => p.ToString()).Concat(RunMetadata.Problems(request.MetadataJson)).ToList();
        return planned is PlanResult.Proved proved && all.Count == 0
            ? proved.Plan
            : throw new RefusedException($"this scan cannot run on beamline {beamline.Name}:\n  {string.Join("\n  ", all)}")
            {
                Problems = problems,
            };
    }

    /// <summary>A file where a folder is to be is found without writing anything.</summary>
    private static void CheckCanBeFolder(string dataFolder)
    {
        for (var at = dataFolder; at is not null && !Directory.Exists(at); at = Path.GetDirectoryName(at))
        {
            if (File.Exists(at))
                throw new RefusedException($"the data folder {dataFolder} cannot be made: {at} is a file. Give another with --out.");
        }
    }

    private static Spec ReadFiles(Spec spec, string requestFile)
    {
        try
        {
            return PointFiles.Read(spec, Path.GetDirectoryName(Path.GetFullPath(requestFile))!);
        }
        catch (SpecException wrong) when (wrong.Document is null)
        {
            throw new SpecException(wrong.What, wrong.Path, requestFile);
        }
    }

    private static byte[] ReadRequest(string file)
    {
        if (!File.Exists(file))
            throw new RefusedException($"request file {file}: {(Directory.Exists(file) ? "it is a folder" : "there is no such file")}");
        try
        {
            var length = new FileInfo(file).Length;
            return length <= LargestRequest
                ? File.ReadAllBytes(file)
                : throw new RefusedException($"request file {file} has {length} bytes; at most {LargestRequest} are read");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RefusedException($"request file {file} cannot be read: {e.Message}");
        }
    }

    private static Dictionary<string, string> ParseAxes(string text)
    {
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var pair in text.Split(',', StringSplitOptions.TrimEntries))
        {
            if (pair.Split('=', StringSplitOptions.TrimEntries) is not [{ Length: > 0 } from, { Length: > 0 } to]
                || !names.TryAdd(from, to))
                throw new RefusedException($"--axes {text}: '{pair}' must be SPECAXIS=BEAMLINEAXIS, each spec axis once, as in x=sx,y=sy");
        }
        return names;
    }
}
