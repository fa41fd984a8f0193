using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Triggering;
using Flyscan.Scanning.Units;
using Xunit;

namespace Flyscan.Tests.Hardware.PandA;

/// <summary>Frames that begin by position, on the simulated box.</summary>
public sealed class PandAPlaceTests
{
    private const long Ms = PandABench.Ms;

    private static readonly TakeMark Mark = new(99);

    private readonly PandABench _bench = new();
    private readonly List<(long AtNs, int Count)> _begun = [];

    public PandAPlaceTests() => _bench.Box.TtlOut(1).Changed += high =>
    {
        if (high)
            _begun.Add((_bench.World.NowNs, _bench.X.At(_bench.World.NowNs)));
    };

    [Fact]
    public void Frames_begin_at_their_places_whatever_the_velocity_and_in_both_directions()
    {
        _bench.ConnectAndStage();
        _bench.Do(c => _bench.Driver.LoadAsync(Mark, new TriggerProgramme([Row(0, up: true), Row(10, up: false)]), c));
        _bench.Do(c => _bench.Driver.EnableAsync(Mark, c));
        var start = _bench.World.NowNs + 10 * Ms;
        // Counts: 6.0 mm is 1000. Twice as fast from the middle on, and back evenly.
        _bench.X.Move((start, 900), (start + 600 * Ms, 1500), (start + 850 * Ms, 2000), (start + 900 * Ms, 2100), (start + 2000 * Ms, 900));

        var done = _bench.Do(c => _bench.Driver.WaitDoneAsync(Mark, 2100 * Ms, c));

        Assert.Equal(new BoxStatus(BoxPhase.Idle, Mark, 20, null), done);
        var up = Enumerable.Range(0, 10).Select(i => 1000 + 100 * i);
        var down = Enumerable.Range(0, 10).Select(i => 2000 - 100 * i);
        Assert.Equal(20, _begun.Count);
        Assert.All(up.Concat(down).Zip(_begun), p => Assert.InRange(Math.Abs(p.First - p.Second.Count), 0, 1));
        Assert.InRange((_begun[3].AtNs - _begun[2].AtNs) / (double)(_begun[8].AtNs - _begun[7].AtNs), 1.95, 2.05);
        Assert.Equal(20, _bench.Do(c => _bench.Driver.UnstageAsync([], c)));
        Assert.All(_bench.Stores.Stores[0].Longs("gate_duration"), ns => Assert.Equal(10 * Ms, ns));
    }

    [Fact]
    public void Closing_the_gate_ends_after_a_whole_exposure()
    {
        _bench.ConnectAndStage();
        _bench.Do(c => _bench.Driver.LoadAsync(Mark, new TriggerProgramme([Row(0, up: true)]), c));
        _bench.Do(c => _bench.Driver.EnableAsync(Mark, c));
        var start = _bench.World.NowNs;
        _bench.X.Move((start, 900), (start + 1200 * Ms, 2100));
        _bench.World.RunUntil(start + 450 * Ms);

        // Four frames have begun, at 1000 to 1300; the fifth is past the gate and waits for its place.
        var halted = _bench.Do(_bench.Driver.HaltAsync);

        Assert.Equal(new BoxStatus(BoxPhase.Idle, Mark, 5, null), halted);
        _bench.World.RunUntil(start + 2000 * Ms);
        Assert.Equal(5, _begun.Count);
        Assert.Equal(5, _bench.Do(c => _bench.Driver.UnstageAsync([], c)));
        Assert.All(_bench.Stores.Stores[0].Longs("gate_duration"), ns => Assert.Equal(10 * Ms, ns));
    }

    [Fact]
    public void A_place_that_is_never_reached_does_not_hold_a_halt()
    {
        _bench.ConnectAndStage();
        _bench.Do(c => _bench.Driver.LoadAsync(Mark, new TriggerProgramme([Row(0, up: true)]), c));
        _bench.Do(c => _bench.Driver.EnableAsync(Mark, c));
        var start = _bench.World.NowNs;
        _bench.X.Move((start, 900), (start + 250 * Ms, 1150));
        _bench.World.RunUntil(start + 500 * Ms);
        Assert.Equal(new BoxStatus(BoxPhase.Idle, Mark, 2, null), _bench.Do(_bench.Driver.HaltAsync));
    }

    /// <summary>Ten frames of 0.1 mm from 6 mm on, or back from 7 mm.</summary>
    private static TriggerWindow Row(long first, bool up)
    {
        var (from, step) = up ? (6.0, 0.1) : (7.0, -0.1);
        var trains = Enumerable.Range(0, 10).Select(i => new PulseTrain(1, 10 * Ms, 100 * Ms) { At = i == 0 ? null : from + i * step });
        return new TriggerWindow(first, false, new PositionCompare("x", from, up), trains.ToEquatableArray());
    }
}
