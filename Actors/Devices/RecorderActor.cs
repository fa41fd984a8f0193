using Akka.Actor;
using Flyscan.Hardware.Contracts;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Units;

namespace Flyscan.Actors.Devices;

/// <summary>A detector that writes frames. Gathers the questions about recorded frames, so that one flush answers all that wait.</summary>
public class RecorderActor : DeviceActor
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly IRecorder _recorder;
    private readonly List<Question> _waiting = [];
    private long _recorded;
    private bool _flushing;
    private int _questions;

    public RecorderActor(IRecorder recorder, ISegmentSalvage salvage, TimeProvider time)
        : base(recorder, time)
    {
        _recorder = recorder;
        Salvage = salvage;
        Receive<RecordedTo>(HearRecorded);
        Receive<PatienceEnded>(e => Flush(q => q.Number == e.Number));
        Receive<Flushed>(Answer);
    }

    protected ISegmentSalvage Salvage { get; }

    public static Props Props(IRecorder recorder, ISegmentSalvage salvage, TimeProvider time) =>
        Akka.Actor.Props.Create(() => new RecorderActor(recorder, salvage, time));

    protected override void PreStart()
    {
        base.PreStart();
        var self = Self;
        _recorder.Recorded += frames => self.Tell(new RecordedTo(frames), ActorRefs.NoSender);
    }

    protected override void Carry(DeviceOrder order)
    {
        switch (order.Effect)
        {
            case ScanEffect.ReadSettings e:
                Run(c => _recorder.ReadSettingsAsync(StagingOf(order), c), (at, o) => new ScanCommand.SettingsRead(at, e.Recorder, o));
                break;
            case ScanEffect.StageRecorder e:
                _recorded = 0;
                Run(c => _recorder.StageAsync(StagingOf(order), c), (at, o) => new ScanCommand.RecorderStaged(at, e.Recorder, o));
                break;
            case ScanEffect.AdoptRecorder e:
                _recorded = 0;
                Run(c => AdoptAsync(order, e, c), (at, o) => new ScanCommand.RecorderAdopted(at, e.Recorder, o));
                break;
            case ScanEffect.ArmRecorder e:
                Run(c => _recorder.ArmAsync(e.Frames, c), (at, o) => new ScanCommand.RecorderArmed(at, e.Take, e.Recorder, o));
                break;
            case ScanEffect.CollectRecorder e:
                Ask(e);
                break;
            case ScanEffect.AskProgress e:
                Run(_recorder.GetStatusAsync, (at, o) => new ScanCommand.RecorderProgress(at, e.Take, e.Device, o));
                break;
            case ScanEffect.UnstageRecorder e:
                Run(c => _recorder.UnstageAsync(e.Restore, c), (at, o) => new ScanCommand.RecorderUnstaged(at, e.Recorder, o));
                break;
            default:
                throw new ArgumentException($"{_recorder.Name} is a recorder and cannot carry out {order.Effect}.");
        }
    }

    private RecorderStaging StagingOf(DeviceOrder order) => new(
        order.Uid,
        order.Epoch,
        order.Run.RunFolder,
        Salvage.NextNumber(order.Run.RunFolder, _recorder.Name),
        order.Run.ExposureOf(_recorder.Name),
        order.Run.FramesOf(_recorder.Name),
        order.Run.Detectors)
    {
        FreeRunNs = order.Run.FramesBy is { } leader && leader.Detector == _recorder.Name ? leader.PeriodNs : null,
    };

    /// <summary>Files that died with their writer are read back first where the recorder must know from which frame to go on.</summary>
    private async Task<Outcome<Adoption>> AdoptAsync(DeviceOrder order, ScanEffect.AdoptRecorder effect, CancellationToken cancel)
    {
        Outcome<EquatableArray<SegmentRun>> salvaged = new Outcome<EquatableArray<SegmentRun>>.Completed([]);
        var writerDied = _recorder.WritesHere && !_recorder.HoldsSession(effect.Session);
        if (writerDied)
            salvaged = await SalvageAsync(order.Run.RunFolder, effect.Segments, cancel);
        if (salvaged is not Outcome<EquatableArray<SegmentRun>>.Completed { Value: var runs })
            return salvaged.As<Adoption>();
        var ours = runs.Where(r => r.Session == effect.Session).ToList();
        var already = ours.Count == 0 ? 0 : ours.Max(r => r.FirstTrigger + r.Count);
        var adopted = await _recorder.AdoptAsync(StagingOf(order), effect.Session, already, cancel);
        if (adopted is not Outcome<AdoptedSession?>.Completed { Value: var session })
            return adopted.As<Adoption>();
        if (!writerDied)
        {
            var dead = session is null or { NewSegment: true }
                ? effect.Segments
                : effect.Segments.Where(s => s.Segment.Number != session.Session.Segment.Number).ToEquatableArray();
            salvaged = await SalvageAsync(order.Run.RunFolder, dead, cancel);
        }
        return salvaged is Outcome<EquatableArray<SegmentRun>>.Completed { Value: var all }
            ? new Outcome<Adoption>.Completed(new Adoption(session, all))
            : salvaged.As<Adoption>();
    }

    private async Task<Outcome<EquatableArray<SegmentRun>>> SalvageAsync(
        string runFolder, EquatableArray<SegmentState> segments, CancellationToken cancel)
    {
        EquatableArray<SegmentRun> all = [];
        foreach (var segment in segments)
        {
            var found = await Salvage.SalvageAsync(runFolder, segment, cancel);
            if (found is not Outcome<EquatableArray<SegmentRun>>.Completed { Value: var runs })
                return found;
            all = [.. all, .. runs];
        }
        return new Outcome<EquatableArray<SegmentRun>>.Completed(all);
    }

    private void Ask(ScanEffect.CollectRecorder e)
    {
        var question = new Question(++_questions, e, Sender);
        _waiting.Add(question);
        if (!e.Final || _recorded >= e.Recorded)
        {
            Flush(q => q.Number == question.Number);
            return;
        }
        Timers.StartSingleTimer(question.Number, new PatienceEnded(question.Number), Patience);
        _recorder.WatchFor(e.Recorded);
    }

    private void HearRecorded(RecordedTo e)
    {
        _recorded = e.Frames;
        Flush(q => q.Effect.Recorded <= _recorded);
    }

    private void Flush(Func<Question, bool> due)
    {
        for (var i = 0; i < _waiting.Count; i++)
        {
            if (due(_waiting[i]))
                _waiting[i] = _waiting[i] with { Due = true };
        }
        if (_flushing || !_waiting.Exists(q => q.Due))
            return;
        var upTo = _waiting.Where(q => q.Due).Max(q => q.Number);
        _flushing = true;
        _recorder.FlushAsync(CancellationToken.None).PipeTo(
            Self,
            Self,
            outcome => new Flushed(upTo, outcome),
            thrown => new Flushed(upTo, OutcomeOf<RecorderStatus>(thrown)));
    }

    /// <summary>One flush answers every question that was due when it began.</summary>
    private void Answer(Flushed flushed)
    {
        _flushing = false;
        foreach (var question in _waiting.Where(q => q.Due && q.Number <= flushed.UpTo))
        {
            Timers.Cancel(question.Number);
            var e = question.Effect;
            question.Asker.Tell(new ScanCommand.RecorderCollected(NowNs, e.Take, e.Recorder, e.Final, flushed.Outcome));
        }
        _waiting.RemoveAll(q => q.Due && q.Number <= flushed.UpTo);
        Flush(_ => false);
    }

    private sealed record Question(int Number, ScanEffect.CollectRecorder Effect, IActorRef Asker)
    {
        public bool Due { get; init; }
    }

    private sealed record RecordedTo(long Frames) : INoSerializationVerificationNeeded;

    private sealed record PatienceEnded(int Number) : INoSerializationVerificationNeeded;

    private sealed record Flushed(int UpTo, Outcome<RecorderStatus> Outcome) : INoSerializationVerificationNeeded;
}
