using System.Collections.Immutable;
using System.Diagnostics;
using Flyscan.Scanning.Planning;
using Flyscan.Scanning.Units;

namespace Flyscan.Scanning.Runs;

public static partial class ScanDecider
{
    private const string Encoders = "encoders";
    private const string LoadBox = "load box";
    private const string MotionAtStart = "motion at start";
    private const string ShutterOpen = "shutter open";

    /// <summary>Outer move, downloads and arming overlap; the handover waits for all of them.</summary>
    private static void Prepare(Turn turn, FrameRange wanted)
    {
        var setup = turn.Setup;
        if (BeforeLoss(turn, setup.Plan.NextTake(wanted)) is not FrameRange frames)
            return;
        var take = turn.State.LastTake + 1;
        var programme = setup.Plan.Compile(frames);
        var outer = setup.Plan.OuterPointOf(programme.Frames.First);
        var awaiting = ImmutableSortedSet.CreateBuilder<string>();
        foreach (var (axis, position) in outer.Positions)
        {
            if (turn.Work.OuterAt.TryGetValue(axis, out var at) && at.Equals(position))
                continue;
            awaiting.Add($"outer {axis}");
            turn.Work = turn.Work with { OuterAt = turn.Work.OuterAt.Remove(axis) };
            turn.Do(new ScanEffect.MoveOuter(take, axis, position));
        }
        if (setup.Shutter is string shutter && !turn.Work.ShutterOpen)
        {
            awaiting.Add(ShutterOpen);
            if (!turn.Work.ShutterClosing)
                turn.Do(new ScanEffect.MoveShutter(shutter, true));
        }
        if (programme.Trajectory is not null)
        {
            awaiting.Add(MotionAtStart);
            turn.Do(new ScanEffect.OrderMotion(take, MotionOrder.Load, programme.Frames));
            if (setup.Encoders.Count > 0)
                awaiting.Add(Encoders);
        }
        awaiting.Add(LoadBox);
        turn.Do(new ScanEffect.OrderBox(take, BoxOrder.Load, programme.Frames, 0));
        foreach (var recorder in setup.Recorders)
        {
            awaiting.Add($"arm {recorder}");
            turn.Do(new ScanEffect.ArmRecorder(take, recorder, turn.State.Rates.Of(recorder).Of(programme.Frames.Count)));
        }
        turn.Step = new ScanStep.Preparing(take, programme, outer, awaiting.ToImmutable(), [], [], []);
    }

    private static void OuterSettled(Turn turn, ScanCommand.OuterSettled c)
    {
        if (turn.Step is not ScanStep.Preparing step || step.Take != c.Take)
            return;
        if (c.Outcome is not Outcome<double>.Completed { Value: var readback })
        {
            Trouble(turn, c.Axis, c.Outcome.Problem!);
            return;
        }
        var target = step.Outer.Positions.First(p => p.Axis == c.Axis).Position;
        turn.Work = turn.Work with { OuterAt = turn.Work.OuterAt.SetItem(c.Axis, target) };
        Prepared(turn, step with { Readings = step.Readings.Add(new AxisPosition(c.Axis, readback)) }, $"outer {c.Axis}");
    }

    private static void ShutterMoved(Turn turn, ScanCommand.ShutterMoved c)
    {
        var isDone = c.Outcome is Outcome<ShutterPosition>.Completed;
        turn.Work = turn.Work with { ShutterOpen = c.Open && isDone, ShutterShut = !c.Open && isDone, ShutterClosing = false };
        if (!c.Open && c.Outcome.Problem is string problem && turn.Step is not ScanStep.Unstaging)
        {
            Trouble(turn, turn.Setup.Shutter!, problem);
        }
        else if (!c.Open && turn.Step is ScanStep.Preparing { Awaiting: var awaited } && awaited.Contains(ShutterOpen))
        {
            turn.Do(new ScanEffect.MoveShutter(turn.Setup.Shutter!, true));
        }
        else if (c.Open && turn.Step is ScanStep.Preparing step)
        {
            if (turn.Work.ShutterOpen)
                Prepared(turn, step, ShutterOpen);
            else
                Trouble(turn, turn.Setup.Shutter!, c.Outcome.Problem!);
        }
        else if (!c.Open)
        {
            ShutterClosed(turn, c);
        }
    }

    private static void RecorderArmed(Turn turn, ScanCommand.RecorderArmed c)
    {
        // A take that was prepared before everything had to be safe is prepared again under its number: one answer counts.
        if (turn.Step is not ScanStep.Preparing step || step.Take != c.Take || !step.Awaiting.Contains($"arm {c.Recorder}"))
            return;
        if (c.Outcome is not Outcome<RecorderStatus>.Completed { Value: var status })
        {
            Trouble(turn, c.Recorder, c.Outcome.Problem!);
            return;
        }
        if (status.CannotWrite)
        {
            CannotWrite(turn, c.Recorder, status);
            return;
        }
        var live = turn.State.SegmentOf(c.Recorder);
        if (status.Session is null)
        {
            LoseSession(turn, c.Recorder, status);
            return;
        }
        if (status.Session != live.Session)
        {
            Trouble(turn, c.Recorder, $"was staged anew by somebody else (session {status.Session}, ours is {live.Session})");
            return;
        }
        var missed = RangeSet.Of(status.Missed).Count;
        turn.Work = turn.Work with { Missed = turn.Work.Missed.SetItem(c.Recorder, missed) };
        var position = new RecorderPosition(c.Recorder, live.Segment.Number, live.FirstTrigger + status.Acquired + missed);
        Prepared(turn, step with { Positions = step.Positions.Add(position) }, $"arm {c.Recorder}");
    }

    private static void EncodersRead(Turn turn, ScanCommand.EncodersRead c)
    {
        if (turn.Step is not ScanStep.Preparing step || step.Take != c.Take)
            return;
        if (c.Outcome is not Outcome<EquatableArray<AxisPosition>>.Completed { Value: var counted })
        {
            Trouble(turn, turn.Setup.Box, c.Outcome.Problem!);
            return;
        }
        foreach (var check in turn.Setup.Encoders)
        {
            var box = counted.First(p => p.Axis == check.Axis).Position;
            var controller = step.AtStart.First(p => p.Axis == check.Axis).Position;
            if (Math.Abs(box - controller) <= check.Tolerance)
                continue;
            Trouble(turn, turn.Setup.Box, FormattableString.Invariant(
                $"its encoder of axis {check.Axis} reads {box:G6}, the controller {controller:G6}; tolerance is {check.Tolerance:G6}. ") +
                "Reference the axis, or correct scale and offset in the beamline file.");
            return;
        }
        Prepared(turn, step, Encoders);
    }

    /// <summary>One proof is in. With the last, control goes to hardware.</summary>
    private static void Prepared(Turn turn, ScanStep.Preparing step, string what)
    {
        var next = step with { Awaiting = step.Awaiting.Remove(what) };
        turn.Step = next;
        if (next.Awaiting.Count > 0)
            return;
        if (turn.State.Ending is not null || turn.State.Holds.Count > 0)
            Next(turn);
        else
            HandOver(turn, next);
    }

    private static void HandOver(Turn turn, ScanStep.Preparing step)
    {
        var frames = step.Programme.Frames;
        if (turn.State.OuterIndex != step.Outer.Index)
            turn.Emit(new ScanEvent.OuterPointReached(turn.AtNs, step.Outer.Index, step.Outer.Positions));
        if (frames.First < turn.State.HighWater)
            turn.Emit(new ScanEvent.Rewound(turn.AtNs, frames.First, turn.State.LastRejection ?? "frames not recorded"));
        turn.Emit(new ScanEvent.ProgrammeDownloaded(turn.AtNs, step.Take, frames, step.Programme.Hash, step.Programme.DurationNs));
        turn.Emit(new ScanEvent.Armed(turn.AtNs, step.Take,
            step.Positions.OrderBy(p => p.Recorder, StringComparer.Ordinal).ToEquatableArray(), []));
        turn.Emit(new ScanEvent.HandedOver(turn.AtNs, step.Take, turn.State.Epoch));
        turn.Step = new ScanStep.Enabling(step.Take, step.Programme);
        turn.Do(new ScanEffect.OrderBox(step.Take, BoxOrder.Enable, step.Programme.Frames, 0));
    }

    private static void MotionAnswered(Turn turn, ScanCommand.MotionAnswered c)
    {
        if (c.Order == MotionOrder.Query)
        {
            HearQuery(turn, c);
            return;
        }
        if (TakeOf(turn.Step) != c.Take || (c.Order == MotionOrder.Await && turn.Step is not ScanStep.Flying))
            return;
        var status = (c.Outcome as Outcome<MotionStatus>.Completed)?.Value;
        if (status is null)
            Trouble(turn, turn.Setup.Motion!, c.Outcome.Problem!);
        else if (c.Order == MotionOrder.Stop && turn.Step is ScanStep.Halting halting)
            Halted(turn, halting);
        else if (status.Fault is string fault)
            Trouble(turn, turn.Setup.Motion!, fault);
        else
            MotionWent(turn, c, status);
    }

    private static void MotionWent(Turn turn, ScanCommand.MotionAnswered c, MotionStatus status)
    {
        switch (turn.Step, c.Order)
        {
            case (ScanStep.Preparing step, MotionOrder.Load):
                turn.Do(new ScanEffect.OrderMotion(step.Take, MotionOrder.MoveToStart, step.Programme.Frames));
                break;
            case (ScanStep.Preparing step, MotionOrder.MoveToStart):
                if (turn.Setup.Encoders.Count > 0)
                    turn.Do(new ScanEffect.ReadEncoders(step.Take, turn.Setup.Encoders.Select(e => e.Axis).ToEquatableArray()));
                Prepared(turn, step with { AtStart = status.Positions }, MotionAtStart);
                break;
            case (ScanStep.Starting step, MotionOrder.Start):
                Fly(turn, step.Take, step.Programme);
                break;
            case (ScanStep.Flying step, MotionOrder.Await) when status.Phase == MotionPhase.Done:
                turn.Step = step with
                {
                    MotionDone = true,
                    Watch = step.Watch is FlightWatch watch ? watch with { MotionDone = true } : null,
                };
                turn.Do(new ScanEffect.OrderBox(step.Take, BoxOrder.Await, step.Programme.Frames, 0));
                break;
            case (ScanStep.Flying step, MotionOrder.Await):
                Halt(turn, step.Take, step.Programme, $"motion ended as {status.Phase}");
                break;
        }
    }

    private static void Fly(Turn turn, int take, TakeProgramme programme)
    {
        if (turn.State.InFlight is { Started: false })
            turn.Emit(new ScanEvent.FlightStarted(turn.AtNs, take, turn.AtNs));
        turn.Step = new ScanStep.Flying(take, programme, turn.AtNs);
        if (turn.State.Holds.Count > 0 || turn.State.Ending is not null)
        {
            Halt(turn, take, programme, WhyNotFly(turn));
            return;
        }
        if (programme.Trajectory is not null)
            turn.Do(new ScanEffect.OrderMotion(take, MotionOrder.Await, programme.Frames));
        else
            turn.Do(new ScanEffect.OrderBox(take, BoxOrder.Await, programme.Frames, programme.DurationNs));
        turn.Do(new ScanEffect.WatchBlocks(take));
        if (turn.State.NextWanted() is FrameRange wanted)
            turn.Do(new ScanEffect.Precompile(turn.Setup.Plan.NextTake(wanted)));
    }

    private static string WhyNotFly(Turn turn) =>
        turn.State.Holds.Count > 0 ? string.Join(", ", turn.State.Holds.Keys) : turn.State.Ending!.Value.Reason;

    private static void BoxAnswered(Turn turn, ScanCommand.BoxAnswered c)
    {
        if (c.Order == BoxOrder.Query)
        {
            HearQuery(turn, c);
            return;
        }
        if (TakeOf(turn.Step) != c.Take || (c.Order == BoxOrder.Await && turn.Step is not ScanStep.Flying))
            return;
        if (c.Outcome is Outcome<BoxStatus>.TimedOut && turn.Step is ScanStep.Flying late && c.Order == BoxOrder.Await)
        {
            Halt(turn, late.Take, late.Programme, "the sequence did not end in time");
            return;
        }
        if (c.Outcome is not Outcome<BoxStatus>.Completed { Value: var status })
        {
            Trouble(turn, turn.Setup.Box, c.Outcome.Problem!);
            return;
        }
        switch (turn.Step, c.Order)
        {
            case (ScanStep.Preparing step, BoxOrder.Load):
                Prepared(turn, step, LoadBox);
                break;
            case (ScanStep.Enabling step, BoxOrder.Enable) when turn.State.Holds.Count > 0 || turn.State.Ending is not null:
                Halt(turn, step.Take, step.Programme, WhyNotFly(turn));
                break;
            case (ScanStep.Enabling step, BoxOrder.Enable) when step.Programme.Trajectory is not null:
                turn.Step = new ScanStep.Starting(step.Take, step.Programme);
                turn.Do(new ScanEffect.OrderMotion(step.Take, MotionOrder.Start, step.Programme.Frames));
                break;
            case (ScanStep.Enabling step, BoxOrder.Enable):
                Fly(turn, step.Take, step.Programme);
                break;
            case (ScanStep.Flying, BoxOrder.Await) when status.Fault is string fault:
                Trouble(turn, turn.Setup.Box, fault);
                break;
            case (ScanStep.Flying step, BoxOrder.Await):
                TakeBack(turn, step.Take, status.Triggered, "complete");
                break;
            case (ScanStep.Halting step, BoxOrder.Halt):
                BoxHalted(turn, step, status);
                break;
        }
    }

    /// <summary>Ends a flight early: first the gate, on the trailing edge of an exposure, then the motion.</summary>
    private static void Halt(Turn turn, int take, TakeProgramme programme, string reason)
    {
        turn.Step = new ScanStep.Halting(take, programme, reason, null);
        turn.Do(new ScanEffect.OrderBox(take, BoxOrder.Halt, programme.Frames, 0));
    }

    private static void BoxHalted(Turn turn, ScanStep.Halting step, BoxStatus status)
    {
        turn.Step = step with { Triggered = status.Triggered };
        if (step.Programme.Trajectory is not null)
            turn.Do(new ScanEffect.OrderMotion(step.Take, MotionOrder.Stop, step.Programme.Frames));
        else
            Halted(turn, (ScanStep.Halting)turn.Step);
    }

    private static void Halted(Turn turn, ScanStep.Halting step) => TakeBack(turn, step.Take, step.Triggered!.Value, step.Reason);

    /// <summary>Hardware is idle: count what it fired, ask the recorders for it, and go on; they answer while the next take is
    /// prepared.</summary>
    private static void TakeBack(Turn turn, int number, long triggeredSinceStaging, string reason)
    {
        var take = turn.State.OpenTakes.First(t => t.Number == number);
        var before = take.Positions.First(p => p.Recorder == turn.Setup.Box).Trigger;
        var triggered = Math.Clamp(triggeredSinceStaging - before, 0, take.Frames.Count);
        turn.Emit(new ScanEvent.TookBack(turn.AtNs, number, triggered, reason));
        RejectCutShort(turn, take with { Triggered = triggered });
        turn.Step = new ScanStep.Idle();
        if (turn.Setup.ShutterPerTake)
            CloseShutter(turn);
        CollectFinal(turn, turn.State.OpenTakes.First(t => t.Number == number));
        Next(turn);
    }

    /// <summary>A slow detector has begun a frame that the others did not end: they have been exposed for nothing.</summary>
    private static void RejectCutShort(Turn turn, TakeState take)
    {
        if (!take.CutShort.IsEmpty)
            turn.Emit(new ScanEvent.FramesRejected(
                turn.AtNs, take.Number, [take.CutShort], $"frames {take.CutShort} are no whole group of {take.Rates.Group}"));
    }

    /// <summary>Never while hardware has the token: what it exposes behind a shutter would pass for good.</summary>
    private static void CloseShutter(Turn turn)
    {
        if (turn.Setup.Shutter is not string shutter || turn.Work.ShutterShut || turn.Work.ShutterClosing)
            return;
        turn.Work = turn.Work with { ShutterOpen = false, ShutterClosing = true };
        turn.Do(new ScanEffect.MoveShutter(shutter, false));
    }

    private static int? TakeOf(ScanStep step) => step switch
    {
        ScanStep.Preparing s => s.Take,
        ScanStep.Enabling s => s.Take,
        ScanStep.Starting s => s.Take,
        ScanStep.Flying s => s.Take,
        ScanStep.Halting s => s.Take,
        ScanStep.Idle or ScanStep.Adopting or ScanStep.Staging or ScanStep.AwaitingRecords or ScanStep.Held or ScanStep.MakingSafe
            or ScanStep.Unstaging or ScanStep.Ended => null,
        _ => throw new UnreachableException(),
    };
}
