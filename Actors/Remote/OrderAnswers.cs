using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Units;

namespace Flyscan.Actors.Remote;

/// <summary>Which answer belongs to which order.</summary>
internal static class OrderAnswers
{
    /// <summary>The answer to an order that cannot be carried out; null for one that calls for no answer of its own, and for questions
    /// about progress, which are asked again.</summary>
    public static ScanCommand? Failed(ScanEffect effect, long atNs, string why) => effect switch
    {
        ScanEffect.ReadSettings e => new ScanCommand.SettingsRead(atNs, e.Recorder, Of<EquatableArray<SavedSetting>>(why)),
        ScanEffect.StageRecorder e => new ScanCommand.RecorderStaged(atNs, e.Recorder, Of<RecorderSession>(why)),
        ScanEffect.AdoptRecorder e => new ScanCommand.RecorderAdopted(atNs, e.Recorder, Of<Adoption>(why)),
        ScanEffect.MoveOuter e => new ScanCommand.OuterSettled(atNs, e.Take, e.Axis, Of<double>(why)),
        ScanEffect.MoveShutter e => new ScanCommand.ShutterMoved(atNs, e.Open, Of<ShutterPosition>(why)),
        ScanEffect.ArmRecorder e => new ScanCommand.RecorderArmed(atNs, e.Take, e.Recorder, Of<RecorderStatus>(why)),
        ScanEffect.OrderMotion e => new ScanCommand.MotionAnswered(atNs, e.Take, e.Order, Of<MotionStatus>(why)),
        ScanEffect.OrderBox e => new ScanCommand.BoxAnswered(atNs, e.Take, e.Order, Of<BoxStatus>(why)),
        ScanEffect.ReadEncoders e => new ScanCommand.EncodersRead(atNs, e.Take, Of<EquatableArray<AxisPosition>>(why)),
        ScanEffect.CollectRecorder e => new ScanCommand.RecorderCollected(atNs, e.Take, e.Recorder, e.Final, Of<RecorderStatus>(why)),
        ScanEffect.JudgeExposures e => new ScanCommand.ExposuresJudged(atNs, e.Take, e.Final, Of<BeamVerdict>(why)),
        ScanEffect.MatchFrames e => new ScanCommand.FramesMatched(atNs, e.Take, e.Recorder, e.Final, Of<EquatableArray<SegmentRun>>(why)),
        ScanEffect.MakeSafe e => new ScanCommand.MadeSafe(atNs, e.Device, Of<Nothing>(why)),
        ScanEffect.UnstageRecorder e => new ScanCommand.RecorderUnstaged(atNs, e.Recorder, Of<long>(why)),
        _ => null,
    };

    /// <summary>The same for an answer and for <see cref="Failed"/> of its order.</summary>
    public static string KeyOf(ScanCommand answer) => answer switch
    {
        ScanCommand.SettingsRead c => $"settings {c.Recorder}",
        ScanCommand.RecorderStaged c => $"staged {c.Recorder}",
        ScanCommand.RecorderAdopted c => $"adopted {c.Recorder}",
        ScanCommand.OuterSettled c => $"settled {c.Axis} {c.Take}",
        ScanCommand.ShutterMoved c => $"shutter {c.Open}",
        ScanCommand.RecorderArmed c => $"armed {c.Recorder} {c.Take}",
        ScanCommand.MotionAnswered c => $"motion {c.Order} {c.Take}",
        ScanCommand.BoxAnswered c => $"box {c.Order} {c.Take}",
        ScanCommand.EncodersRead c => $"encoders {c.Take}",
        ScanCommand.RecorderCollected c => $"collected {c.Recorder} {c.Take} {c.Final}",
        ScanCommand.ExposuresJudged c => $"judged {c.Take} {c.Final}",
        ScanCommand.FramesMatched c => $"matched {c.Recorder} {c.Take} {c.Final}",
        ScanCommand.MadeSafe c => $"safe {c.Device}",
        ScanCommand.RecorderUnstaged c => $"unstaged {c.Recorder}",
        var other => other.GetType().Name,
    };

    private static Outcome<T> Of<T>(string why) => new Outcome<T>.Failed(why);
}
