using Akka.Actor;
using Akka.Configuration;
using Flyscan.Actors.Devices;
using Flyscan.Actors.Logging;
using Flyscan.Actors.Records;
using Flyscan.Actors.Scans;
using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Epics;
using Flyscan.Hardware.Hdf5;
using Flyscan.Hardware.Transport;
using Flyscan.Host.Cli;
using Flyscan.Host.Logging;
using Flyscan.Host.Time;
using Flyscan.Persistence.Catalogue;
using Flyscan.Persistence.Journal;
using Flyscan.Persistence.Records;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Units;
using Microsoft.Extensions.Logging;

namespace Flyscan.Host.Composition;

/// <summary>Everything that one process needs to run or continue one scan, put together and taken apart in order.</summary>
internal sealed class ScanSession : IAsyncDisposable
{
    private static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan SalvageLimit = TimeSpan.FromSeconds(60);

    private readonly ActorSystem _system;
    private readonly IReadOnlyDictionary<string, IDevice> _devices;
    private readonly IActorRef _keeper;
    private readonly long _epoch;

    /// <summary>Used by devices, so that it ends after them.</summary>
    private EpicsClient? _epics;

    private ScanSession(
        ActorSystem system, IReadOnlyDictionary<string, IDevice> devices, IActorRef keeper,
        RunView view, HandoverMeter meter, long epoch)
    {
        _system = system;
        _devices = devices;
        _keeper = keeper;
        View = view;
        Meter = meter;
        _epoch = epoch;
    }

    public RunView View { get; }

    public HandoverMeter Meter { get; }

    /// <summary>Connects the devices and starts the actors; nothing moves yet.</summary>
    /// <remarks><b>Errors</b> <see cref="RefusedException"/>: a device that cannot be reached, a journal that cannot be opened.</remarks>
    public static async Task<ScanSession> OpenAsync(RunToMake run, EndpointOverrides endpoints, double timeScale, CancellationToken cancel)
    {
        Faults();
        var stores = new Hdf5FrameStoreFactory();
        var epics = new EpicsClient(EpicsClient.Resolve(run.Beamline.Epics, endpoints));
        var environment = new DeviceEnvironment(new SystemClock(), new TcpConnector(), stores, timeScale, endpoints)
        {
            Axes = run.Beamline.Description.Axes,
            Pvs = epics.Get,
            Kept = new KeptInFolder(run.DataFolder),
        };
        var devices = run.Beamline.CreateDevices(environment);
        try
        {
            var needed = run.DevicesNeeded;
            await ConnectAsync(devices.Where(d => needed.Contains(d.Key)).Select(d => d.Value), cancel);
            var session = await OpenAsync(run, devices, timeScale, cancel);
            session._epics = epics;
            return session;
        }
        catch
        {
            await DisposeAsync(devices, epics);
            throw;
        }
    }

    private static async Task<ScanSession> OpenAsync(
        RunToMake run, IReadOnlyDictionary<string, IDevice> devices, double timeScale, CancellationToken cancel)
    {
        var settings = EngineConfiguration.ResolveFolder(
            AppContext.BaseDirectory, EngineConfiguration.JournalIn(RunFolder.JournalOf(run.DataFolder)));
        SqliteLibrary.Initialise();
        var system = ActorSystem.Create("flyscan", ConfigurationFactory.ParseString(settings));
        try
        {
            var authority = system.ActorOf(BeamlineAuthority.Props(run.Beamline.Name), "authority");
            var granted = await authority.Ask<Authority>(new RequestAuthority(run.Uid), ConnectLimit, cancel);
            // From here on the scan's keeper asks for epochs, of an authority of its own each time.
            system.Stop(authority);
            return Start(run, system, devices, granted.Epoch, timeScale);
        }
        catch (Exception e) when (e is AskTimeoutException or TaskCanceledException)
        {
            await system.Terminate();
            throw new RefusedException(
                $"the journal {RunFolder.JournalOf(run.DataFolder)} did not answer within {ConnectLimit.TotalSeconds:0} s; see the log. " +
                "Is another program holding it, or the disk full?");
        }
    }

    /// <summary>Begins a new scan.</summary>
    public void Submit(RunToMake run) => Tell(new ScanCommand.SubmitScan(
        NowNs, _epoch, run.Uid, run.RequestJson, run.Beamline.Name, run.RunFolderName, Product.Version));

    /// <summary>Carries on with what the journal tells.</summary>
    public void TakeOver() => Tell(new ScanCommand.TakeOver(NowNs, _epoch, Node));

    /// <summary>Asks and waits for the scan's word: accepted or refused.</summary>
    public Task<ScanReply> AskAsync(Func<long, ScanCommand> command, CancellationToken cancel) =>
        _keeper.Ask<ScanReply>(command(NowNs), ConnectLimit, cancel);

    public async ValueTask DisposeAsync()
    {
        await CoordinatedShutdown.Get(_system).Run(CoordinatedShutdown.ClrExitReason.Instance);
        await DisposeAsync(_devices, _epics);
    }

    private static async Task DisposeAsync(IReadOnlyDictionary<string, IDevice> devices, EpicsClient? epics)
    {
        foreach (var device in devices.Values)
            await device.DisposeAsync();
        if (epics is not null)
            await epics.DisposeAsync();
    }

    private static string Node => $"{Environment.MachineName}:{Environment.ProcessId}";

    private static long NowNs => TimeProvider.System.NowNs();

    private void Tell(ScanCommand command) => _keeper.Tell(command, ActorRefs.NoSender);

    private static async Task ConnectAsync(IEnumerable<IDevice> devices, CancellationToken cancel)
    {
        using var limit = new CancellationTokenSource(ConnectLimit, TimeProvider.System);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, limit.Token);
        var problems = await ScanActors.ConnectAsync(devices, either.Token);
        if (problems.Count > 0)
            throw new RefusedException($"not every device can be reached:\n  {string.Join("\n  ", problems)}");
    }

    /// <summary>The plan counts beam time; what a summary adds it to is wall time.</summary>
    private static EquatableArray<KeyValuePair<string, long>> Scaled(
        EquatableArray<KeyValuePair<string, long>> planned, double timeScale) =>
        planned.Select(d => KeyValuePair.Create(d.Key, (long)(d.Value * timeScale))).ToEquatableArray();

    private static JournalFaults Faults()
    {
        try
        {
            return JournalFaults.Parse(Environment.GetEnvironmentVariable("FLYSCAN_KILL_AT"));
        }
        catch (ArgumentException mistake)
        {
            throw new RefusedException(mistake.Message);
        }
    }

    private static ScanSession Start(
        RunToMake run, ActorSystem system, IReadOnlyDictionary<string, IDevice> devices, long epoch, double timeScale)
    {
        var time = TimeProvider.System;
        var loggers = LoggerFactory.Create(to => to.AddProvider(new LogFile(run.Folder.Log, time, Console.Error)));
        system.ActorOf(LogWriter.Props(loggers), "log");
        var view = new RunView();
        var meter = new HandoverMeter(time);
        var shelf = new ProgrammeShelf();
        var plan = shelf.Put(run.Uid, run.Plan);
        var records = new RunRecords(run.Records with { PlannedDeadTimeNs = Scaled(run.Records.PlannedDeadTimeNs, timeScale) }, time);
        var monitor = system.ActorOf(
            Props.Create(() => new RunMonitor(view,
                context => context.ActorOf(RunRecorder.Props(records, meter, context.Self), "records"))), "monitor");
        var actors = ScanActors.OfDevices(
            system, run, devices,
            new DeviceSurroundings(
                new SegmentSalvage(time, SalvageLimit, AreaDetectorKept.HasNothingDecided), shelf, timeScale, time, monitor));
        // On a thread that may hang with its file system.
        actors[ScanSupervisor.DiskKey] = ScanActors.OfDisk(
            system, run,
            new DiskQuestions(
                folder => Task.Run(() =>
                {
                    JournalPresence.Check(RunFolder.JournalOf(run.DataFolder));
                    return run.FreeBytes(folder);
                }),
                folder => Task.Run(() => DiskSpace.Probe(folder))),
            time);
        var setup = new SupervisorSetup(
            run.Uid, run.Setup with { Plan = plan, WallPerPlan = timeScale }, run.Parameters, actors, monitor, time,
            Faults(), meter);
        var keeper = system.ActorOf(
            ScanKeeper.Props(new KeeperSetup(run.Uid, run.Beamline.Name, _ => setup, monitor, time, Node), epoch), $"scan-{run.Uid}");
        return new ScanSession(system, devices, keeper, view, meter, epoch);
    }
}
