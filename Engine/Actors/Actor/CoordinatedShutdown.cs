using Akka.Configuration;
using Akka.Dispatch;
using Akka.Event;

namespace Akka.Actor;

/// <summary>Runs registered tasks phase by phase and then ends the actor system.</summary>
public sealed class CoordinatedShutdown : IExtension
{
    public const string PhaseBeforeServiceUnbind = "before-service-unbind";
    public const string PhaseServiceUnbind = "service-unbind";
    public const string PhaseServiceRequestsDone = "service-requests-done";
    public const string PhaseServiceStop = "service-stop";
    public const string PhaseBeforeClusterShutdown = "before-cluster-shutdown";
    public const string PhaseClusterShardingShutdownRegion = "cluster-sharding-shutdown-region";
    public const string PhaseClusterLeave = "cluster-leave";
    public const string PhaseClusterExiting = "cluster-exiting";
    public const string PhaseClusterExitingDone = "cluster-exiting-done";
    public const string PhaseClusterShutdown = "cluster-shutdown";
    public const string PhaseBeforeActorSystemTerminate = "before-actor-system-terminate";
    public const string PhaseActorSystemTerminate = "actor-system-terminate";

    private readonly ActorSystemImpl _system;
    private readonly Lock _lock = new();
    private readonly IReadOnlyList<Phase> _phases;
    private readonly TaskCompletionSource<Done> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Reason? _reason;

    private CoordinatedShutdown(ActorSystemImpl system)
    {
        _system = system;
        _phases = ShutdownPhases.Read(system.Settings.Config.GetConfig("akka.coordinated-shutdown")!);
        if (system.Settings.CoordinatedShutdownTerminateActorSystem)
            AddTask(PhaseActorSystemTerminate, "terminate-system", EndSystem);
    }

    public ExtendedActorSystem System => _system;

    /// <summary>Why it runs; null until it does.</summary>
    public Reason? ShutdownReason => _reason;

    /// <summary>The sum of the time-outs of those phases that have a task.</summary>
    public TimeSpan TotalTimeout
    {
        get
        {
            lock (_lock)
                return _phases.Where(phase => phase.Tasks.Count > 0).Aggregate(TimeSpan.Zero, (sum, phase) => sum + phase.Timeout);
        }
    }

    public static CoordinatedShutdown Get(ActorSystem sys) => Id.Instance.Get(sys);

    public void AddTask(string phase, string taskName, Func<Task<Done>> task)
    {
        var found = Find(phase);
        ArgumentException.ThrowIfNullOrEmpty(taskName);
        lock (_lock)
            found.Tasks.Add((taskName, task));
    }

    public TimeSpan Timeout(string phase) => _phases.FirstOrDefault(p => p.Name == phase)?.Timeout
        ?? throw new ArgumentException($"Unknown phase [{phase}]. All phases must be defined in configuration.", nameof(phase));

    /// <summary>Runs the phases; a second call joins the first.</summary>
    public Task<Done> Run(Reason reason, string? fromPhase = null)
    {
        if (Interlocked.CompareExchange(ref _reason, reason, null) is null)
        {
            using var scope = DeterministicContext.Enter(_system);
            _ = RunPhases(fromPhase);
        }

        return _done.Task;
    }

    private async Task RunPhases(string? fromPhase)
    {
        try
        {
            var started = fromPhase is null;
            foreach (var phase in _phases)
            {
                started |= phase.Name == fromPhase;
                if (started)
                    await RunPhase(phase).ConfigureAwait(DeterministicContext.IsCurrent);
            }

            _done.TrySetResult(Done.Instance);
        }
        catch (Exception e)
        {
            _done.TrySetException(e);
        }
    }

    private async Task RunPhase(Phase phase)
    {
        Task[] running;
        lock (_lock)
            running = [.. phase.Tasks.Select(task => Start(phase, task.Name, task.Run))];
        if (running.Length == 0)
            return;
        var late = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var timer = new Cancelable(_system.Scheduler);
        _system.Scheduler.Advanced.ScheduleOnce(phase.Timeout, () => late.TrySetResult(), timer);
        var all = Task.WhenAll(running);
        if (await Task.WhenAny(all, late.Task).ConfigureAwait(DeterministicContext.IsCurrent) == all)
        {
            timer.Cancel();
            await all.ConfigureAwait(DeterministicContext.IsCurrent);
            return;
        }

        var text = $"Coordinated shutdown phase [{phase.Name}] timed out after {phase.Timeout}";
        if (!phase.Recover)
            throw new TimeoutException(text);
        _system.Log.Warning(text);
    }

    private async Task Start(Phase phase, string name, Func<Task<Done>> run)
    {
        try
        {
            await run().ConfigureAwait(DeterministicContext.IsCurrent);
        }
        catch (Exception e) when (phase.Recover)
        {
            _system.Log.Warning("Task [{0}] failed in phase [{1}]: {2}", name, phase.Name, e.Message);
        }
    }

    private async Task<Done> EndSystem()
    {
        _system.FinalTerminate();
        await _system.WhenTerminated.ConfigureAwait(DeterministicContext.IsCurrent);
        return Done.Instance;
    }

    private Phase Find(string name) => _phases.FirstOrDefault(phase => phase.Name == name)
        ?? throw new ConfigurationException(
            $"Unknown phase [{name}], known phases [{string.Join(", ", _phases.Select(phase => phase.Name))}]. "
            + "All phases (along with their optional dependencies) must be defined in configuration");

    internal sealed class Phase(string name, TimeSpan timeout, bool recover, IReadOnlyList<string> dependsOn)
    {
        internal string Name { get; } = name;

        internal TimeSpan Timeout { get; } = timeout;

        /// <summary>Whether the shutdown goes on where a task of this phase fails.</summary>
        internal bool Recover { get; } = recover;

        internal IReadOnlyList<string> DependsOn { get; } = dependsOn;

        internal List<(string Name, Func<Task<Done>> Run)> Tasks { get; } = [];
    }

    /// <summary>Why a system shuts down.</summary>
    public class Reason
    {
        protected Reason()
        {
        }
    }

    /// <summary>No reason was given.</summary>
    public class UnknownReason : Reason
    {
        public static readonly Reason Instance = new UnknownReason();

        private UnknownReason()
        {
        }
    }

    /// <summary>The actor system was told to terminate.</summary>
    public class ActorSystemTerminateReason : Reason
    {
        public static readonly Reason Instance = new ActorSystemTerminateReason();

        private ActorSystemTerminateReason()
        {
        }
    }

    /// <summary>The process ends.</summary>
    public class ClrExitReason : Reason
    {
        public static readonly Reason Instance = new ClrExitReason();

        private ClrExitReason()
        {
        }
    }

    private sealed class Id : ExtensionIdProvider<CoordinatedShutdown>
    {
        internal static readonly Id Instance = new();

        public override CoordinatedShutdown CreateExtension(ExtendedActorSystem system) => new((ActorSystemImpl)system);
    }
}

/// <summary>Reads the phases and puts each behind those it depends on.</summary>
internal static class ShutdownPhases
{
    internal static IReadOnlyList<CoordinatedShutdown.Phase> Read(Config config)
    {
        var usual = config.GetTimeSpan("default-phase-timeout", TimeSpan.FromSeconds(5));
        var phases = config.GetConfig("phases")!;
        var declared = phases.Keys().Select(name => new CoordinatedShutdown.Phase(
            name,
            phases.GetTimeSpan($"{name}.timeout", usual),
            phases.GetBoolean($"{name}.recover", true),
            [.. phases.GetStringList($"{name}.depends-on")])).ToArray();
        var ordered = new List<CoordinatedShutdown.Phase>();
        foreach (var phase in declared)
            Visit(phase, declared, ordered, []);
        return ordered;
    }

    private static void Visit(
        CoordinatedShutdown.Phase phase,
        CoordinatedShutdown.Phase[] all,
        List<CoordinatedShutdown.Phase> ordered,
        List<string> above)
    {
        if (ordered.Contains(phase))
            return;
        if (above.Contains(phase.Name))
            throw new ConfigurationException($"Cycle detected in graph of phases at [{phase.Name}]: {string.Join(" -> ", above)}");
        above.Add(phase.Name);
        foreach (var before in phase.DependsOn)
        {
            if (all.FirstOrDefault(p => p.Name == before) is { } found)
                Visit(found, all, ordered, above);
        }

        above.Remove(phase.Name);
        ordered.Add(phase);
    }
}
