using Flyscan.Hardware.Simulation;
using Flyscan.Hardware.Simulation.Line;
using Flyscan.Scanning.Planning;

namespace Flyscan.Hardware.Devices;

/// <summary>What a simulated soft axis does, whatever its physics.</summary>
internal interface ISoftAxis
{
    AxisDescription Axis { get; }

    double ValueAt(long timeNs);

    /// <summary>Goes there; returns when it is settled.</summary>
    long MoveTo(double target, long nowNs);

    /// <summary>Stops where it can; returns when it is settled.</summary>
    long Stop(long nowNs);
}

/// <summary>A soft axis behind the line protocol: moves, one at a time, each answered when settled.</summary>
/// <remarks>Verbs: read → value; move target → value; stop → value.</remarks>
internal sealed class SettableLineDevice(ISimulationClock world, ISoftAxis axis, string kind) : ILineDevice
{
    private readonly List<LineAnswer> _stopping = [];
    private LineAnswer? _moving;
    private IDisposable? _settled;

    public string Name => axis.Axis.Name;

    /// <summary>A soft axis says nothing unasked.</summary>
    public event Action<string, IReadOnlyList<string>>? Notified
    {
        add { }
        remove { }
    }

    public void Handle(LineRequest request, LineAnswer reply)
    {
        switch (request.Verb)
        {
            case "identify":
                reply.Ok(kind);
                break;
            case "read":
                reply.Ok(Value());
                break;
            case "move" when request.Arguments.Count == 1 && LineText.TryDouble(request.Arguments[0], out var target):
                Move(target, reply);
                break;
            case "stop":
                Stop(reply);
                break;
            default:
                reply.Refused($"a {kind} does not understand '{request.Verb} {string.Join(' ', request.Arguments)}'");
                break;
        }
    }

    private string Value() => LineText.Number(axis.ValueAt(world.NowNs));

    private void Move(double target, LineAnswer reply)
    {
        if (_settled is not null)
            reply.Refused("it moves already: wait for its end or stop it");
        else if (!(target >= axis.Axis.Low && target <= axis.Axis.High))
            reply.Refused($"{target:G9} {axis.Axis.Unit} is outside its limits {axis.Axis.Low:G9} to {axis.Axis.High:G9}");
        else
        {
            _moving = reply;
            SettleAt(axis.MoveTo(target, world.NowNs));
        }
    }

    private void Stop(LineAnswer reply)
    {
        if (_settled is null)
        {
            reply.Ok(Value());
            return;
        }
        _moving?.Failed("stopped before it was there");
        _moving = null;
        _stopping.Add(reply);
        _settled.Dispose();
        SettleAt(axis.Stop(world.NowNs));
    }

    private void SettleAt(long timeNs) => _settled = world.At(timeNs, () =>
    {
        _settled = null;
        var moving = _moving;
        _moving = null;
        LineAnswer[] stopping = [.. _stopping];
        _stopping.Clear();
        moving?.Ok(Value());
        foreach (var reply in stopping)
            reply.Ok(Value());
    });
}

/// <summary>A motor: trapezoidal moves, then ringing until it is settled.</summary>
internal sealed class SimulatedMotor(AxisDescription axis, ulong seed) : ISoftAxis
{
    // Of the travel: about what a stage with a good encoder leaves.
    private const double RelativeNoise = 1e-6;

    private readonly SeededGenerator _generator = SeededGenerator.For(seed, axis.Name);
    private readonly CubicTrack _track = new(Math.Clamp(0, axis.Low, axis.High));

    public AxisDescription Axis => axis;

    public double ValueAt(long timeNs) => _track.PositionAt(timeNs);

    public long MoveTo(double target, long nowNs) => Follow(
        MoveProfile.PointToPoint(nowNs, _track.PositionAt(nowNs), target, axis.MaxVelocity, axis.MaxAcceleration), nowNs);

    public long Stop(long nowNs) => _track.IsAtRest(nowNs)
        ? nowNs
        : Follow(MoveProfile.Brake(_track, nowNs, MoveProfile.BrakeNs([(_track.VelocityAt(nowNs), axis.MaxAcceleration)])), nowNs);

    private long Follow(List<Knot> knots, long nowNs)
    {
        if (knots.Count == 0)
            return nowNs;
        var end = knots[^1];
        var noise = RelativeNoise * (axis.High - axis.Low);
        knots.AddRange(MoveProfile.Settle(end.TimeNs, end.Position, axis.SettleNs, noise, _generator));
        _track.Continue(nowNs, knots);
        return end.TimeNs + axis.SettleNs;
    }
}

/// <summary>A temperature: a ramp of its set point at a limited rate, followed by the sample with a lag.</summary>
/// <remarks>Settled when it has been within the tolerance for the settling time. All in closed form: nothing happens in between.</remarks>
internal sealed class SimulatedTemperature(VirtualTemperatureSettings settings) : ISoftAxis
{
    // The lag makes the error at the end of a ramp ten tolerances.
    private readonly double _lagSeconds = 10 * settings.Tolerance / settings.Axis.MaxVelocity;
    private double _from = Math.Clamp(295, settings.Axis.Low, settings.Axis.High);
    private double _sampleFrom = Math.Clamp(295, settings.Axis.Low, settings.Axis.High);
    private double _target = Math.Clamp(295, settings.Axis.Low, settings.Axis.High);
    private long _startNs;

    public AxisDescription Axis => settings.Axis;

    private double RampSeconds => Math.Abs(_target - _from) / settings.Axis.MaxVelocity;

    public double ValueAt(long timeNs)
    {
        var (seconds, ramp) = ((timeNs - _startNs) / 1e9, RampSeconds);
        var atRampEnd = OnRamp(Math.Min(seconds, ramp));
        return seconds <= ramp ? atRampEnd : _target + (atRampEnd - _target) * Math.Exp(-(seconds - ramp) / _lagSeconds);
    }

    public long MoveTo(double target, long nowNs)
    {
        (_from, _sampleFrom) = (SetPointAt(nowNs), ValueAt(nowNs));
        (_target, _startNs) = (target, nowNs);
        var error = Math.Abs(OnRamp(RampSeconds) - target);
        var within = RampSeconds + (error > settings.Tolerance ? _lagSeconds * Math.Log(error / settings.Tolerance) : 0);
        return nowNs + (long)Math.Ceiling(within * 1e9) + settings.Axis.SettleNs;
    }

    /// <summary>Holds the set point where the ramp is.</summary>
    public long Stop(long nowNs) => MoveTo(SetPointAt(nowNs), nowNs);

    private double SetPointAt(long timeNs)
    {
        var seconds = (timeNs - _startNs) / 1e9;
        return seconds >= RampSeconds ? _target : _from + Math.Sign(_target - _from) * settings.Axis.MaxVelocity * seconds;
    }

    private double OnRamp(double seconds)
    {
        var rate = Math.Sign(_target - _from) * settings.Axis.MaxVelocity;
        var decay = Math.Exp(-seconds / _lagSeconds);
        return _from + rate * seconds - rate * _lagSeconds * (1 - decay) + (_sampleFrom - _from) * decay;
    }
}
