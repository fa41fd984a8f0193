using Akka.Actor;
using Flyscan.Actors.Devices;
using Flyscan.Engine.Simulation;
using Flyscan.Hardware.Contracts;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Units;
using Flyscan.Tests.EmbeddedOnly.Simulation;
using Xunit;
using static Flyscan.Tests.EmbeddedOnly.Simulation.Sim;

namespace Flyscan.Tests.EmbeddedOnly.Actors;

/// <summary>A device whose supervisor falls silent, on virtual time.</summary>
public sealed class LeaseTests
{
    private readonly SimulationRun _run = Sim.Run();
    private readonly SimulatedNode _node;
    private readonly StillShutter _shutter;
    private readonly IActorRef _actor;

    public LeaseTests()
    {
        _node = _run.Add("devices");
        _shutter = new StillShutter(() => _run.NowNs);
        _actor = _node.System.ActorOf(ShutterActor.Props(_shutter, _node.Time), "shutter");
    }

    [Fact]
    public void A_device_that_hears_nothing_goes_to_its_safe_state_when_its_lease_is_over()
    {
        Order(1, LeaseEnd.FinishTake);
        _run.RunFor(60 * Second);
        Assert.InRange(Assert.Single(_shutter.MadeSafe), 10 * Second, 13 * Second);
    }

    [Fact]
    public void A_device_that_hears_of_its_supervisor_stays_as_it_is()
    {
        Order(1, LeaseEnd.FinishTake);
        for (var i = 0; i < 30; i++)
        {
            _run.RunFor(8 * Second);
            _actor.Tell(new KeepLease(1, 0), ActorRefs.NoSender);
        }
        _run.RunFor(Second);
        Assert.Empty(_shutter.MadeSafe);
    }

    [Theory]
    [InlineData(LeaseEnd.FinishTake, 40, 43)]
    [InlineData(LeaseEnd.StopNow, 10, 13)]
    public void A_take_in_flight_is_finished_or_not_as_the_lease_says(LeaseEnd end, long from, long to)
    {
        Order(1, end);
        _actor.Tell(new KeepLease(1, 40 * Second), ActorRefs.NoSender);
        _run.RunFor(120 * Second);
        Assert.InRange(Assert.Single(_shutter.MadeSafe), from * Second, to * Second);
    }

    [Fact]
    public void A_supervisor_of_an_older_epoch_keeps_and_releases_nothing()
    {
        Order(7, LeaseEnd.FinishTake);
        for (var i = 0; i < 30; i++)
        {
            _run.RunFor(Second);
            _actor.Tell(new KeepLease(6, 100 * Second), ActorRefs.NoSender);
            _actor.Tell(new ReleaseLease(6), ActorRefs.NoSender);
        }
        Assert.Single(_shutter.MadeSafe);
    }

    [Fact]
    public void A_scan_that_has_ended_leaves_its_devices_alone()
    {
        Order(1, LeaseEnd.StopNow);
        _actor.Tell(new ReleaseLease(1), ActorRefs.NoSender);
        _run.RunFor(60 * Second);
        Assert.Empty(_shutter.MadeSafe);
    }

    [Fact]
    public void A_safe_state_that_is_not_reached_is_tried_again_and_a_successor_ends_that()
    {
        Order(1, LeaseEnd.StopNow);
        _shutter.Problem = "it is stuck";
        _run.RunFor(20 * Second);
        Assert.InRange(_shutter.MadeSafe.Count, 3, 5);
        _shutter.Problem = null;
        var tried = _shutter.MadeSafe.Count;
        _run.RunFor(60 * Second);
        Assert.Equal(tried + 1, _shutter.MadeSafe.Count);
        Order(2, LeaseEnd.StopNow);
        _run.RunFor(60 * Second);
        Assert.Equal(tried + 2, _shutter.MadeSafe.Count);
    }

    [Fact]
    public void A_full_disk_and_one_that_hangs_are_told_once_and_room_too()
    {
        var free = new TaskCompletionSource<long?>();
        Func<string, Task<long?>> ask = _ => Task.FromResult<long?>(1000);
        List<(long AtNs, object Message)> heard = [];
        var disk = _node.System.ActorOf(
            DiskActor.Props(
                "/data", new DiskLimits(300_000_000, 600_000_000),
                new DiskQuestions(folder => ask(folder), _ => Task.FromResult<string?>("not asked for")), _node.Time),
            "disk");
        disk.Tell(new DeviceOrder(1, 1, "u", new RunParameters("/data", 1, 1, []), new ScanEffect.WatchDisk()), _node.Ear("ear", heard));
        _run.RunFor(5 * Second);
        ask = _ => Task.FromResult<long?>(400_000_000);
        _run.RunFor(5 * Second);
        Assert.Equal(
            "0 MB are free on the disk of /data, 600 MB are needed to go on",
            Assert.IsType<ScanCommand.DiskReported>(Assert.Single(heard).Message).Reason);
        ask = _ => Task.FromResult<long?>(600_000_000);
        _run.RunFor(5 * Second);
        ask = _ => free.Task;
        _run.RunFor(10 * Second);
        Assert.Equal([false, true, false], heard.Select(h => ((ScanCommand.DiskReported)h.Message).IsGood));
        Assert.Equal("the file system of /data has not answered for 5 s", ((ScanCommand.DiskReported)heard[2].Message).Reason);
        Assert.InRange(heard[2].AtNs - heard[1].AtNs, 5 * Second, 12 * Second);
    }

    [Fact]
    public void After_a_failed_write_there_is_room_only_once_something_could_be_written()
    {
        string? problem = "no space left on device";
        List<(long AtNs, object Message)> heard = [];
        var disk = _node.System.ActorOf(
            DiskActor.Props(
                "/data", new DiskLimits(300_000_000, 600_000_000),
                new DiskQuestions(_ => Task.FromResult<long?>(1L << 40), _ => Task.FromResult<string?>(problem)), _node.Time),
            "disk");
        void Order(long number, ScanEffect effect) =>
            disk.Tell(new DeviceOrder(1, number, "u", new RunParameters("/data", 1, 1, []), effect), _node.Ear($"ear{number}", heard));
        Order(1, new ScanEffect.WatchDisk());
        _run.RunFor(3 * Second);
        Order(2, new ScanEffect.ProbeDisk());
        _run.RunFor(20 * Second);
        Assert.Equal([true], heard.Select(h => ((ScanCommand.DiskReported)h.Message).IsGood));
        problem = null;
        _run.RunFor(3 * Second);
        Assert.Equal([true, true], heard.Select(h => ((ScanCommand.DiskReported)h.Message).IsGood));
    }

    private void Order(long epoch, LeaseEnd end) => _actor.Tell(
        new DeviceOrder(
            epoch, 1, "u",
            new RunParameters("run", 1, 1, []) { Lease = new DeviceLease(TimeSpan.FromSeconds(10), end) },
            new ScanEffect.MoveShutter("shutter", true)),
        ActorRefs.NoSender);

    private sealed class StillShutter(Func<long> now) : IShutter
    {
        public event Action<string>? Lost
        {
            add { }
            remove { }
        }

        public string Name => "shutter";

        public List<long> MadeSafe { get; } = [];

        public string? Problem { get; set; }

        public Task<Outcome<Nothing>> ConnectAsync(CancellationToken cancel) => throw new NotSupportedException();

        public Task<Outcome<ShutterPosition>> GetAsync(CancellationToken cancel) => throw new NotSupportedException();

        public Task<Outcome<ShutterPosition>> SetAsync(bool open, CancellationToken cancel) =>
            Task.FromResult<Outcome<ShutterPosition>>(new Outcome<ShutterPosition>.Completed(ShutterPosition.Open));

        public Task<Outcome<Nothing>> MakeSafeAsync(CancellationToken cancel)
        {
            MadeSafe.Add(now());
            return Task.FromResult<Outcome<Nothing>>(
                Problem is null ? new Outcome<Nothing>.Completed(Nothing.Value) : new Outcome<Nothing>.Failed(Problem));
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
