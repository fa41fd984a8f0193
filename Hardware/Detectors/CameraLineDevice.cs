using Flyscan.Hardware.Simulation.Line;
using Flyscan.Scanning.Planning;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Detectors;

/// <summary>A simulated camera behind the line protocol.</summary>
/// <remarks>Verbs: exposure → exposure before any staging; stage scan epoch folder path segment exposure free-run-or-nothing → session
/// exposure-before clock-zero; adopt session epoch → found path segment clock-zero, or none; arm frames; disarm; status; flush; watch-for
/// frames; unstage exposure-or-nothing → frames. Status words: session, accepting, acquired, recorded, overflowed, fault, missed ranges.
/// Notifications: recorded session frames; fault text.</remarks>
internal sealed class CameraLineDevice : ILineDevice
{
    private readonly SimulatedCamera _camera;

    public CameraLineDevice(SimulatedCamera camera)
    {
        _camera = camera;
        camera.Recorded += (session, frames) => Notified?.Invoke("recorded", [session, LineText.Number(frames)]);
        camera.Faulted += reason => Notified?.Invoke("fault", [reason]);
    }

    public string Name => _camera.Settings.Detector.Name;

    public event Action<string, IReadOnlyList<string>>? Notified;

    public void Handle(LineRequest request, LineAnswer reply)
    {
        var words = request.Arguments;
        long number = 0;
        var isNumber = words.Count == 1 && LineText.TryLong(words[0], out number);
        switch (request.Verb)
        {
            case "identify":
                reply.Ok(VirtualCameraFactory.KindName);
                break;
            case "stage" when TryStaging(words, out var staging):
                _camera.Stage(staging, outcome => Answer(reply, outcome, before =>
                    [_camera.Session!.Id, LineText.Number(before), LineText.Number(_camera.ClockZeroNs)]));
                break;
            case "exposure":
                reply.Ok(LineText.Number(_camera.Session?.ExposureBeforeNs ?? _camera.ExposureNs));
                break;
            case "adopt" when words.Count == 2 && LineText.TryLong(words[1], out var epoch):
                Adopt(words[0], epoch, reply);
                break;
            case "arm" when isNumber:
                var problem = _camera.Arm(number);
                reply.OkUnless(problem, problem is null ? Status() : []);
                break;
            case "disarm":
                _camera.Disarm();
                reply.Ok(Status());
                break;
            case "status":
                reply.Ok(Status());
                break;
            case "flush":
                Flush(reply);
                break;
            case "watch-for" when isNumber:
                _camera.Session?.Writer.WatchFor(number);
                reply.Ok();
                break;
            case "unstage" when isNumber || words is [""]:
                _camera.Unstage(isNumber ? number : null, outcome => Answer(reply, outcome, frames => [LineText.Number(frames)]));
                break;
            default:
                reply.Refused($"a {VirtualCameraFactory.KindName} does not understand '{request.Verb} {string.Join(' ', words)}'");
                break;
        }
    }

    private static bool TryStaging(EquatableArray<string> words, out CameraStaging staging)
    {
        staging = null!;
        var freeRunNs = 0L;
        if (words.Count is not (6 or 7) || !LineText.TryLong(words[1], out var epoch)
            || !LineText.TryLong(words[4], out var segment) || !LineText.TryLong(words[5], out var exposureNs)
            || (words.Count == 7 && words[6].Length > 0 && !LineText.TryLong(words[6], out freeRunNs)))
            return false;
        staging = new CameraStaging(words[0], epoch, words[2], words[3], (int)segment, exposureNs)
        {
            FreeRunNs = freeRunNs > 0 ? freeRunNs : null,
        };
        return true;
    }

    private void Adopt(string session, long epoch, LineAnswer reply) => _camera.Adopt(session, epoch, found =>
    {
        if (found)
            reply.Ok(
                "found", _camera.Session!.Staging.RelativePath, LineText.Number((long)_camera.Session.Staging.Segment),
                LineText.Number(_camera.ClockZeroNs));
        else
            reply.Ok("none");
    });

    private async void Flush(LineAnswer reply)
    {
        if (_camera.Session is not { } session)
        {
            reply.Refused("it is not staged: stage it first");
            return;
        }
        var flushed = await session.Writer.FlushAsync();
        _camera.OnWorld(() => Answer(reply, flushed, _ => Status()));
    }

    private static void Answer<T>(LineAnswer reply, Outcome<T> outcome, Func<T, IReadOnlyList<string>> words)
    {
        if (outcome is Outcome<T>.Completed { Value: var value })
            reply.Ok(words(value));
        else if (outcome is Outcome<T>.Refused { Reason: var reason })
            reply.Refused(reason);
        else
            reply.Failed(outcome.Problem!);
    }

    private string[] Status() => _camera.Session is not { } session
        ? ["", "0", "0", "0", "0", "", ""]
        : [
            session.Id,
            session.IsAccepting ? "1" : "0",
            LineText.Number(session.Acquired),
            LineText.Number(session.Writer.RecordedFrames),
            session.IsOverflowed && NumbersTriggers ? "1" : "0",
            session.Fault ?? "",
            NumbersTriggers ? string.Join(',', session.Missed.Select(m => $"{m.First}-{m.End}")) : "",
        ];

    private bool NumbersTriggers => _camera.Settings.Detector.Identity == FrameIdentity.HardwareFrameNumber;
}
