using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Epics;
using Flyscan.Hardware.Epics.ChannelAccess;
using Flyscan.Hardware.Epics.ChannelAccess.Server;
using Flyscan.Hardware.Hdf5;
using Flyscan.Hocon;
using Flyscan.Host.Composition;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Trajectories;
using Flyscan.Scanning.Units;
using Flyscan.Tests.Hardware.Epics.ChannelAccess;
using Xunit;

namespace Flyscan.Tests.Hardware.Epics;

/// <summary>A PMAC driver and a simulated trajectory scan IOC, over Channel Access in memory.</summary>
internal sealed class PmacBench : IAsyncDisposable
{
    public static readonly CancellationToken None = CancellationToken.None;
    public static readonly TakeMark Mark = new(7);

    private const string Settings = """
        kind = pmac, pv = "BRICK", coordinate-system = 2, min-segment = 20 ms, slice = 20, ahead = 20, append-within = 100 ms
        axes {
          x { pv = "STAGE:X", unit = mm, low = -10, high = 10, velocity = 50, acceleration = 500, tolerance = 0.001 }
          y { pv = "STAGE:Y", unit = mm, low = -10, high = 10, velocity = 50, acceleration = 500, tolerance = 0.001 }
        }
        """;

    private readonly Dictionary<string, ServedPv> _texts = [];

    public PmacBench()
    {
        Simulator = new PmacSimulator(
            Ca.Server, new PmacSimulatorSettings("BRICK", 2, new PmacUserPrograms(1, 2, 8)), Ca.Server.Add);
        (X, Y) = (Serve("STAGE:X", 'A'), Serve("STAGE:Y", 'B'));
        Simulator.Live.Changed += high => LiveChanges.Add((Ca.Clock.NowNs, high));
        Driver = Make();
    }

    public CaBench Ca { get; } = new();

    public PmacSimulator Simulator { get; }

    public MotorRecord X { get; }

    public MotorRecord Y { get; }

    public List<(long AtNs, bool High)> LiveChanges { get; } = [];

    /// <summary>Whatever is asked of it goes on in the bench's own queue.</summary>
    public PmacDriver Driver
    {
        get
        {
            Ca.Enter();
            return field;
        }
        private set;
    }

    /// <summary>There and back along x in so many segments of 20 ms, y at 1 all the while; live in the middle half of each way.</summary>
    public static Trajectory Wave(int points)
    {
        var seconds = 0.02 * points;
        double Phase(int i) => 2 * Math.PI * i / points;
        return new Trajectory
        {
            Controller = "motion",
            Axes = ["x", "y"],
            Start = [0, 1],
            DurationsNs = [.. Enumerable.Repeat(20_000_000L, points)],
            Positions = [.. Enumerable.Range(1, points).SelectMany(i => new[] { i == points ? 0 : 4 * (1 - Math.Cos(Phase(i))), 1 })],
            Velocities = [.. Enumerable.Range(1, points)
                .SelectMany(i => new[] { i == points ? 0 : 4 * 2 * Math.PI / seconds * Math.Sin(Phase(i)), 0 })],
            Live = [.. Enumerable.Range(0, points).Select(i => i % (points / 2) >= points / 8 && i % (points / 2) < 3 * points / 8)],
        };
    }

    /// <summary>A successor that knows nothing.</summary>
    public async Task RestartAsync()
    {
        await Driver.DisposeAsync();
        Driver = Make();
        await ConnectAsync();
    }

    public ServedPv Text(string name) => _texts[name];

    public async Task ConnectAsync() => Assert.Null((await Ca.EndAsync(Driver.ConnectAsync(None))).Problem);

    public async Task AtStartAsync(Trajectory trajectory)
    {
        await ConnectAsync();
        Assert.Equal(MotionPhase.Loaded, Completed(await Ca.EndAsync(Driver.LoadAsync(Mark, trajectory, None))).Phase);
        Assert.Equal(MotionPhase.AtStart, Completed(await Ca.EndAsync(Driver.MoveToStartAsync(Mark, None))).Phase);
    }

    public async Task<MotionStatus> StartAsync() => Completed(await Ca.EndAsync(Driver.StartAsync(Mark, None)));

    public async Task<MotionStatus> StatusAsync() => Completed(await Ca.EndAsync(Driver.GetStatusAsync(None)));

    public async Task<MotionStatus> DoneAsync() => Completed(await Ca.EndAsync(Driver.WaitDoneAsync(Mark, None), seconds: 300));

    public static MotionStatus Completed(Outcome<MotionStatus> outcome) =>
        outcome is Outcome<MotionStatus>.Completed { Value: var status } ? status : throw new Xunit.Sdk.XunitException(outcome.Problem);

    public static PmacSettings Read(string more = "") =>
        PmacSettings.Read("motion", new HoconSettings("motion", HoconConfiguration.Parse($"{Settings}\n{more}", "f")));

    public async ValueTask DisposeAsync()
    {
        await Driver.DisposeAsync();
        await Ca.DisposeAsync();
    }

    private PmacDriver Make() => new("motion", Read(), new DeviceEnvironment(
        Ca.Clock, Ca.Network, new InMemoryFrameStoreFactory(), 1, EndpointOverrides.None)
    {
        Pvs = () => Ca.Client,
        Time = Ca.Time,
    });

    private MotorRecord Serve(string name, char letter)
    {
        var motor = new MotorRecord(Ca.Server, new MotorRecordSettings(name, "mm", -10, 10, 50, 0.1, 1e-4));
        Ca.Server.Add(motor.Record);
        Simulator.Assign(letter, motor);
        foreach (var (suffix, text) in new[] { ("CsPort_RBV", "CS2"), ("CsAxis_RBV", $"{letter}") })
        {
            var record = new ServedRecord($"{name}:{suffix}", "stringin");
            _texts[record.Name] = record.Add("VAL", Dbr.String, new PvValue.Text(text));
            Ca.Server.Add(record);
        }
        return motor;
    }
}
