using Flyscan.Scanning.Planning;
using Flyscan.Scanning.Specs;
using Flyscan.Scanning.Units;

namespace Flyscan.Tests.Scanning.Planning.Feasibility;

/// <summary>A spec and a beamline made from one seed: sizes and limits around which some scans are possible and some are not.</summary>
internal sealed class RandomScan
{
    private readonly Seeded _random;

    public RandomScan(ulong seed)
    {
        _random = new Seeded(seed * 0x9E3779B97F4A7C15 + 17);
        Seed = seed;
        string[] names = ["a", "b", "c"];
        var axes = names.Take(1 + _random.Next(3)).Select(Axis).ToArray();
        var minSegmentNs = new[] { 100_000L, Beamlines.Ms, 2 * Beamlines.Ms, 10 * Beamlines.Ms }[_random.Next(4)];
        Beamline = Beamlines.Virtual with
        {
            Axes = axes.ToEquatableArray(),
            Controllers =
            [
                new ControllerDescription(
                    "motion", axes.Select(a => a.Name).ToEquatableArray(), minSegmentNs, (20 + _random.Next(4000)) * Beamlines.Ms, 10_000),
            ],
        };
        if (_random.Next(4) == 0)
            Beamline = Beamline with { Box = Beamline.Box with { TableRows = 8 + _random.Next(30) } };
        Spec = new ConstantDuration(Log(0.0005, 0.05), Frames());
        // Drawn last: what came before stays what it was without delays.
        if (_random.Next(4) == 0)
            Spec = Delayed(Spec);
    }

    public ulong Seed { get; }

    public Spec Spec { get; private init; }

    public BeamlineDescription Beamline { get; private init; }

    /// <summary>A spiral whose axes have limits of jerk, wide ones of place and velocity; null where the seed has one axis only.</summary>
    public static RandomScan? Curve(ulong seed)
    {
        var plain = new RandomScan(seed);
        if (plain.Beamline.Axes.Count < 2)
            return null;
        var axes = plain.Beamline.Axes.Select(a => a with
        {
            Low = -1000,
            High = 1000,
            MaxVelocity = 500,
            MaxAcceleration = 10_000,
            MaxJerk = plain.Log(1e3, 1e6),
            SettleNs = 0,
        });
        return new RandomScan(seed)
        {
            Beamline = plain.Beamline with { Axes = axes.ToEquatableArray() },
            Spec = new ConstantDuration(plain.Log(0.01, 0.2), new Fly(plain.Round())),
        };
    }

    public PlanResult Plan(BeamlineDescription? beamline = null, Func<ScanRequest, ScanRequest>? change = null)
    {
        var request = new ScanRequest(Spec, []);
        return ScanPlanner.Plan(change is null ? request : change(request), beamline ?? Beamline, Planned.Environment);
    }

    public override string ToString() => $"seed {Seed}: {Spec} on {string.Join("; ", Beamline.Axes)}, {Beamline.Controllers[0]}";

    private AxisDescription Axis(string name)
    {
        var (low, high) = (-Log(3, 100), Log(3, 100));
        var velocity = Log(1, 500);
        var acceleration = velocity * Log(2, 200);
        var encoder = _random.Next(2) == 0 ? new EncoderDescription("IN" + name, 0.0001, 0, Log(0.001, 0.02)) : null;
        return new AxisDescription(name, "mm", low, high, velocity, acceleration, "motion", encoder, _random.Next(3) * Beamlines.Ms)
        {
            MaxJerk = _random.Next(3) == 0 ? acceleration * Log(2, 200) : double.PositiveInfinity,
        };
    }

    private Spec Frames()
    {
        var last = Line(Beamline.Axes[^1].Name, 1 + _random.Next(12));
        Spec inner = Beamline.Axes.Count > 1 && _random.Next(6) == 0 ? Round() : last;
        if (inner == last && _random.Next(6) == 0)
            inner = new Concat(last, Line(Beamline.Axes[^1].Name, 1 + _random.Next(4)), Gap: true, CheckPathChanges: false);
        var flown = _random.Next(5) != 0;
        if (_random.Next(2) == 0)
            inner = new Snake(inner);
        var outer = Beamline.Axes.Count - (inner is Snake { Spec: Spiral } or Spiral ? 2 : 1);
        for (var i = outer - 1; i >= 0; i--)
            inner = new Product(Line(Beamline.Axes[i].Name, 1 + _random.Next(4)), inner);
        return flown ? new Fly(inner) : inner;
    }

    /// <summary>Delays after the frames of the fastest dimension, after each of its passes, or both.</summary>
    private Spec Delayed(Spec spec)
    {
        if (spec is ConstantDuration { Spec: { } timed })
            return new ConstantDuration(((ConstantDuration)spec).DurationSeconds, Delayed(timed));
        if (spec is Fly fly)
            return new Fly(Delayed(fly.Spec));
        if (spec is Product { Outer: var outer, Inner: var inner } && _random.Next(2) == 0)
            return new Product(new Delay([Log(0.0001, 0.2)], outer), _random.Next(2) == 0 ? Delayed(inner) : inner);
        return new Delay([Log(0.0001, 0.2)], spec);
    }

    private Linspace Line(string axis, int num)
    {
        var centre = Log(0.01, 10) * (_random.Next(2) * 2 - 1);
        var half = Log(0.02, 10) * (_random.Next(2) * 2 - 1);
        return new Linspace(axis, centre - half, centre + half, num);
    }

    private Spiral Round()
    {
        var size = Log(0.2, 10);
        return new Spiral(Beamline.Axes[^2].Name, 0, size, size / (2 + _random.Next(3)), Beamline.Axes[^1].Name, 0, size);
    }

    private double Log(double from, double to) => from * Math.Pow(to / from, _random.NextDouble());
}
