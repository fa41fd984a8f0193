using Flyscan.Engine.Simulation;
using Flyscan.Hardware.Detectors;
using Flyscan.Host.Composition;
using Flyscan.Scanning.Planning;
using Flyscan.Scanning.Runs;

namespace Flyscan.Twin;

/// <summary>One seed: a scan from its request to its end, with what the world does to it and what watches over it.</summary>
internal sealed class TwinRun
{
    public const string Uid = "7c1d5f02-3a64-4f0e-9b1c-0d7c3e5a9f11";

    private const long Ms = 1_000_000;
    private const long Second = 1_000 * Ms;
    private const long LongestNs = 600 * Second;
    private const int MostLives = 80;

    private readonly SimulationRun _run;
    private readonly List<TwinFault> _waiting;
    private readonly Dictionary<string, int> _entered = new(StringComparer.Ordinal);
    private readonly Coverage _coverage;
    private readonly JournalWatch _watch;
    private readonly SimulationGenerator _operator;
    private readonly string _settings;
    private readonly SortedDictionary<string, ClockError> _clocks = new(StringComparer.Ordinal);
    private readonly List<TwinHost> _hosts = [];
    private ControlProcess? _process;
    private ScanState _state = ScanState.New;
    private string? _failure;
    private int _engineFaults;
    private int _journalGone;
    private bool _willRestart;

    private TwinRun(SimulationRun run, IReadOnlyList<TwinFault> faults, Coverage coverage)
    {
        (_run, _waiting, _coverage) = (run, [.. faults], coverage);
        _operator = run.GeneratorFor("operator");
        Twin = TwinRequest.Of(run.Options.Seed, faults);
        var suspenders = Twin.Suspender is { } suspender ? new[] { suspender } : [];
        var beamline = TwinBeamlines.Of(faults) with { Suspenders = [.. suspenders] };
        var planned = ScanPlanner.Plan(Twin.Request, beamline.Description, new PlanningEnvironment(null));
        var plan = planned is PlanResult.Proved proved
            ? proved.Plan
            : throw new InvalidOperationException($"seed {run.Options.Seed} asks for what cannot be planned: {planned}");
        if (faults.Any(f => f is TwinFault.CapturedFloor))
            beamline = beamline with { CapturedLimits = [new CapturedLimit("i0", "diode", LeastCounts(plan), 1e300)] };
        ToMake = RunToMake.Of(Uid, "/twin", "run", beamline, plan);
        Disk = new TwinDisk(run);
        var ringAheadNs = faults.OfType<TwinFault.RingClock>().Sum(f => f.AheadPerMille) * (Twin.Suspender?.GuardNs ?? 0) / 1000;
        Hardware = new TwinHardware(run, beamline, Disk, (run.GeneratorFor("skew").Below(4001) - 2000) * Ms, ringAheadNs);
        _watch = new JournalWatch(this);
        _settings = Hardware.BoxSettings();
        Hardware.MotionRuns += () => _watch.MotionRuns();
        _clocks["control"] = new ClockError { DriftPpb = faults.OfType<TwinFault.ClockDrift>().Sum(f => f.Ppb) };
        foreach (var fault in _waiting.Where(f => f.At == TwinMoment.Start).ToList())
            Begin(fault);
        Control = run.AddNode("control", new NodeOptions
        {
            Config = TwinBeamlines.Engine,
            MayCrash = false,
            Boot = node => _process = new ControlProcess(this, node),
            Groups = _hosts.Count > 0
                ? []
                : [
                    .. ToMake.DevicesNeeded.Select(d => new NodeGroup(d, $"/user/device-{d}")),
                    new NodeGroup("suspender", "/user/suspender-ring"),
                ],
        });
        run.Invariant("the twin", () => _failure);
    }

    public TwinRequest Twin { get; }

    public RunToMake ToMake { get; }

    public TwinDisk Disk { get; }

    public TwinHardware Hardware { get; }

    public SimulatedNode Control { get; }

    /// <summary>What of the box's settings is not as it was before the scan; empty where all is put back.</summary>
    public string ChangedSettings()
    {
        var (before, after) = (_settings.Split('\n'), Hardware.BoxSettings().Split('\n'));
        return string.Join(", ", before.Zip(after).Where(s => s.First != s.Second).Select(s => $"{s.First} is now {s.Second}"));
    }

    /// <summary>Faults that came to be.</summary>
    public List<TwinFault> Applied { get; } = [];

    /// <summary>How many faults the engine made.</summary>
    public int EngineFaults => _run.Faults.Count;

    public string Phase { get; private set; } = FaultMaker.Down;

    public bool IsDeviceLost => _state.Holds.Keys.Any(ScanDecider.IsDeviceLoss);

    public long NowNs => _run.NowNs;

    /// <summary>Date of the run's beginning, nanoseconds since 1970.</summary>
    public long EpochNs => (_run.Options.Epoch - DateTimeOffset.UnixEpoch).Ticks * 100;

    public IReadOnlyList<ScanEvent> Journal => [.. Control.Disk.Events($"scan-{Uid}").Cast<ScanEvent>()];

    /// <summary>Plays a scan to its end and judges it; throws what is wrong.</summary>
    public static TwinRun Play(SimulationRun run, IReadOnlyList<TwinFault> faults, Coverage coverage)
    {
        var twin = new TwinRun(run, faults, coverage);
        if (!run.RunUntil(() => twin._failure is not null || twin._state.Status is not null, LongestNs))
            twin.Fail($"the scan has not ended after {LongestNs / Second} s: {twin.Phase}; holds {Show.Holds(twin._state)}; "
                + $"the journal ends with {Show.Last(twin.Journal)}");
        run.RunFor(2 * Second);
        twin.CountEngineFaults();
        coverage.Scan(twin._state.Status);
        new FinalChecks(twin, twin._state).Run();
        return twin;
    }

    /// <summary>Less than the diode counts where the sample is darkest, in good beam.</summary>
    private static double LeastCounts(ScanPlan plan) => Math.Floor(0.04 * SimulatedDiode.FullRate * plan.ExposureNs / Second);

    /// <summary>Processes that have devices and no supervisor.</summary>
    public IReadOnlyList<TwinHost> Hosts => _hosts;

    /// <summary>How often the operator has resumed.</summary>
    public int OperatorResumed { get; private set; }

    public void OperatorResumes() => OperatorResumed++;

    /// <summary>A successor is put in charge after nobody was for so long: were the devices' leases enforced?</summary>
    public void ComesBackAfter(long downNs)
    {
        if (downNs < 20 * Second || Applied.Any(f => f.MayEnd) || !Hardware.Node.IsUp)
            return;
        var wrong = string.Join(", ", Hardware.Unsafe(ToMake.Setup.Shutter is not null));
        if (wrong.Length > 0)
            Fail($"invariant 8: nobody was in charge for {downNs / Second} s, and {wrong}");
    }

    /// <summary>A process's clock in its present life.</summary>
    public TimeProvider ClockOf(SimulatedNode node) => new SkewedTime(node.Time, _clocks[node.Name], EpochNs);

    /// <summary>Ends the run with this as its failure; the first stands.</summary>
    public void Fail(string what) => _failure ??= what;

    /// <summary>The scan, or the process, entered a phase.</summary>
    public void Entered(string phase)
    {
        CountEngineFaults();
        if (phase == Phase && phase is not (FaultMaker.Down or FaultMaker.Connecting))
            return;
        Phase = phase;
        _run.Trace.Note("phase " + phase);
        var nth = _entered[phase] = _entered.GetValueOrDefault(phase) + 1;
        foreach (var fault in _waiting.Where(f => f.At.Phase == phase && f.At.Nth == nth).ToList())
        {
            _waiting.Remove(fault);
            _run.At(_run.NowNs + fault.At.AfterNs, () => Apply(fault));
        }
    }

    public void Journaled(long sequence, ScanEvent happened)
    {
        _run.Trace.Note($"{sequence} {Show.Event(happened)}");
        _watch.Add(sequence, happened);
    }

    public void Progressed(ScanState state, ScanStep step)
    {
        _state = state;
        _watch.Compare(state);
        Entered(step.GetType().Name);
    }

    /// <summary>The scan stands until somebody says otherwise.</summary>
    public void Paused(ControlProcess process)
    {
        var thinks = Ms + _operator.Below(500 * Ms);
        _run.At(_run.NowNs + thinks, () =>
        {
            if (_process != process || _state.Status is not null)
                return;
            process.Resume();
        });
    }

    /// <summary>The process goes on, and nobody is in charge of the scan.</summary>
    public void NobodyInCharge(string why)
    {
        _run.Trace.Note(why);
        Entered(FaultMaker.Down);
    }

    /// <summary>A process ended by itself; somebody starts it again.</summary>
    public void Ended(ControlProcess process, string why)
    {
        if (_process != process)
            return;
        _run.Trace.Note("process ends: " + why);
        _run.At(_run.NowNs, () => Restart(500 * Ms + _operator.Below(1500 * Ms)));
    }

    /// <summary>The process of a device host ended by itself; somebody starts it again.</summary>
    public void HostEnded(SimulatedNode node, string why)
    {
        _run.Trace.Note($"{node.Name} ends: {why}");
        _run.At(_run.NowNs, () => RestartHost(node, 500 * Ms + _operator.Below(1500 * Ms)));
    }

    private void RestartHost(SimulatedNode node, long downNs)
    {
        if (!node.IsUp)
            return;
        if (node.Lives >= MostLives)
        {
            Fail($"{node.Name} was started {MostLives} times");
            return;
        }
        node.Crash();
        After(downNs, node.Restart);
    }

    private void Begin(TwinFault fault)
    {
        _waiting.Remove(fault);
        Applied.Add(fault);
        _coverage.Hit(TwinMoment.Start.Phase, fault.Kind);
        if (fault is not TwinFault.DeviceHosts f)
            return;
        for (var i = 1; i <= f.Count; i++)
        {
            var name = $"host{i}";
            var devices = ToMake.DevicesNeeded.Where(d => f.Count == 1 || TwinHost.Second.Contains(d) == (i == 2)).ToHashSet();
            _clocks[name] = new ClockError { AheadNs = (_run.GeneratorFor("clock of " + name).Below(4001) - 2000) * Ms };
            var node = _run.AddNode(name, new NodeOptions
            {
                Config = TwinBeamlines.Engine,
                MayCrash = false,
                Boot = n => _ = new HostProcess(this, n, devices),
            });
            _hosts.Add(new TwinHost(node, devices, [.. ToMake.Setup.Suspenders.Where(s => devices.Contains(s.Signal))]));
        }
    }

    private void Restart(long downNs)
    {
        if (_willRestart)
            return;
        if (Control.Lives >= MostLives)
        {
            Fail($"the scan does not get on: the process was started {MostLives} times; {Show.Holds(_state)}");
            return;
        }
        _process = null;
        _willRestart = true;
        Control.Crash();
        Entered(FaultMaker.Down);
        _run.At(_run.NowNs + downNs, () =>
        {
            _willRestart = false;
            Control.Restart();
        });
    }

    private void Apply(TwinFault fault)
    {
        Applied.Add(fault);
        _coverage.Hit(Phase, fault.Kind);
        _run.Trace.Note($"fault {fault}");
        switch (fault)
        {
            case TwinFault.KillProcess f:
                Restart(f.DownNs);
                break;
            case TwinFault.KillSupervisor f:
                _process?.KillSupervisor(f.DownNs);
                break;
            case TwinFault.PowerFailure f:
                FailPower(f.DownNs);
                break;
            case TwinFault.KillAll f:
                FailPower(f.DownNs);
                Restart(f.DownNs + _operator.Below(1000 * Ms));
                break;
            case TwinFault.Pause f:
                _process?.Tell(at => new ScanCommand.PauseScan(at, "operator"));
                break;
            case TwinFault.Abort:
                _process?.Tell(at => new ScanCommand.AbortScan(at, "operator", "enough"));
                break;
            case TwinFault.StaleOrders:
                _process?.RepeatStaleOrders(_state.Epoch);
                break;
            case TwinFault.KillHost f when f.Host <= _hosts.Count:
                RestartHost(_hosts[f.Host - 1].Node, f.DownNs);
                break;
            case TwinFault.Partition f when f.Host <= _hosts.Count:
                _run.Network.Partition("control", _hosts[f.Host - 1].Node.Name, f.ForNs);
                break;
            case TwinFault.KillHost or TwinFault.Partition:
                // The devices are in the control process: there is nothing of the kind.
                break;
            case TwinFault.ClockStep f:
                _clocks["control"].AheadNs += f.ByNs;
                break;
            default:
                ApplyToWorld(fault);
                break;
        }
    }

    private void ApplyToWorld(TwinFault fault)
    {
        switch (fault)
        {
            case TwinFault.Cut f:
                Hardware.Cut(f.Port);
                break;
            case TwinFault.Silence f:
                Hardware.Network.Silent = true;
                After(f.ForNs, () =>
                {
                    Hardware.Network.Silent = false;
                    Hardware.Network.Cut();
                });
                break;
            case TwinFault.MissFrames f:
                Hardware.Steal(f.Count);
                break;
            case TwinFault.ExtraTrigger:
                Hardware.Glitch();
                break;
            case TwinFault.DiskFull f:
                Disk.Fill();
                After(f.ForNs, Disk.Clear);
                break;
            case TwinFault.DiskLow f:
                Disk.RunLow();
                After(f.ForNs, Disk.Clear);
                break;
            case TwinFault.Stall f:
                Hardware.Hold(f.Port);
                After(f.ForNs, () => Hardware.Release(f.Port));
                break;
            case TwinFault.JournalGone f:
                Control.Disk.Gone = "its database is gone";
                _journalGone++;
                After(f.ForNs, () => Control.Disk.Gone = --_journalGone > 0 ? Control.Disk.Gone : null);
                break;
            case TwinFault.SlowDisk f:
                Disk.Slow(f.FlushNs);
                After(f.ForNs, Disk.Clear);
                break;
            case TwinFault.BeamDump f:
                Hardware.SetBeam(0);
                After(f.ForNs, () => Hardware.SetBeam(300));
                break;
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    private void FailPower(long downNs)
    {
        if (!Hardware.Node.IsUp)
            return;
        Hardware.Node.Crash();
        After(downNs, Hardware.Node.Restart);
    }

    private void After(long ns, Action action) => _run.At(_run.NowNs + ns, action);

    private void CountEngineFaults()
    {
        for (; _engineFaults < _run.Faults.Count; _engineFaults++)
            _coverage.Hit(Phase, _run.Faults[_engineFaults] switch
            {
                Fault.Delay => "delayed message",
                Fault.Duplicate => "duplicated message",
                Fault.Lose => "lost message",
                Fault.Partition => "partition",
                Fault.FailWrite => "failed write",
                Fault.DelayWrite => "slow write",
                var other => other.GetType().Name,
            });
    }
}
