using System.Collections.Immutable;
using Flyscan.Scanning.Units;

namespace Flyscan.Scanning.Runs;

public static partial class ScanDecider
{
    /// <summary>How often progress should be asked for in flight, wall nanoseconds.</summary>
    public const long LookPeriodNs = 100_000_000;

    private const long LeastAllowanceNs = 250_000_000;

    /// <summary>Asks every device of the flight how far it is, and names one that stands where the plan has it go on.</summary>
    private static void Watch(Turn turn, ScanCommand.ProgressDue c)
    {
        if (turn.Step is not ScanStep.Flying step || step.Take != c.Take)
            return;
        var watch = Looked(step.Watch ?? NewWatch(turn, step), turn.AtNs);
        foreach (var (device, progress) in watch.Devices)
        {
            if (!progress.IsAsked)
                turn.Do(new ScanEffect.AskProgress(c.Take, device));
        }
        watch = watch with { Devices = watch.Devices.ToImmutableSortedDictionary(d => d.Key, d => d.Value with { IsAsked = true }) };
        turn.Step = step with { Watch = watch };
        foreach (var device in Chain(turn).Where(watch.Devices.ContainsKey))
        {
            if (turn.Step is not ScanStep.Flying flying || WhyStalled(turn, flying, device) is not string why)
                continue;
            Stalled(turn, flying, device, why);
            if (device == turn.Setup.Motion || device == turn.Setup.Box)
                break;
        }
    }

    /// <summary>A look that comes late says that this process had no processor, not that a device stood.</summary>
    private static FlightWatch Looked(FlightWatch watch, long atNs) => watch with
    {
        LookedNs = atNs,
        BlindNs = watch.BlindNs + Math.Max(0, atNs - (watch.LookedNs ?? atNs) - LookPeriodNs),
    };

    /// <summary>Without motion nothing is triggered, and without triggers nothing is exposed: the first in the chain is to
    /// blame.</summary>
    private static IEnumerable<string> Chain(Turn turn) => new[] { turn.Setup.Motion, turn.Setup.Box }.OfType<string>()
        .Concat(turn.Setup.Recorders.Where(r => r != turn.Setup.Box));

    private static FlightWatch NewWatch(Turn turn, ScanStep.Flying step)
    {
        IEnumerable<string> devices = turn.Setup.Recorders;
        if (step.Programme.Trajectory is not null)
            devices = devices.Append(turn.Setup.Motion!);
        return new FlightWatch(
            FlightCourse.Of(step.Programme),
            devices.ToImmutableSortedDictionary(d => d, _ => new DeviceProgress(0, step.StartNs)))
        {
            MotionDone = step.MotionDone,
        };
    }

    private static void RecorderProgress(Turn turn, ScanCommand.RecorderProgress c)
    {
        if (turn.Step is not ScanStep.Flying { Watch: FlightWatch watch } step || step.Take != c.Take
            || !watch.Devices.TryGetValue(c.Recorder, out var before))
            return;
        var frames = before.Count;
        if (c.Outcome is Outcome<RecorderStatus>.Completed { Value: { CannotWrite: true } stuck } && turn.State.Ending is null)
        {
            CannotWrite(turn, c.Recorder, stuck);
            return;
        }
        if (c.Outcome is Outcome<RecorderStatus>.Completed { Value: { Session: null } gone })
        {
            LoseSession(turn, c.Recorder, gone);
            return;
        }
        if (c.Outcome is Outcome<RecorderStatus>.Completed { Value: var status })
        {
            var position = turn.State.OpenTakes.First(t => t.Number == c.Take).Positions.First(p => p.Recorder == c.Recorder);
            var live = turn.State.SegmentOf(c.Recorder);
            var taken = live.FirstTrigger + status.Acquired + RangeSet.Of(status.Missed).Count - position.Trigger;
            frames = turn.State.Rates.Of(c.Recorder).FramesIn(taken);
        }
        Progressed(turn, step, watch, c.Recorder, before, frames);
    }

    private static void MotionProgress(Turn turn, ScanCommand.MotionProgress c)
    {
        if (turn.Step is not ScanStep.Flying { Watch: FlightWatch watch } step || step.Take != c.Take
            || !watch.Devices.TryGetValue(turn.Setup.Motion!, out var before))
            return;
        var status = (c.Outcome as Outcome<MotionStatus>.Completed)?.Value;
        var moved = status is not null && before.Positions.Count > 0 && status.Positions != before.Positions;
        var now = watch with { MotionDone = watch.MotionDone || status is { Phase: not MotionPhase.Running } };
        Progressed(
            turn, step, now, turn.Setup.Motion!, status is null ? before : before with { Positions = status.Positions },
            before.Count + (moved ? 1 : 0));
    }

    private static void Progressed(
        Turn turn, ScanStep.Flying step, FlightWatch watch, string device, DeviceProgress before, long count)
    {
        // The first word only says where it stands, however late it was asked.
        var now = before with { IsAsked = false, IsHeard = true };
        if (count > before.Count || !before.IsHeard)
            now = now with { Count = Math.Max(count, before.Count), SinceNs = turn.AtNs, SinceBlindNs = watch.BlindNs, IsNamed = false };
        turn.Step = step with { Watch = watch with { Devices = Due(turn, watch, watch.Devices.SetItem(device, now)) } };
    }

    /// <summary>A recorder is due from when the box is known to have triggered more than it has.</summary>
    private static ImmutableSortedDictionary<string, DeviceProgress> Due(
        Turn turn, FlightWatch watch, ImmutableSortedDictionary<string, DeviceProgress> devices)
    {
        var fired = devices[turn.Setup.Box].Count;
        foreach (var (device, progress) in devices)
        {
            if (device == turn.Setup.Motion || device == turn.Setup.Box)
                continue;
            if (fired <= progress.Count)
                devices = devices.SetItem(device, progress with { DueNs = null });
            else if (progress.DueNs is null)
                devices = devices.SetItem(device, progress with { DueNs = turn.AtNs, DueBlindNs = watch.BlindNs });
        }
        return devices;
    }

    /// <summary>Why a device stands, where the plan has expected more of it for longer than is allowed.</summary>
    private static string? WhyStalled(Turn turn, ScanStep.Flying step, string device)
    {
        var (course, progress) = (step.Watch!.Course, step.Watch.Devices[device]);
        var quiet = step.Watch.QuietNs(progress, turn.AtNs);
        var allowed = AllowedNs(turn.Setup, course, device);
        var elapsed = turn.AtNs - step.StartNs - allowed;
        if (quiet < allowed || elapsed <= 0)
            return null;
        var quietText = FormattableString.Invariant($"{quiet / 1e9:0.##} s");
        if (device == turn.Setup.Motion)
        {
            var isDue = !step.Watch.MotionDone && (PlanNs(turn.Setup, elapsed) > course.DurationNs
                || course.MovesBetween(PlanNs(turn.Setup, progress.SinceNs - step.StartNs), PlanNs(turn.Setup, elapsed)));
            return isDue ? $"no axis has moved for {quietText}, where the plan has them move" : null;
        }
        var expected = device == turn.Setup.Box
            ? course.FramesBy(PlanNs(turn.Setup, elapsed))
            : step.Watch.Devices[turn.Setup.Box].Count;
        return progress.Count < expected
            ? $"{progress.Count} of the {expected} frames that the plan expects by now, none for {quietText}"
            : null;
    }

    private static long AllowedNs(RunSetup setup, FlightCourse course, string device) => Math.Max(
        Math.Max(LeastAllowanceNs, (long)(3 * course.LongestPeriodNs * setup.WallPerPlan)), 3 * setup.ProgressLatencyOf(device));

    private static bool IsBehind(Turn turn, string culprit, string other) =>
        other != culprit && other != turn.Setup.Motion && (culprit == turn.Setup.Motion || culprit == turn.Setup.Box);

    /// <summary>Time of the plan that has gone by in so much wall time.</summary>
    private static long PlanNs(RunSetup setup, long wallNs) =>
        setup.WallPerPlan > 0 ? (long)Math.Min(wallNs / setup.WallPerPlan, long.MaxValue / 2) : long.MaxValue / 2;

    /// <summary>Named at once; where it lasts, the take is given up and taken once more, and the second time the scan ends.</summary>
    private static void Stalled(Turn turn, ScanStep.Flying step, string device, string why)
    {
        var progress = step.Watch!.Devices[device];
        if (!progress.IsNamed)
        {
            turn.Emit(new ScanEvent.DeviceStalled(turn.AtNs, step.Take, device, why));
            turn.Step = step = step with
            {
                Watch = step.Watch with { Devices = step.Watch.Devices.SetItem(device, progress with { IsNamed = true }) },
            };
        }
        // What hangs on it is not to blame for this time.
        foreach (var (other, waiting) in step.Watch!.Devices.Where(d => IsBehind(turn, device, d.Key)))
            turn.Step = step = step with
            {
                Watch = step.Watch! with
                {
                    Devices = step.Watch.Devices.SetItem(other, waiting with
                    {
                        SinceNs = turn.AtNs,
                        SinceBlindNs = step.Watch.BlindNs,
                    }),
                },
            };
        var patience = AllowedNs(turn.Setup, step.Watch!.Course, device) + turn.Setup.StallPatienceNs;
        // What a device may lack holds nobody up.
        if (step.Watch!.QuietNs(progress with { DueNs = null }, turn.AtNs) < patience || turn.Setup.MayLack.Contains(device))
            return;
        if (turn.State.Stalls.GetValueOrDefault(device) > 1)
            turn.Emit(new ScanEvent.DeviceFaulted(turn.AtNs, device, $"stalled again after its take was repeated: {why}"));
        Halt(turn, step.Take, step.Programme, $"{device} stalled: {why}");
    }
}
