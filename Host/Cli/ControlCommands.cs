using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Flyscan.Host.Control;
using Flyscan.Persistence.Catalogue;

namespace Flyscan.Host.Cli;

/// <summary><c>flyscan status</c>, <c>pause</c>, <c>seek</c> and <c>abort</c>: words to a process that runs a scan.</summary>
internal static class ControlCommands
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static Command Status()
    {
        var (uid, common) = (UidArgument(), new CommonOptions());
        var command = new VerbCommand(
            "status", "Says where running scans are. Without UID: every scan that a process of this user runs.",
            "flyscan status", "flyscan status 0f3a --json")
        {
            uid, common.Out, common.Json,
        };
        command.SetVerb(common.Json, async (parsed, output) =>
        {
            var named = parsed.GetValue(uid);
            var running = await ControlClient.RunningAsync(CancellationToken.None);
            if (named is not null)
                running = [Choose(running, named, parsed.GetValue(common.Out)!)];
            foreach (var status in running)
                Show(output, status);
            if (running.Count == 0)
                output.Line("no scan is running");
            output.Object(JsonSerializer.Serialize(new { running }, Json));
            return ExitCode.Finished;
        });
        return command;
    }

    public static Command Pause()
    {
        var quit = new Option<bool>("--quit")
        {
            Description = "End the scan's process once it stands; `flyscan resume` then starts a new one.",
        };
        return Create(
            "pause",
            "Pauses a running scan at the next safe frame and says at which. Its process stays and waits for resume, seek or abort.",
            [quit], parsed => new ControlRequest(ControlVerb.Pause, ControlClient.Who) { Quit = parsed.GetValue(quit) },
            "flyscan pause", "flyscan pause 0f3a --quit --json");
    }

    public static Command Seek()
    {
        var frame = new Argument<long>("FRAME") { Description = "The frame at which the paused scan is to go on." };
        return Create(
            "seek", "Moves a paused scan to another frame: frames that are passed over are skipped, committed ones stay as they are.",
            [frame], parsed => new ControlRequest(ControlVerb.Seek, ControlClient.Who) { Frame = parsed.GetValue(frame) },
            "flyscan seek 120", "flyscan seek 120 0f3a --json");
    }

    public static Command Abort() => Create(
        "abort", "Ends a running or paused scan early: hardware to its safe state, what was recorded is kept.",
        [], _ => new ControlRequest(ControlVerb.Abort, ControlClient.Who),
        "flyscan abort", "flyscan abort 0f3a --json");

    /// <summary>Tells a running scan to go on; null where no process runs the one that is meant.</summary>
    /// <remarks>Scans of other data folders are meant only by a uid, and only where no folder was named.</remarks>
    public static async Task<int?> TryResumeAsync(string? uid, string dataFolder, bool isFolderNamed, Output output)
    {
        var running = await ControlClient.RunningAsync(CancellationToken.None);
        var meant = running.Where(r => (uid is null || Begins(r, uid)) && (IsIn(r, dataFolder) || (uid is not null && !isFolderNamed)))
            .ToList();
        if (meant.Count != 1)
            return null;
        var answer = await ControlClient.AskAsync(
            meant[0].Uid, new ControlRequest(ControlVerb.Resume, ControlClient.Who), CancellationToken.None);
        return Say(output, meant[0].Uid, answer);
    }

    private static Argument<string?> UidArgument() => new("UID")
    {
        Description = "The run, or the beginning of its uid. May be left out where only one runs.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private static Command Create(
        string name, string description, IReadOnlyList<Symbol> more, Func<ParseResult, ControlRequest> request,
        params IReadOnlyList<string> examples)
    {
        var (uid, common) = (UidArgument(), new CommonOptions());
        var command = new VerbCommand(name, description, examples);
        foreach (var argument in more.OfType<Argument>())
            command.Add(argument);
        command.Add(uid);
        foreach (var option in more.OfType<Option>().Append(common.Out).Append(common.Json))
            command.Add(option);
        command.SetVerb(common.Json, async (parsed, output) =>
        {
            var running = await ControlClient.RunningAsync(CancellationToken.None);
            var run = Choose(running, parsed.GetValue(uid), parsed.GetValue(common.Out)!);
            return Say(output, run.Uid, await ControlClient.AskAsync(run.Uid, request(parsed), CancellationToken.None));
        });
        return command;
    }

    private static ControlStatus Choose(IReadOnlyList<ControlStatus> running, string? uid, string folder)
    {
        var meant = uid is null ? running : [.. running.Where(r => Begins(r, uid))];
        if (uid is null && meant.Count > 1 && running.Where(r => IsIn(r, folder)).ToList() is { Count: 1 } here)
            meant = here;
        return meant.Count switch
        {
            1 => meant[0],
            0 when uid is null => throw new RefusedException(
                "no scan is running; `flyscan resume` continues one that stands, `flyscan runs` lists them"),
            0 => throw NotRunning(uid!, folder),
            _ => throw new RefusedException(
                $"several scans are running; say which:{string.Concat(meant.Select(r => $"\n  {r.Uid}  {r.Phase}  {r.DataFolder}"))}"),
        };
    }

    private static RefusedException NotRunning(string uid, string folder)
    {
        var known = Directory.Exists(folder) && RunCatalogue.List(folder) is { Count: > 0 } runs
            ? runs.FirstOrDefault(r => r.Uid.StartsWith(uid, StringComparison.OrdinalIgnoreCase))
            : null;
        return new RefusedException(known switch
        {
            null => $"no scan with uid '{uid}' is running, and {folder} has no such run; `flyscan status` lists those that run",
            { Status: RunStatus.Unfinished or RunStatus.Paused } =>
                $"no process runs scan {known.Uid}; `flyscan resume {known.Uid} --out {folder}` continues it, and then it can be told",
            _ => $"scan {known.Uid} has ended ({known.Status.ToString().ToLowerInvariant()}); "
                + $"`flyscan show {known.Uid} --out {folder}` says how",
        });
    }

    private static bool Begins(ControlStatus run, string uid) =>
        uid.Length > 0 && run.Uid.StartsWith(uid, StringComparison.OrdinalIgnoreCase);

    private static bool IsIn(ControlStatus run, string folder) => run.DataFolder == Path.GetFullPath(folder);

    private static int Say(Output output, string uid, ControlAnswer answer)
    {
        var said = answer.Answer.ToString().ToLowerInvariant();
        output.Line(answer.Frame is long frame ? string.Create(CultureInfo.InvariantCulture, $"{said} at frame {frame}") : said);
        output.Object(JsonSerializer.Serialize(new { uid, answer = said, frame = answer.Frame }, Json));
        return ExitCode.Finished;
    }

    private static void Show(Output output, ControlStatus s)
    {
        output.Line(string.Create(
            CultureInfo.InvariantCulture,
            $"{s.Uid}  {s.Phase}  {s.Committed} of {s.Frames} frames committed, ") +
            (s.Kept > 0 ? string.Create(CultureInfo.InvariantCulture, $"{s.Kept} kept for the end, ") : "") +
            string.Create(CultureInfo.InvariantCulture, $"{s.Skipped} skipped  take {s.Take}  pid {s.Pid}  {s.DataFolder}"));
        if (s.Rates is { Count: > 0 } rates)
            output.Line($"  rates: {string.Join(", ", rates.Select(r => $"{r.Key} {r.Value} a frame"))}");
        foreach (var (hold, why) in s.Holds)
            output.Line($"  held by {hold}: {why}");
    }
}
