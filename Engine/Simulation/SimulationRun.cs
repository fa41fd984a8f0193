using System.Globalization;

namespace Flyscan.Engine.Simulation;

/// <summary>One run of several nodes on one thread, one virtual clock and one network; the seed decides whatever is open.</summary>
/// <remarks>All members are called on one thread: that of the run. What happens is the same for the same options and scenario,
/// message for message, in every process.</remarks>
public sealed partial class SimulationRun
{
    private readonly List<SimulatedNode> _nodes = [];
    private readonly List<(string Name, Func<string?> Broken)> _invariants = [];
    private readonly Life _outside;

    /// <summary>An empty run at virtual time 0.</summary>
    public SimulationRun(SimulationOptions options)
    {
        Options = options;
        _thread = Environment.CurrentManagedThreadId;
        _choices = SimulationGenerator.For(options.Seed, "order");
        Trace = new SimulationTrace(this, options.RecordsTrace, options.MostTraceLines);
        Decisions = new FaultDecisions(this, options);
        _outside = new Life(this, "outside", 1, null);
        Network = new SimulatedNetwork(this, _outside);
    }

    public SimulationOptions Options { get; }

    /// <summary>Virtual time in nanoseconds since the run began.</summary>
    public long NowNs { get; private set; }

    /// <summary>The virtual date.</summary>
    public DateTimeOffset UtcNow => Options.Epoch.AddTicks(NowNs / 100);

    public SimulationTrace Trace { get; }

    public SimulatedNetwork Network { get; }

    /// <summary>The faults that have happened so far, in order: given back as <see cref="SimulationOptions.Faults"/> they make the same
    /// run again.</summary>
    public IReadOnlyList<Fault> Faults => Decisions.Applied;

    public IReadOnlyList<SimulatedNode> Nodes => _nodes;

    /// <summary>The virtual clock for the scenario's own waits; it outlives every node.</summary>
    public TimeProvider Time => _outside.Time;

    internal FaultDecisions Decisions { get; }

    /// <summary>Adds a node and starts it.</summary>
    public SimulatedNode AddNode(string name, NodeOptions options)
    {
        if (_nodes.Any(n => n.Name == name) || name == _outside.Name)
            throw new ArgumentException($"There is a node {name} already.", nameof(name));
        var node = new SimulatedNode(this, name, options);
        _nodes.Add(node);
        node.Start();
        return node;
    }

    public SimulatedNode Node(string name) => FindNode(name) ?? throw new ArgumentException(
        $"There is no node {name}; there are {string.Join(", ", _nodes.Select(n => n.Name))}.", nameof(name));

    /// <summary>A generator for one purpose of the scenario.</summary>
    public SimulationGenerator GeneratorFor(string purpose) => SimulationGenerator.For(Options.Seed, "scenario:" + purpose);

    /// <summary>Something that must hold whenever time passes; it gives the text of what is broken, or null.</summary>
    public void Invariant(string name, Func<string?> broken) => _invariants.Add((name, broken));

    /// <summary>Runs the action at that time, outside of every node.</summary>
    public IDisposable At(long timeNs, Action action) => _outside.At(timeNs, "scenario", action);

    /// <summary>Actions in order, outside of every node.</summary>
    public SimulatedLane NewLane() => new(_outside);

    internal void ScheduleFault(long timeNs, Action action) => Schedule(new FaultEvent(_outside, action), timeNs);

    internal SimulatedNode? FindNode(string name) => _nodes.Find(n => n.Name == name);

    /// <summary>An exception that names seed and time; the run ends with it even where it is thrown on another thread.</summary>
    internal SimulationException Problem(string text, Exception? cause = null)
    {
        var at = (NowNs / 1e9).ToString("F9", CultureInfo.InvariantCulture);
        var problem = new SimulationException($"seed {Options.Seed}, at {at} s: {text}", cause);
        Interlocked.CompareExchange(ref _problem, problem, null);
        return problem;
    }

    internal static long After(long nowNs, TimeSpan delay)
    {
        if (delay <= TimeSpan.Zero)
            return nowNs;
        return delay.Ticks >= (long.MaxValue - nowNs) / 100 ? long.MaxValue : nowNs + (delay.Ticks * 100);
    }
}
