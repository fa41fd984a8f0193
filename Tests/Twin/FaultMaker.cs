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

    /// <summary>Kinds that come at some moment of a scan, in the order of the coverage table; the last five are the engine's.</summary>
    public static readonly IReadOnlyList<string> KindsAtPhases =
    [
        "kill process", "kill supervisor", "supervisor gone", "power failure", "kill all", "kill host", "partition", "cut connection",
        "network silent", "device stall", "late beam report", "missed frames", "extra trigger", "disk full", "disk low", "slow disk",
        "journal gone", "beam dump", "beam flicker", "clock step", "pause", "abort", "stale orders", "delayed message",
        "duplicated message",
        "lost message", "failed write", "slow write",
    ];

    /// <summary>Kinds that a whole scan has from its start.</summary>
    public static readonly IReadOnlyList<string> KindsFromStart =
    [
        "device hosts", "clock drift", "ring clock", "camera by stamps", "camera by counts", "camera by counter", "rates",
        "commit at end", "eager documents",
        "captured floor",
    ];

    /// <summary>Kinds that can be asked for.</summary>
    public static readonly IReadOnlyList<string> Kinds = [.. KindsAtPhases, .. KindsFromStart];

    private static readonly string[] OfEngine =
        ["delayed message", "duplicated message", "lost message", "failed write", "slow write"];

    // Where devices are in the supervisor's process there is nothing of the kind.
    private static readonly string[] BetweenProcesses = ["kill host", "partition"];

    private static readonly string[] Ports = ["motion", "z", "cam", "shutter", "ring", "control", "data"];

    private static readonly string[] StallPorts = ["motion", "z", "cam", "shutter", "control", "data"];

    // Of a frame of whole milliseconds each is a whole number of the box's ticks.
    private static readonly int[] Multiples = [0, 2, 4, 5];

    private static readonly int[] Fractions = [0, 2, 3, 4];

    // Where most of a scan's life is: the rarer phases are met through their neighbours.
    private static readonly string[] Likely = ["Preparing", "Flying", "Flying", "Enabling", "Starting", "AwaitingRecords"];

    private static readonly string[] Short =
        ["Adopting", "Staging", "Enabling", "Starting", "Halting", "MakingSafe", "Unstaging", Connecting];

    /// <summary>Faults of a seed, of the kinds allowed.</summary>
    public static List<TwinFault> Of(ulong seed, IReadOnlySet<string> kinds)
    {
        var draw = SimulationGenerator.For(seed, "twin faults");
        var faults = FromStart(seed, kinds);
        var hosts = HostsOf(faults);
        // Nothing tells a trigger too many where frames or exposures are only counted.
        var isCounted = faults.Any(f => f is TwinFault.CameraKnownBy { By: "counts" or "counter" });
        string[] own =
        [
            .. KindsAtPhases.Where(k => kinds.Contains(k) && !OfEngine.Contains(k) && (hosts > 0 || !BetweenProcesses.Contains(k))
                && (!isCounted || k != "extra trigger")),
            // A third of the scans has any: they would be met seldom.
            .. hosts > 0 ? BetweenProcesses.Where(kinds.Contains) : [], .. hosts > 0 ? BetweenProcesses.Where(kinds.Contains) : [],
        ];
        var count = own.Length == 0 ? 0 : draw.Below(4);
        for (var i = 0; i < count; i++)
        {
            string phase = draw.Below(3) == 0 ? Likely[draw.Below(Likely.Length)] : Phases[draw.Below(Phases.Count)];
            if (WayInto(phase, draw) is { } way && kinds.Contains(way.Kind))
                faults.Add(way);
            var nth = phase is "Preparing" or "Flying" ? 4 : 2;
            faults.Add(Make(own[draw.Below(own.Length)], new TwinMoment(phase, 1 + draw.Below(nth), After(phase, draw)), draw, hosts));
        }
        return faults;
    }

    private static List<TwinFault> FromStart(ulong seed, IReadOnlySet<string> kinds)
    {
        var draw = SimulationGenerator.For(seed, "twin start");
        var faults = new List<TwinFault>();
        if (draw.Below(3) == 0 && kinds.Contains("device hosts"))
            faults.Add(new TwinFault.DeviceHosts(1 + draw.Below(2)));
        if (draw.Below(3) == 0 && kinds.Contains("clock drift"))
            faults.Add(new TwinFault.ClockDrift(draw.Below(200_001) - 100_000));
        if (draw.Below(2) == 0 && kinds.Contains("ring clock"))
            faults.Add(new TwinFault.RingClock(draw.Below(2001) - 1000));
        var by = draw.Below(5) switch { 0 or 1 => "stamps", 2 => "counts", _ => "" };
        if (by.Length > 0 && kinds.Contains("camera by " + by))
            faults.Add(new TwinFault.CameraKnownBy(by));
        if (by.Length == 0 && SimulationGenerator.For(seed, "twin counter").Below(3) == 0 && kinds.Contains("camera by counter"))
            faults.Add(new TwinFault.CameraKnownBy("counter"));
        // A generator of its own: seeds from before there were rates keep what they had.
        var drawMore = SimulationGenerator.For(seed, "twin rates");
        var (fast, slow) = (Multiples[drawMore.Below(Multiples.Length)], Fractions[drawMore.Below(Fractions.Length)]);
        if (drawMore.Below(4) == 0 && fast + slow > 0 && kinds.Contains("rates"))
            faults.Add(new TwinFault.Rates(fast, slow));
        if (drawMore.Below(6) == 0 && kinds.Contains("commit at end"))
            faults.Add(new TwinFault.CommitAtEnd());
        if (drawMore.Below(6) == 0 && kinds.Contains("eager documents"))
            faults.Add(new TwinFault.EagerDocuments());
        if (drawMore.Below(5) == 0 && kinds.Contains("captured floor"))
            faults.Add(new TwinFault.CapturedFloor());
        return faults;
    }

    private static int HostsOf(IEnumerable<TwinFault> faults) => faults.OfType<TwinFault.DeviceHosts>().Sum(f => f.Count);

    /// <summary>A fault that leads into a phase which a scan otherwise seldom or never enters.</summary>
    private static TwinFault? WayInto(string phase, SimulationGenerator draw)
    {
        var from = Likely[draw.Below(Likely.Length)];
        var at = new TwinMoment(from, 1 + draw.Below(2), After(from, draw));
        return phase switch
        {
            Down or Connecting => Make("kill process", at, draw),
            "Adopting" => Make(draw.Below(2) == 0 ? "kill process" : "kill supervisor", at, draw),
            "Halting" => Make(draw.Below(2) == 0 ? "pause" : "beam dump", new TwinMoment("Flying", 1, draw.Below(30 * Ms)), draw),
            "Held" => Make(draw.Below(2) == 0 ? "pause" : "beam dump", at, draw),
            "MakingSafe" => Make("cut connection", at, draw),
            _ => null,
        };
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
        // In one process nothing loses messages.
        if (kinds.Contains("lost message") && HostsOf(FromStart(seed, kinds)) > 0 && draw.Below(2) == 0)
            profile = profile with { LossPerMillion = 20_000 };
        if (kinds.Contains("failed write") && draw.Below(8) == 0)
            profile = profile with { WriteFailurePerMillion = 20_000 };
        if (kinds.Contains("slow write") && draw.Below(4) == 0)
            profile = profile with { WriteDelayPerMillion = 50_000 };
        return profile;
    }

    private static TwinFault Make(string kind, TwinMoment at, SimulationGenerator draw, int hosts = 0) => kind switch
    {
        "kill process" => new TwinFault.KillProcess(at, Ms + Scaled(draw, 3000 * Ms)),
        "kill supervisor" => new TwinFault.KillSupervisor(at, Scaled(draw, 2000 * Ms)),
        "supervisor gone" => new TwinFault.KillSupervisor(at, (20 + draw.Below(20)) * 1000L * Ms),
        "kill host" => new TwinFault.KillHost(at, 1 + draw.Below(hosts), Ms + Scaled(draw, 5000 * Ms)),
        "partition" => new TwinFault.Partition(at, 1 + draw.Below(hosts), Ms + Scaled(draw, 12_000 * Ms)),
        "device stall" => new TwinFault.Stall(at, StallPorts[draw.Below(StallPorts.Length)], Ms + Scaled(draw, 4000 * Ms)),
        "late beam report" => new TwinFault.Stall(at, "ring", Ms + Scaled(draw, 4000 * Ms)),
        "disk low" => new TwinFault.DiskLow(at, 10 * Ms + Scaled(draw, 6000 * Ms)),
        "clock step" => new TwinFault.ClockStep(at, (draw.Below(2) == 0 ? -1 : 1) * (Ms + Scaled(draw, 20_000 * Ms))),
        "power failure" => new TwinFault.PowerFailure(at, Ms + Scaled(draw, 5000 * Ms)),
        "kill all" => new TwinFault.KillAll(at, Ms + Scaled(draw, 5000 * Ms)),
        "cut connection" => new TwinFault.Cut(at, Ports[draw.Below(Ports.Length)]),
        "network silent" => new TwinFault.Silence(at, Ms + Scaled(draw, 15_000 * Ms)),
        "missed frames" => new TwinFault.MissFrames(at, 1 + draw.Below(6)),
        "extra trigger" => new TwinFault.ExtraTrigger(at),
        "disk full" => new TwinFault.DiskFull(at, 10 * Ms + Scaled(draw, 3000 * Ms)),
        "journal gone" => new TwinFault.JournalGone(at, 10 * Ms + Scaled(draw, (draw.Below(5) == 0 ? 40_000 : 4000) * Ms)),
        "slow disk" => new TwinFault.SlowDisk(at, 10 * Ms + Scaled(draw, 3000 * Ms), Ms + Scaled(draw, 900 * Ms)),
        "beam dump" => new TwinFault.BeamDump(at, 100 * Ms + Scaled(draw, 3000 * Ms)),
        "beam flicker" => new TwinFault.BeamDump(at, 1000 + Scaled(draw, 99 * Ms)),
        "pause" => new TwinFault.Pause(at, Ms + Scaled(draw, 2000 * Ms)),
        "abort" => new TwinFault.Abort(at),
        "stale orders" => new TwinFault.StaleOrders(at),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "no such fault"),
    };

    /// <summary>Between two messages, between two frames, or later.</summary>
    private static long After(string phase, SimulationGenerator draw) => (Short.Contains(phase) ? draw.Below(2) : draw.Below(3)) switch
    {
        0 => draw.Below(500_000),
        1 => draw.Below(Short.Contains(phase) ? 5 * Ms : 30 * Ms),
        _ => draw.Below(1000 * Ms),
    };

    private static long Scaled(SimulationGenerator draw, long most) => draw.Below(2) == 0 ? draw.Below(most / 20) : draw.Below(most);
}
