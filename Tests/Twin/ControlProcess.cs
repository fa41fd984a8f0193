using Akka.Actor;
using Flyscan.Actors.Devices;
using Flyscan.Actors.Remote;
using Flyscan.Actors.Scans;
using Flyscan.Engine.Simulation;
using Flyscan.Host.Composition;
using Flyscan.Scanning.Runs;

namespace Flyscan.Twin;

/// <summary>One life of the process that runs the scan: put together as the host does, with drivers on the simulated network.</summary>
internal sealed class ControlProcess
{
    private const int MostOrders = 200;

    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(15);

    private readonly TwinRun _twin;
    private readonly SimulatedNode _node;
    private readonly TimeProvider _time;
    private readonly DeviceSide? _side;
    private readonly ProgrammeShelf _shelf = new();
    private readonly Dictionary<string, IActorRef> _actors = new(StringComparer.Ordinal);
    private readonly List<(IActorRef Device, DeviceOrder Order)> _orders = [];
    private IActorRef? _monitor;
    private IActorRef? _keeper;
    private int _keepers;
    private long? _awaySinceNs;

    public ControlProcess(TwinRun twin, SimulatedNode node)
    {
        (_twin, _node) = (twin, node);
        _time = twin.ClockOf(node);
        if (twin.Hosts.Count == 0)
            _side = new DeviceSide(twin, node, _time, twin.ToMake.DevicesNeeded);
        node.Post(() => _ = OpenAsync());
    }

    public void Tell(Func<long, ScanCommand> command) =>
        _node.Post(() => _keeper?.Tell(command(_time.NowNs()), ActorRefs.NoSender));

    /// <summary>The operator resumes; a scan that cannot go on in this process is left to another.</summary>
    public void Resume() => _node.Post(() => _ = GuardedAsync(async () =>
    {
        if (_keeper is not { } asked)
            return;
        _twin.OperatorResumes();
        var reply = await asked.Ask<ScanReply>(new ScanCommand.ResumeScan(_time.NowNs(), "operator"), AnswerLimit);
        if (reply is ScanReply.Refused refused
            && (_twin.IsDeviceLost || refused.Reason.Contains(" is lost: ", StringComparison.Ordinal)))
            Exit();
    }));

    /// <summary>The supervisor dies and a successor is put in charge later; device actors go on.</summary>
    public void KillSupervisor(long downNs)
    {
        if (_keeper is null)
            return;
        _node.System.Stop(_keeper);
        (_keeper, _awaySinceNs) = (null, null);
        var wasInCharge = _twin.Phase is not (FaultMaker.Down or FaultMaker.Connecting);
        _twin.Entered(FaultMaker.Down);
        _node.At(_node.NowNs + downNs, () =>
        {
            if (wasInCharge)
                _twin.ComesBackAfter(downNs);
            _ = GuardedAsync(SuperviseAsync);
        });
    }

    /// <summary>Orders of supervisors that are no longer in charge arrive again.</summary>
    public void RepeatStaleOrders(long epoch)
    {
        foreach (var (device, order) in _orders.Where(o => o.Order.Epoch < epoch).ToList())
            _node.Post(() => device.Tell(order, ActorRefs.NoSender));
    }

    /// <summary>The process ends in order, as one that leaves a scan to <c>flyscan resume</c>.</summary>
    public void Exit() => _node.Post(() => _ = GuardedAsync(async () =>
    {
        if (_keeper is not null)
            _node.System.Stop(_keeper);
        if (_side is not null)
            await _side.CloseAsync();
        _twin.Ended(this, "left to resume");
    }));

    private Task OpenAsync() => GuardedAsync(async () =>
    {
        _twin.Entered(FaultMaker.Connecting);
        var system = _node.System;
        _monitor = system.ActorOf(Props.Create(() => new Monitor(_twin, this)), "monitor");
        if (_side is not null)
        {
            var (actors, problem) = await _side.OpenAsync(_monitor);
            if (actors is null)
            {
                _twin.Ended(this, problem!);
                return;
            }
            foreach (var (name, device) in actors)
                _actors[name] = Tapped(device);
        }
        _shelf.Put(_twin.ToMake.Uid, _twin.ToMake.Plan);
        _actors[ScanSupervisor.DiskKey] = Tapped(
            ScanActors.OfDisk(system, _twin.ToMake, _twin.Disk.Questions, _time));
        await SuperviseAsync();
    });

    private IActorRef Tapped(IActorRef device) =>
        _node.System.ActorOf(Props.Create(() => new Tap(device, _orders)), "to-" + device.Path.Name);

    /// <summary>Devices in other processes are reached anew by each supervisor.</summary>
    private void Reach(long epoch)
    {
        foreach (var host in _twin.Hosts)
        {
            foreach (var name in host.Actors)
            {
                if (_actors.TryGetValue(name, out var former))
                    _node.System.Stop(former);
                var door = _node.RefTo(host.Node, HostProcess.DoorOf(name));
                _actors[name] = Tapped(_node.System.ActorOf(
                    DeviceProxy.Props(host.DeviceOf(name), door, epoch, _time), $"proxy-{name.Replace(' ', '-')}-{epoch}"));
            }
        }
    }

    private async Task SuperviseAsync()
    {
        var run = _twin.ToMake;
        var authority = _node.System.ActorOf(BeamlineAuthority.Props(run.Beamline.Name), $"authority-{++_keepers}");
        var granted = await authority.Ask<Authority>(new RequestAuthority(run.Uid), AnswerLimit);
        _node.System.Stop(authority);
        var isNew = !_node.Disk.PersistenceIds.Contains($"scan-{run.Uid}");
        var node = $"life {_node.Lives}";
        _keeper = _node.System.ActorOf(
            ScanKeeper.Props(new KeeperSetup(run.Uid, run.Beamline.Name, SetupOf, _monitor!, _time, node), granted.Epoch),
            $"scan-{_keepers}");
        var now = _time.NowNs();
        ScanCommand command = isNew
            ? new ScanCommand.SubmitScan(now, granted.Epoch, run.Uid, run.RequestJson, run.Beamline.Name, run.RunFolderName, "twin")
            : new ScanCommand.TakeOver(now, granted.Epoch, node);
        _keeper.Tell(command, ActorRefs.NoSender);
    }

    private SupervisorSetup SetupOf(long epoch)
    {
        Reach(epoch);
        var run = _twin.ToMake;
        return new SupervisorSetup(
            run.Uid, run.Setup with { Plan = _shelf.Put(run.Uid, run.Plan) }, run.Parameters,
            new Dictionary<string, IActorRef>(_actors, StringComparer.Ordinal), _monitor!, _time, JournalFaults.None,
            new HandoverMeter(_time));
    }

    private void JournalIsAway(string reason)
    {
        _awaySinceNs ??= _twin.NowNs;
        _twin.NobodyInCharge("the journal is away: " + reason);
    }

    private void JournalIsBack()
    {
        if (_awaySinceNs is long since)
            _twin.ComesBackAfter(_twin.NowNs - since);
        _awaySinceNs = null;
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
        public Tap(IActorRef device, List<(IActorRef Device, DeviceOrder Order)> orders) => ReceiveAny(message =>
        {
            if (message is DeviceOrder order && orders.Count < MostOrders)
                orders.Add((device, order));
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
            Receive<JournalAway>(e => process.JournalIsAway(e.Reason));
            Receive<JournalBack>(_ => process.JournalIsBack());
            Receive<JournalFailed>(e => twin.Ended(process, $"the journal cannot be used: {e.Reason}"));
            Receive<ScanReply.Paused>(_ => twin.Paused(process));
            ReceiveAny(_ => { });
        }
    }
}
