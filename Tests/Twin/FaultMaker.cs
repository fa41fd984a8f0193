using Flyscan.Engine.Simulation;

namespace Flyscan.Twin;

/// <summary>Draws the faults of a seed.</summary>
internal static class FaultMaker
{
    private const long Ms = 1_000_000;

    /// <summary>The supervisor's steps, and what stands for the time in which there is none.</summary>
    public static readonly IReadOnlyList<string> Phases =
    [
        Down, Connecting, "Adopting", "Staging", "Preparing", "Enabling", "Starting", "Flying", "Halting", "AwaitingRecords", "Held",
        "MakingSafe", "Unstaging", "Ended",
    ];

    public const string Down = "Down";
    public const string Connecting = "Connecting";

    /// <summary>Kinds that can be asked for, in the order of the coverage table.</summary>
    public static readonly IReadOnlyList<string> Kinds =
    [
        "kill process", "kill supervisor", "power failure", "kill all", "cut connection", "network silent", "missed frames", "disk full",
        "slow disk", "beam dump", "beam flicker", "pause", "abort", "stale orders", "delayed message", "duplicated message",
        "failed write", "slow write",
    ];

    private static readonly string[] Ports = ["motion", "z", "cam", "shutter", "ring", "control", "data"];

    // Where most of a scan's life is: the rarer phases are met through their neighbours.
    private static readonly string[] Likely = ["Preparing", "Flying", "Flying", "Enabling", "Starting", "AwaitingRecords"];

    /// <summary>Faults of a seed, of the kinds allowed.</summary>
    public static List<TwinFault> Of(ulong seed, IReadOnlySet<string> kinds)
    {
        var draw = SimulationGenerator.For(seed, "twin faults");
        string[] own = [.. Kinds.Take(14).Where(kinds.Contains)];
        var count = own.Length == 0 ? 0 : draw.Below(5);
        var faults = new List<TwinFault>();
        for (var i = 0; i < count; i++)
        {
            // Later faults often come in what the ones before them led to.
            string phase = draw.Below(3) == 0 ? Likely[draw.Below(Likely.Length)] : Phases[draw.Below(Phases.Count)];
            var moment = new TwinMoment(phase, 1 + draw.Below(phase is "Preparing" or "Flying" ? 4 : 2), After(draw));
            faults.Add(Make(own[draw.Below(own.Length)], moment, draw));
        }
        return faults;
    }

    /// <summary>What the engine does to single messages and writes.</summary>
    public static FaultProfile? ProfileOf(ulong seed, IReadOnlySet<string> kinds)
    {
        var draw = SimulationGenerator.For(seed, "twin profile");
        var profile = new FaultProfile { LongestDelayNs = 300 * Ms, LongestWriteDelayNs = 1000 * Ms };
        if (kinds.Contains("delayed message") && draw.Below(4) == 0)
            profile = profile with { DelayPerMillion = 20_000 };
        if (kinds.Contains("duplicated message") && draw.Below(4) == 0)
            profile = profile with { DuplicationPerMillion = 20_000 };
        if (kinds.Contains("failed write") && draw.Below(8) == 0)
            profile = profile with { WriteFailurePerMillion = 20_000 };
        if (kinds.Contains("slow write") && draw.Below(4) == 0)
            profile = profile with { WriteDelayPerMillion = 50_000 };
        return profile;
    }

    private static TwinFault Make(string kind, TwinMoment at, SimulationGenerator draw) => kind switch
    {
        "kill process" => new TwinFault.KillProcess(at, Ms + Scaled(draw, 3000 * Ms)),
        "kill supervisor" => new TwinFault.KillSupervisor(at, Scaled(draw, 2000 * Ms)),
        "power failure" => new TwinFault.PowerFailure(at, Ms + Scaled(draw, 5000 * Ms)),
        "kill all" => new TwinFault.KillAll(at, Ms + Scaled(draw, 5000 * Ms)),
        "cut connection" => new TwinFault.Cut(at, Ports[draw.Below(Ports.Length)]),
        "network silent" => new TwinFault.Silence(at, Ms + Scaled(draw, 15_000 * Ms)),
        "missed frames" => new TwinFault.MissFrames(at, 1 + draw.Below(6)),
        "disk full" => new TwinFault.DiskFull(at, 10 * Ms + Scaled(draw, 3000 * Ms)),
        "slow disk" => new TwinFault.SlowDisk(at, 10 * Ms + Scaled(draw, 3000 * Ms), Ms + Scaled(draw, 900 * Ms)),
        "beam dump" => new TwinFault.BeamDump(at, 100 * Ms + Scaled(draw, 3000 * Ms)),
        "beam flicker" => new TwinFault.BeamDump(at, 1000 + Scaled(draw, 99 * Ms)),
        "pause" => new TwinFault.Pause(at, Ms + Scaled(draw, 2000 * Ms)),
        "abort" => new TwinFault.Abort(at),
        "stale orders" => new TwinFault.StaleOrders(at),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "no such fault"),
    };

    /// <summary>Between two messages, between two frames, or later.</summary>
    private static long After(SimulationGenerator draw) => draw.Below(3) switch
    {
        0 => draw.Below(500_000),
        1 => draw.Below(30 * Ms),
        _ => draw.Below(1000 * Ms),
    };

    private static long Scaled(SimulationGenerator draw, long most) => draw.Below(2) == 0 ? draw.Below(most / 20) : draw.Below(most);
}
