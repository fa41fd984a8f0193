using Flyscan.Hardware.Simulation;

namespace Flyscan.Hardware.Motion;

/// <summary>One axis of a simulated controller: where it is told to be, and its encoder a following error behind.</summary>
internal sealed class SimulatedAxis(VirtualAxisSettings settings, SeededGenerator generator)
{
    public VirtualAxisSettings Settings => settings;

    public CubicTrack Track { get; } = new(Math.Clamp(0, settings.Axis.Low, settings.Axis.High));

    /// <summary>Where the axis is, a following error behind where it was told to be.</summary>
    public double ActualAt(long timeNs) => Track.PositionAt(timeNs - settings.FollowingErrorNs);

    /// <summary>Time from the end of commanded motion until the axis stands within its noise.</summary>
    public long SettlingNs => settings.FollowingErrorNs + settings.Axis.SettleNs;

    /// <summary>Goes to a position within the axis's limits; returns when it stands settled.</summary>
    public long MoveTo(double target, long nowNs)
    {
        var from = Track.PositionAt(nowNs);
        var knots = MoveProfile.PointToPoint(nowNs, from, target, settings.Axis.MaxVelocity, settings.Axis.MaxAcceleration);
        return Follow(knots, nowNs);
    }

    /// <summary>Follows the knots, which end at rest, and settles; returns when it stands settled.</summary>
    public long Follow(List<Knot> knots, long nowNs)
    {
        if (knots.Count == 0)
            return Math.Max(nowNs, Track.RestsFromNs + settings.FollowingErrorNs);
        var end = knots[^1];
        knots.AddRange(MoveProfile.Settle(end.TimeNs, end.Position, settings.Axis.SettleNs, settings.Noise, generator));
        Track.Continue(nowNs, knots);
        return end.TimeNs + SettlingNs;
    }
}
