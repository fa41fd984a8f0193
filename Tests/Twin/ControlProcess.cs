using Akka.Actor;
using Flyscan.Actors.Devices;
using Flyscan.Actors.Scans;
using Flyscan.Engine.Simulation;
using Flyscan.Hardware.Contracts;
using Flyscan.Scanning.Runs;

namespace Flyscan.Twin;

/// <summary>One life of the process that runs the scan: put together as the host does, with drivers on the simulated network.</summary>
internal sealed class ControlProcess
{
    private const int MostOrders = 200;

    private static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(15);

    private readonly TwinRun _twin;
    private readonly SimulatedNode _node;
    private readonly IReadOnlyDictionary<string, IDevice> _devices;
    private readonly ProgrammeShelf _shelf = new();
    private readonly Dictionary<string, IActorRef> _actors = new(StringComparer.Ordinal);
    private readonly List<DeviceOrder> _orders = [];
    private IActorRef? _authority;
    private IActorRef? _monitor;
    private IActorRef? _supervisor;
    private int _supervisors;

    public ControlProcess(TwinRun twin, SimulatedNode node)
    {
        (_twin, _node) = (twin, node);
        var environment = new DeviceEnvironment(
            new NodeClock(node), new NodeConnector(node, twin.Hardware.Network), twin.Disk, 1, twin.Hardware.Endpoints)
        {
            Axes = twin.ToMake.Beamline.Description.Axes,
        };
        _devices = twin.ToMake.Beamline.CreateDevices(environment);
        node.OnCrash(() => twin.Disk.Kill("panda"));
        node.Post(() => _ = OpenAsync());
    }

    public void Tell(Func<long, ScanCommand> command) =>
        _node.Post(() => _supervisor?.Tell(command(_node.Time.NowNs()), ActorRefs.NoSender));

    /// <summary>The operator resumes; a scan that cannot go on in this process is left to another.</summary>
    public void Resume() => _node.Post(() => _ = GuardedAsync(async () =>
    {
        if (_supervisor is not { } asked)
            return;
        var reply = await asked.Ask<ScanReply>(new ScanCommand.ResumeScan(_node.Time.NowNs(), "operator"), ConnectLimit);
        if (reply is ScanReply.Refused refused
            && (_twin.IsDeviceLost || refused.Reason.Contains(" is lost: ", StringComparison.Ordinal)))
            Exit();
    }));

    /// <summary>The supervisor dies and a successor is put in charge later; device actors go on.</summary>
    public void KillSupervisor(long downNs)
    {
        if (_supervisor is null)
            return;
        _node.System.Stop(_supervisor);
        _supervisor = null;
        _twin.Entered(FaultMaker.Down);
        _node.At(_node.NowNs + downNs, () => _ = GuardedAsync(SuperviseAsync));
    }

    /// <summary>Orders of supervisors that are no longer in charge arrive again.</summary>
    public void RepeatStaleOrders(long epoch)
    {
        foreach (var order in _orders.Where(o => o.Epoch < epoch).ToList())
            _node.Post(() => _actors[NameOf(order)].Tell(order, ActorRefs.NoSender));
    }

    /// <summary>The process ends in order, as one that leaves a scan to <c>flyscan resume</c>.</summary>
    public void Exit() => _node.Post(() => _ = GuardedAsync(async () =>
    {
        if (_supervisor is not null)
            _node.System.Stop(_supervisor);
        foreach (var device in _devices.Values)
            await device.DisposeAsync();
        _twin.Ended(this, "left to resume");
    }));

    private Task OpenAsync() => GuardedAsync(async () =>
    {
        _twin.Entered(FaultMaker.Connecting);
        if (await ConnectAsync() is string problem)
        {
            _twin.Ended(this, problem);
            return;
        }
        var system = _node.System;
        var time = _node.Time;
        _monitor = system.ActorOf(Props.Create(() => new Monitor(_twin, this)), "monitor");
        _authority = system.ActorOf(BeamlineAuthority.Props(_twin.ToMake.Beamline.Name), "authority");
        _shelf.Put(_twin.ToMake.Uid, _twin.ToMake.Plan);
        foreach (var (name, device) in _devices.Where(d => _twin.ToMake.DevicesNeeded.Contains(d.Key)))
        {
            var props = device switch
            {
                ITriggerBox box => TriggerBoxActor.Props(box, _twin.Disk, _shelf, 1, time),
                IRecorder recorder => RecorderActor.Props(recorder, _twin.Disk, time),
                IMotionController motion => MotionActor.Props(motion, _shelf, time),
                ISettable axis => SettableActor.Props(axis, time),
                IShutter shutter => ShutterActor.Props(shutter, time),
                IBeamMonitor beam => BeamActor.Props(beam, _monitor),
                _ => throw new InvalidOperationException($"device {name} is of no kind that a scan can use"),
            };
            Add(name, system.ActorOf(props, $"device-{name}"));
        }
        foreach (var suspender in _twin.ToMake.Setup.Suspenders)
        {
            var signal = (IBeamMonitor)_devices[suspender.Signal];
            Add(ScanSupervisor.SuspenderKey(suspender.Name),
                system.ActorOf(SuspenderActor.Props(suspender, signal, time), $"suspender-{suspender.Name}"));
        }
        // The disk's faults are those of the store; room is always told.
        Add(ScanSupervisor.DiskKey, system.ActorOf(
            DiskActor.Props(
                _twin.ToMake.Folder.Path, _twin.ToMake.Beamline.Disk,
                new DiskQuestions(_ => Task.FromResult<long?>(long.MaxValue), _ => Task.FromResult<string?>(null)), time),
            "disk"));
        await SuperviseAsync();
    });

    private void Add(string name, IActorRef device) =>
        _actors[name] = _node.System.ActorOf(Props.Create(() => new Tap(device, _orders)), "to-" + device.Path.Name);

    private static string NameOf(DeviceOrder order) => order.Effect switch
    {
        ScanEffect.ReadSettings e => e.Recorder,
        ScanEffect.StageRecorder e => e.Recorder,
        ScanEffect.AdoptRecorder e => e.Recorder,
        ScanEffect.MoveOuter e => e.Axis,
        ScanEffect.MoveShutter e => e.Shutter,
        ScanEffect.ArmRecorder e => e.Recorder,
        ScanEffect.OrderMotion => "motion",
        ScanEffect.OrderBox or ScanEffect.ReadEncoders => "panda",
        ScanEffect.CollectRecorder e => e.Recorder,
        ScanEffect.AskProgress e => e.Device,
        ScanEffect.WatchDisk or ScanEffect.ProbeDisk => ScanSupervisor.DiskKey,
        ScanEffect.JudgeExposures e => e.Box,
        ScanEffect.MatchFrames e => e.Box,
        ScanEffect.WatchBeam e => ScanSupervisor.SuspenderKey(e.Suspender),
        ScanEffect.ReadBeam e => ScanSupervisor.SuspenderKey(e.Suspender),
        ScanEffect.MakeSafe e => e.Device,
        ScanEffect.UnstageRecorder e => e.Recorder,
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    private async Task SuperviseAsync()
    {
        var run = _twin.ToMake;
        var granted = await _authority!.Ask<Authority>(new RequestAuthority(run.Uid), ConnectLimit);
        var setup = new SupervisorSetup(
            run.Uid, run.Setup with { Plan = _shelf.Put(run.Uid, run.Plan) }, run.Parameters, _actors, _monitor!, _node.Time,
            JournalFaults.None, new HandoverMeter(_node.Time));
        var isNew = !_node.Disk.PersistenceIds.Contains($"scan-{run.Uid}");
        _supervisor = _node.System.ActorOf(ScanSupervisor.Props(setup), $"scan-{++_supervisors}");
        var now = _node.Time.NowNs();
        ScanCommand command = isNew
            ? new ScanCommand.SubmitScan(now, granted.Epoch, run.Uid, run.RequestJson, run.Beamline.Name, run.RunFolderName, "twin")
            : new ScanCommand.TakeOver(now, granted.Epoch, $"life {_node.Lives}");
        _supervisor.Tell(command, ActorRefs.NoSender);
    }

    private async Task<string?> ConnectAsync()
    {
        using var limit = new CancellationTokenSource(ConnectLimit, _node.Time);
        var connecting = _devices.Where(d => _twin.ToMake.DevicesNeeded.Contains(d.Key)).OrderBy(d => d.Key, StringComparer.Ordinal)
            .Select(d => d.Value.ConnectAsync(limit.Token)).ToList();
        var problems = new List<string>();
        foreach (var one in connecting)
        {
            if ((await one).Problem is string problem)
                problems.Add(problem);
        }
        return problems.Count == 0 ? null : string.Join("; ", problems);
    }

    /// <summary>What nobody expects ends the run, with its cause; a journal that does not answer ends the process.</summary>
    private async Task GuardedAsync(Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (AskTimeoutException silent)
        {
            _twin.Ended(this, silent.Message);
        }
        catch (Exception cause)
        {
            _twin.Fail($"the control process threw {cause.GetType().Name}: {cause.Message}");
        }
    }

    /// <summary>Passes orders on, and keeps them.</summary>
    private sealed class Tap : ReceiveActor
    {
        public Tap(IActorRef device, List<DeviceOrder> orders) => ReceiveAny(message =>
        {
            if (message is DeviceOrder order && orders.Count < MostOrders)
                orders.Add(order);
            device.Forward(message);
        });
    }

    /// <summary>Hears the supervisor, as the host's monitor does.</summary>
    private sealed class Monitor : ReceiveActor
    {
        public Monitor(TwinRun twin, ControlProcess process)
        {
            Receive<ScanJournaled>(e => twin.Journaled(e.Sequence, e.Event));
            Receive<ScanProgress>(e => twin.Progressed(e.State, e.Step));
            Receive<JournalFailed>(e => twin.Ended(process, $"the journal does not take writes: {e.Reason}"));
            Receive<ScanReply.Paused>(_ => twin.Paused(process));
            ReceiveAny(_ => { });
        }
    }
}
