namespace Flyscan.Engine.Simulation;

/// <summary>One thing that goes wrong, said so exactly that it can be made to happen again.</summary>
/// <remarks><b>Units</b> nanoseconds. Messages are numbered from 0 on each way between two ends (nodes or <c>node/group</c>); writes
/// from 0 on each node.</remarks>
public abstract record Fault
{
    private Fault()
    {
    }

    /// <summary>A message never arrives.</summary>
    public sealed record Lose(string From, string To, long Message) : Fault;

    /// <summary>A message arrives a second time, that much later.</summary>
    public sealed record Duplicate(string From, string To, long Message, long AfterNs) : Fault;

    /// <summary>A message, and what follows it, arrives later.</summary>
    public sealed record Delay(string From, string To, long Message, long ByNs) : Fault;

    /// <summary>Nothing passes between two ends for some time.</summary>
    public sealed record Partition(string A, string B, long AtNs, long ForNs) : Fault;

    /// <summary>A node dies at that time, or that many deliveries later, and is started again after being down for some time; never,
    /// where that is the greatest number.</summary>
    public sealed record Crash(string Node, long AtNs, long AfterDeliveries, long DownNs) : Fault;

    /// <summary>A journal's write fails, and nothing of it is stored.</summary>
    public sealed record FailWrite(string Node, long Write) : Fault;

    /// <summary>A journal's write takes longer.</summary>
    public sealed record DelayWrite(string Node, long Write, long ByNs) : Fault;
}

/// <summary>How much of each kind of fault a seed makes.</summary>
/// <remarks><b>Units</b> nanoseconds; likelihoods in millionths.</remarks>
public sealed record FaultProfile
{
    /// <summary>Of each message.</summary>
    public int LossPerMillion { get; init; }

    /// <summary>Of each message.</summary>
    public int DuplicationPerMillion { get; init; }

    /// <summary>Of each message.</summary>
    public int DelayPerMillion { get; init; }

    public long LongestDelayNs { get; init; } = 1_000_000_000;

    /// <summary>Of each write of a journal.</summary>
    public int WriteFailurePerMillion { get; init; }

    /// <summary>Of each write of a journal.</summary>
    public int WriteDelayPerMillion { get; init; }

    public long LongestWriteDelayNs { get; init; } = 1_000_000_000;

    /// <summary>Crashes within the horizon, each of a node that may crash.</summary>
    public int Crashes { get; init; }

    public long LongestDownNs { get; init; } = 2_000_000_000;

    /// <summary>A crash comes up to so many deliveries after its time, so that it meets a node at work.</summary>
    public long MostDeliveriesToCrash { get; init; } = 20;

    /// <summary>Partitions within the horizon, each between two nodes.</summary>
    public int Partitions { get; init; }

    public long LongestPartitionNs { get; init; } = 10_000_000_000;

    /// <summary>The time in which crashes and partitions begin.</summary>
    public long HorizonNs { get; init; } = 10_000_000_000;
}
