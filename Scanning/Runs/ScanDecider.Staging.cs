using Flyscan.Scanning.Units;

namespace Flyscan.Scanning.Runs;

public static partial class ScanDecider
{
    private static void Stage(Turn turn)
    {
        turn.Step = new ScanStep.Staging(turn.Work.Unstaged);
        foreach (var recorder in turn.Setup.Recorders.Where(turn.Work.Unstaged.Contains))
            turn.Do(new ScanEffect.ReadSettings(recorder));
    }

    /// <summary>What will be changed is journaled before it is: whoever dies in between leaves word of what to put back.</summary>
    private static void SettingsRead(Turn turn, ScanCommand.SettingsRead c)
    {
        if (turn.Step is not ScanStep.Staging step || !step.Awaiting.Contains(c.Recorder))
            return;
        if (c.Outcome is not Outcome<EquatableArray<SavedSetting>>.Completed { Value: var settings })
        {
            Trouble(turn, c.Recorder, c.Outcome.Problem!);
            return;
        }
        var known = turn.State.ToPutBack.GetValueOrDefault(c.Recorder);
        if (settings.Any(s => known.All(k => k.Name != s.Name)))
            turn.Emit(new ScanEvent.SettingsFound(c.AtNs, c.Recorder, settings));
        turn.Do(new ScanEffect.StageRecorder(c.Recorder));
    }

    /// <summary>Staged when nobody waits for it any more: it must be unstaged all the same.</summary>
    private static void StagedLate(Turn turn, ScanCommand.RecorderStaged c)
    {
        if (turn.State.Uid is null || turn.State.Status is not null
            || c.Outcome is not Outcome<RecorderSession>.Completed { Value: var session }
            || turn.State.Segments.Any(s => s.Session == session.Session))
            return;
        turn.Emit(new ScanEvent.SegmentOpened(c.AtNs, session.Segment, session.Session, 0, session.ClockZeroNs));
        turn.Emit(new ScanEvent.Staged(c.AtNs, turn.State.Epoch, [new StagedDevice(c.Recorder, session.Session, session.Restore)]));
        turn.Work = turn.Work with { Unstaged = turn.Work.Unstaged.Remove(c.Recorder) };
        if (turn.Step is not ScanStep.Unstaging step)
            return;
        turn.Step = step with { Awaiting = step.Awaiting.Add(c.Recorder) };
        turn.Do(new ScanEffect.UnstageRecorder(c.Recorder, turn.State.ToPutBack[c.Recorder]));
    }

    private static void RecorderStaged(Turn turn, ScanCommand.RecorderStaged c)
    {
        if (turn.Step is not ScanStep.Staging step || !step.Awaiting.Contains(c.Recorder))
        {
            StagedLate(turn, c);
            return;
        }
        if (c.Outcome is not Outcome<RecorderSession>.Completed { Value: var session })
        {
            Trouble(turn, c.Recorder, c.Outcome.Problem!);
            return;
        }
        turn.Emit(new ScanEvent.SegmentOpened(c.AtNs, session.Segment, session.Session, 0, session.ClockZeroNs));
        turn.Emit(new ScanEvent.Staged(c.AtNs, turn.State.Epoch, [new StagedDevice(c.Recorder, session.Session, session.Restore)]));
        turn.Work = turn.Work with
        {
            Unstaged = turn.Work.Unstaged.Remove(c.Recorder),
            Missed = turn.Work.Missed.SetItem(c.Recorder, 0),
            Step = new ScanStep.Staging(step.Awaiting.Remove(c.Recorder)),
        };
        if (turn.Step is not ScanStep.Staging { Awaiting.Count: 0 })
            return;
        turn.Work = turn.Work with { MadeSafe = false };
        Next(turn);
    }
}
