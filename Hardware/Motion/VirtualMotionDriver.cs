using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Simulation;
using Flyscan.Hardware.Simulation.Line;
using Flyscan.Scanning.Planning;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Trajectories;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Motion;

/// <summary>Drives the motion controller of the virtual beamline.</summary>
/// <remarks>Its programme outlives connections: after a loss, connect again and the status tells what became of it.</remarks>
internal sealed class VirtualMotionDriver(LineAddress address, VirtualMotionSettings settings, DeviceEnvironment environment)
    : LineDriver(address, VirtualMotionFactory.KindName, environment), IMotionController
{
    private readonly object _gate = new();
    private readonly List<Waiter> _waiters = [];

    private long FullTravelNs => settings.Axes.Max(a => TravelNs(a.Axis));

    public async Task<Outcome<MotionStatus>> GetStatusAsync(CancellationToken cancel) =>
        await AskStatusAsync(cancel) switch
        {
            Outcome<Report>.Completed { Value: var report } => new Outcome<MotionStatus>.Completed(report.Status),
            var other => other.As<MotionStatus>(),
        };

    public async Task<Outcome<MotionStatus>> LoadAsync(TakeMark mark, Trajectory trajectory, CancellationToken cancel)
    {
        var block = TrajectoryBlock.Encode(trajectory);
        var reply = await SendLoadAsync(mark, block, cancel);
        // A move that a former process began, and nobody waits for, ends first.
        if (reply is Outcome<EquatableArray<string>>.Refused && await StopAsync(cancel) is Outcome<MotionStatus>.Completed)
            reply = await SendLoadAsync(mark, block, cancel);
        if (reply is not Outcome<EquatableArray<string>>.Completed { Value: var words })
            return reply.As<MotionStatus>();
        if (words.Count != 1 || words[0] != TrajectoryBlock.Digest(block))
            return new Outcome<MotionStatus>.Failed(
                $"{Name}: read back programme {mark.Value} as {string.Join(' ', words)}, downloaded {TrajectoryBlock.Digest(block)}");
        return await GetStatusAsync(cancel);
    }

    private Task<Outcome<EquatableArray<string>>> SendLoadAsync(TakeMark mark, byte[] block, CancellationToken cancel) =>
        Link.AskAsync("load", [LineText.Number((long)mark.Value)], LineAddress.MarginNs, cancel, block);

    public async Task<Outcome<MotionStatus>> MoveToStartAsync(TakeMark mark, CancellationToken cancel)
    {
        var reply = await Link.AskAsync(
            "move-to-start", [LineText.Number((long)mark.Value)], Address.Allow(FullTravelNs), cancel);
        return reply is Outcome<EquatableArray<string>>.Cancelled ? await StoppedBecauseCancelledAsync() : Status(reply);
    }

    public async Task<Outcome<MotionStatus>> StartAsync(TakeMark mark, CancellationToken cancel)
    {
        // Not given up half way: whether motion has begun must be known.
        if (cancel.IsCancellationRequested)
            return new Outcome<MotionStatus>.Cancelled();
        return Status(await AskAsync("start", [LineText.Number((long)mark.Value)], CancellationToken.None));
    }

    /// <summary>Waits for the controller's word. Giving up the wait leaves the programme running.</summary>
    public async Task<Outcome<MotionStatus>> WaitDoneAsync(TakeMark mark, CancellationToken cancel)
    {
        // Listening begins before asking, so that an end in between is not missed.
        var waiter = new Waiter(mark);
        lock (_gate)
            _waiters.Add(waiter);
        try
        {
            var asked = await AskStatusAsync(cancel);
            if (asked is not Outcome<Report>.Completed { Value: var report })
                return asked.As<MotionStatus>();
            if (report.Status.Mark != mark || report.Status.Phase is MotionPhase.Idle or MotionPhase.Loaded or MotionPhase.AtStart)
                return new Outcome<MotionStatus>.Refused(
                    $"{Name}: programme {mark.Value} was not started: it is {report.Status.Phase} "
                    + $"with programme {report.Status.Mark.Value}");
            if (report.Status.Phase != MotionPhase.Running)
                return new Outcome<MotionStatus>.Completed(report.Status);
            return await WaitAsync(waiter, Address.Allow(report.LeftNs), cancel);
        }
        finally
        {
            lock (_gate)
                _waiters.Remove(waiter);
        }
    }

    public async Task<Outcome<MotionStatus>> StopAsync(CancellationToken cancel) =>
        Status(await Link.AskAsync("stop", [], Address.Allow(FullTravelNs), cancel));

    public override async Task<Outcome<Nothing>> MakeSafeAsync(CancellationToken cancel)
    {
        var stopped = await StopAsync(cancel);
        return stopped is Outcome<MotionStatus>.Completed { Value.Phase: MotionPhase.Running }
            ? new Outcome<Nothing>.Failed($"{Name}: still runs after a stop")
            : WithoutValue(stopped);
    }

    protected override void Notified(LineNotification notification)
    {
        if (notification.Topic != "phase" || notification.Values.Count != 2
            || !TryPhase(notification.Values[0], out var phase) || !LineText.TryLong(notification.Values[1], out var mark))
            return;
        if (phase is not (MotionPhase.Done or MotionPhase.Stopped or MotionPhase.Faulted))
            return;
        foreach (var waiter in Waiters().Where(w => w.Mark.Value == mark))
            waiter.Ended.TrySetResult(null);
    }

    protected override void Disconnected(string reason)
    {
        foreach (var waiter in Waiters())
            waiter.Ended.TrySetResult(new Outcome<MotionStatus>.Failed(reason));
    }

    private Waiter[] Waiters()
    {
        lock (_gate)
            return [.. _waiters];
    }

    private async Task<Outcome<MotionStatus>> WaitAsync(Waiter waiter, long allowedNs, CancellationToken cancel)
    {
        var what = $"{Name}: end of programme {waiter.Mark.Value}";
        using var wake = Clock.WakeAt(
            Clock.NowNs + allowedNs, () => waiter.Ended.TrySetResult(new Outcome<MotionStatus>.TimedOut(what, allowedNs)));
        using var given = cancel.Register(() => waiter.Ended.TrySetResult(new Outcome<MotionStatus>.Cancelled()));
        return await waiter.Ended.Task ?? await GetStatusAsync(cancel);
    }

    private async Task<Outcome<MotionStatus>> StoppedBecauseCancelledAsync() =>
        await StopAsync(CancellationToken.None) is Outcome<MotionStatus>.Completed
            ? new Outcome<MotionStatus>.Cancelled()
            : new Outcome<MotionStatus>.Failed($"{Name}: cancelled, but it could not be stopped");

    private async Task<Outcome<Report>> AskStatusAsync(CancellationToken cancel) => Read(await AskAsync("status", [], cancel), ReadReport);

    private Outcome<MotionStatus> Status(Outcome<EquatableArray<string>> reply) => Read(reply, words => ReadReport(words)?.Status);

    private static Report? ReadReport(EquatableArray<string> words)
    {
        if (words.Count < 3 || words.Count % 2 == 0 || !TryPhase(words[0], out var phase)
            || !LineText.TryLong(words[1], out var mark) || !LineText.TryLong(words[2], out var leftNs))
            return null;
        List<AxisPosition> positions = [];
        for (var i = 3; i < words.Count; i += 2)
        {
            if (!LineText.TryDouble(words[i + 1], out var position))
                return null;
            positions.Add(new AxisPosition(words[i], position));
        }
        return new Report(new MotionStatus(phase, new TakeMark((int)mark), [.. positions], null), leftNs);
    }

    private static bool TryPhase(string word, out MotionPhase phase) => Enum.TryParse(word, out phase) && Enum.IsDefined(phase);

    private static long TravelNs(AxisDescription axis) =>
        MoveProfile.DurationNs(axis.High - axis.Low, axis.MaxVelocity, axis.MaxAcceleration) + axis.SettleNs;

    /// <summary>Status and nanoseconds of beam time until all axes stand settled.</summary>
    private sealed record Report(MotionStatus Status, long LeftNs);

    private sealed class Waiter(TakeMark mark)
    {
        public TakeMark Mark => mark;

        /// <summary>Null: the controller said so; else why the wait ended without its word.</summary>
        public TaskCompletionSource<Outcome<MotionStatus>?> Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
