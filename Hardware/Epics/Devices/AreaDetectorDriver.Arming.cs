using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Epics;

internal sealed partial class AreaDetectorDriver
{
    /// <summary>Frames that it is armed for beyond those planned, as a factor: frames that are taken again need no new arming.</summary>
    private const long Reserve = 2;

    /// <summary>Decides the take before first: what came of it is known now, and frames that come late would be taken for the
    /// next one's.</summary>
    public Task<Outcome<RecorderStatus>> ArmAsync(long frames, CancellationToken cancel) => InTurnAsync(
        async () =>
        {
            var decided = await DecideAsync(cancel);
            if (decided.Problem is not null)
                return decided.As<RecorderStatus>();
            var read = await StateAsync(cancel);
            if (read is not Outcome<AreaDetectorState>.Completed { Value: var before })
                return read.As<RecorderStatus>();
            if (WhyGone(before) is not null)
                return Done(StatusOf(before));
            if (frames < 1 || frames > _settings.Detector.MaxFrames)
                return new Outcome<RecorderStatus>.Refused($"{Name}: {frames} frames; it is armed for 1 to {_settings.Detector.MaxFrames}");
            var goesOn = !IsFree && before is { IsAcquiring: true, IsFed: true } && _wanted - before.Images >= frames;
            var armed = goesOn ? read : await StartAsync(frames, cancel);
            if (armed is not Outcome<AreaDetectorState>.Completed { Value: var state })
                return armed.As<RecorderStatus>();
            var ledger = _ledger!;
            if (state.Captured != ledger.Rows && !IsFree)
                return new Outcome<RecorderStatus>.Failed(
                    $"{Name}: {state.Captured - ledger.Rows} frames came while it was armed, and nothing triggered it; look at what is "
                    + "wired to its trigger, and at its TriggerMode");
            // A camera that numbers triggers begins at 1 whenever it is started.
            Keep(ledger.Arm(IsCounted ? (IsFree ? before : state).Counter : goesOn ? ledger.Number : 0, frames, before.Dropped));
            return Done(Told(state));
        },
        cancel);

    /// <summary>It exposes as soon as it is started, and just as often as it is asked to.</summary>
    private bool IsFree => _settings.Trigger == AreaDetectorTrigger.Internal;

    private long WantedFor(long frames) => Math.Clamp(Reserve * frames, 1, _settings.Detector.MaxFrames);

    /// <summary>Has it wait for triggers, and sees it wait.</summary>
    private async Task<Outcome<AreaDetectorState>> StartAsync(long frames, CancellationToken cancel)
    {
        var stopped = await StopAcquiringAsync(cancel);
        if (stopped.Problem is not null)
            return stopped.As<AreaDetectorState>();
        _wanted = IsFree ? frames : WantedFor(Math.Max(frames, _plannedFrames));
        var set = await SetAsync(new Setting(_camera, _settings.Camera, "NumImages", new PvValue.Integer(_wanted)), [], cancel);
        if (set.Problem is not null)
            return set.As<AreaDetectorState>();
        var written = _camera["Acquire"].Put(new PvValue.Integer(1));
        if (written.Problem is not null)
            return written.As<AreaDetectorState>();
        // One on its own clock may have ended already.
        var armed = await UntilAsync(
            s => s.IsFed && (IsFree ? s.IsAcquiring || s.Images >= frames : s.IsAcquiring && s.IsArmed != false),
            _settings.ArmWithinNs, cancel);
        if (armed is Outcome<AreaDetectorState>.TimedOut)
            return new Outcome<AreaDetectorState>.Failed(
                $"{Name}: {_settings.Camera}Acquire was set to 1, and {_settings.ArmWithinNs / 1e9:0.###} s later it is "
                + await PhaseAsync(cancel));
        if (armed is not Outcome<AreaDetectorState>.Completed || _settings.ArmSettleNs == 0)
            return armed;
        await WaitUntilAsync(Clock.NowNs + _settings.ArmSettleNs, cancel);
        return cancel.IsCancellationRequested ? new Outcome<AreaDetectorState>.Cancelled() : await StateAsync(cancel);
    }
}
