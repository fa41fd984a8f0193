using Flyscan.Hardware.Detectors;
using Flyscan.Hardware.Simulation;
using Flyscan.Tests.Hardware.Simulation;
using Xunit;

namespace Flyscan.Tests.Hardware.Detectors;

public sealed class SimulatedDiodeTests
{
    private const long Ms = 1_000_000;
    private readonly SteppedWorld _world = new();
    private readonly CubicTrack _x = new(0);
    private readonly CubicTrack _y = new(0);

    [Fact]
    public void It_counts_the_same_whether_it_is_read_often_or_once()
    {
        var (often, once) = (new SimulatedDiode(_world, [_x, _y]), new SimulatedDiode(_world, [_x, _y]));
        for (var step = 0; step < 200; step++)
        {
            if (step % 50 == 0)
            {
                var now = _world.NowNs;
                _x.Continue(now, [new Knot(now + 40 * Ms, step * 0.02, 3), new Knot(now + 80 * Ms, step * 0.03, 0)]);
            }
            _world.RunTo(_world.NowNs + 777_777);
            often.At(_world.NowNs);
        }
        Assert.Equal(once.At(_world.NowNs), often.At(_world.NowNs));
    }

    [Fact]
    public void At_rest_it_counts_at_a_constant_rate_and_a_dump_stops_it()
    {
        var diode = new SimulatedDiode(_world, [_x, _y]);
        _world.RunTo(1000 * Ms);
        // 0.05 + 0.95 / 2 of the full rate where both gratings are at their middle.
        Assert.Equal(525_000, diode.At(_world.NowNs));
        diode.SetFlux(0);
        _world.RunTo(5000 * Ms);
        Assert.Equal(525_000, diode.At(_world.NowNs));
        diode.SetFlux(1);
        _world.RunTo(6000 * Ms);
        Assert.Equal(1_050_000, diode.At(_world.NowNs));
    }

    [Fact]
    public void The_time_of_a_count_is_the_first_at_which_it_is_reached()
    {
        var diode = new SimulatedDiode(_world, [_x, _y]);
        _x.Continue(0, [new Knot(50 * Ms, 1, 0)]);
        var at = diode.NextReach(20_000, true, 0)!.Value;
        _world.RunTo(at);
        Assert.Equal((19_999, 20_000), (diode.At(at - 1), diode.At(at)));
        Assert.Null(diode.NextReach(0, false, at));
    }
}
