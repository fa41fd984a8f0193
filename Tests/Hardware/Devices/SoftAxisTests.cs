using Flyscan.Hardware.Devices;
using Flyscan.Hardware.Simulation.Line;
using Flyscan.Scanning.Planning;
using Flyscan.Tests.Hardware.Simulation;
using Xunit;

namespace Flyscan.Tests.Hardware.Devices;

public sealed class SoftAxisTests
{
    private const long Ms = 1_000_000;
    private static readonly AxisDescription Z = new("z", "mm", -20, 20, 20, 200, null, null, 10 * Ms);
    private static readonly AxisDescription Kelvin = new("t", "K", 80, 400, 50, double.PositiveInfinity, null, null, 50 * Ms);

    [Fact]
    public void A_motor_goes_at_its_limits_and_answers_when_settled()
    {
        var motor = new SimulatedMotor(Z, 1);
        // 0.1 s and 1 mm for each ramp, 8 mm at 20 mm/s between them, 10 ms to settle.
        Assert.Equal(610 * Ms, motor.MoveTo(10, 0));
        Assert.Equal(5, motor.ValueAt(300 * Ms), 6);
        Assert.InRange(motor.ValueAt(610 * Ms), 10 - 40e-6, 10 + 40e-6);
    }

    [Fact]
    public void A_stopped_motor_brakes_and_stays()
    {
        var motor = new SimulatedMotor(Z, 1);
        motor.MoveTo(10, 0);
        Assert.Equal(300 * Ms + 100 * Ms + 10 * Ms, motor.Stop(300 * Ms));
        Assert.InRange(motor.ValueAt(410 * Ms), 5.9, 6.1);
        Assert.Equal(motor.ValueAt(410 * Ms), motor.ValueAt(10_000 * Ms));
    }

    [Fact]
    public void A_temperature_ramps_at_its_rate_and_settles_within_its_tolerance_for_the_settling_time()
    {
        var temperature = new SimulatedTemperature(new VirtualTemperatureSettings("", 0, Kelvin, 0.1));
        var settled = temperature.MoveTo(195, 0);
        for (var t = 0L; t < settled; t += Ms)
            Assert.InRange(temperature.ValueAt(t) - temperature.ValueAt(t + Ms), -1e-9, 50e-3 + 1e-9);
        var entered = settled - Kelvin.SettleNs;
        Assert.InRange(Math.Abs(temperature.ValueAt(entered) - 195), 0.0999, 0.1001);
        Assert.InRange(entered, 2000 * Ms, 2100 * Ms);
        Assert.InRange(Math.Abs(temperature.ValueAt(settled) - 195), 0, 0.1);
    }

    [Fact]
    public void A_stopped_temperature_holds_where_its_ramp_is()
    {
        var temperature = new SimulatedTemperature(new VirtualTemperatureSettings("", 0, Kelvin, 0.1));
        temperature.MoveTo(195, 0);
        var settled = temperature.Stop(1000 * Ms);
        Assert.InRange(temperature.ValueAt(settled), 244.9, 245.1);
    }

    [Fact]
    public void A_move_is_answered_when_settled_and_no_other_is_taken_until_then()
    {
        var world = new SteppedWorld();
        var device = new SettableLineDevice(world, new SimulatedMotor(Z, 1), "virtual-motor");
        var answers = new List<(string What, LineEnding Ending, long AtNs)>();
        Ask("move", "10");
        Ask("move", "5");
        world.RunTo(300 * Ms);
        Ask("stop");
        world.RunToRest();
        Assert.Equal(
            [("move 5", LineEnding.Refused, 0), ("move 10", LineEnding.Failed, 300 * Ms), ("stop", LineEnding.Ok, 410 * Ms)], answers);

        void Ask(string verb, params string[] arguments) => device.Handle(
            new LineRequest(1, "z", verb, [.. arguments], null),
            new LineAnswer((ending, _) => answers.Add((string.Join(' ', [verb, .. arguments]), ending, world.NowNs))));
    }

    [Fact]
    public void A_shutter_moves_for_its_lead_and_a_new_order_overtakes_the_old()
    {
        var world = new SteppedWorld();
        var shutter = new SimulatedShutter(world, "shutter", 5 * Ms);
        var answers = new List<(LineEnding Ending, string Word, long AtNs)>();
        Ask("set", "open");
        world.RunTo(2 * Ms);
        Ask("get");
        Ask("set", "closed");
        world.RunToRest();
        Assert.Equal(
            [
                (LineEnding.Ok, "Moving", 2 * Ms),
                (LineEnding.Failed, "it was told otherwise before it was there", 2 * Ms),
                (LineEnding.Ok, "Closed", 7 * Ms),
            ],
            answers);

        void Ask(string verb, params string[] arguments) => shutter.Handle(
            new LineRequest(1, "shutter", verb, [.. arguments], null),
            new LineAnswer((ending, words) => answers.Add((ending, words[0], world.NowNs))));
    }
}
