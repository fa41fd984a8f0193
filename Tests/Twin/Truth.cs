using Flyscan.Hardware.Detectors;
using Flyscan.Hardware.Simulation;

namespace Flyscan.Twin;

/// <summary>What really happened at one pulse of the box's trigger output.</summary>
/// <remarks><b>Units</b> nanoseconds of the run's time; axis units.</remarks>
/// <param name="Positions">Where the axes were in the middle of the pulse, by name.</param>
internal sealed record Exposure(
    long StartNs, long EndNs, IReadOnlyDictionary<string, double> Positions, bool ShutterOpen, string World);

/// <summary>The hardware's own log, kept beside everything that the control system knows.</summary>
internal sealed class Truth
{
    private readonly SortedDictionary<int, List<Exposure>> _exposures = new() { [1] = [], [2] = [], [3] = [] };
    private readonly List<(long AtNs, bool IsGood)> _beam = [(0, true)];

    /// <summary>When each life of the beamline began, by its name.</summary>
    public Dictionary<string, long> Began { get; } = new(StringComparer.Ordinal);

    public void BeamIs(long atNs, bool isGood) => _beam.Add((atNs, isGood));

    /// <summary>Whether the beam was there all the while.</summary>
    public bool WasGood(long fromNs, long toNs)
    {
        for (var i = 0; i < _beam.Count; i++)
        {
            var end = i + 1 < _beam.Count ? _beam[i + 1].AtNs : long.MaxValue;
            if (!_beam[i].IsGood && fromNs < end && toNs > _beam[i].AtNs)
                return false;
        }
        return true;
    }

    /// <summary>Whether there was no beam at any moment of the time.</summary>
    public bool WasGone(long fromNs, long toNs)
    {
        for (var i = 0; i < _beam.Count; i++)
        {
            var end = i + 1 < _beam.Count ? _beam[i + 1].AtNs : long.MaxValue;
            if (_beam[i].IsGood && fromNs < end && toNs > _beam[i].AtNs)
                return false;
        }
        return true;
    }

    /// <summary>The pulse of an output that began at that time, within a microsecond; null where there was none.</summary>
    public Exposure? At(int output, long startNs)
    {
        var exposures = _exposures[output];
        var (low, high) = (0, exposures.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (exposures[middle].StartNs < startNs - 1000)
                low = middle + 1;
            else
                high = middle;
        }
        return low < exposures.Count && exposures[low].StartNs <= startNs + 1000 ? exposures[low] : null;
    }

    /// <summary>Watches one life of the beamline from its beginning.</summary>
    public void Watch(string world, WorldClock clock, VirtualDevices devices, Func<bool> isShutterOpen)
    {
        Began[world] = clock.BeganNs;
        foreach (var (output, exposures) in _exposures)
            Watch((world, clock, devices), output, exposures, isShutterOpen);
    }

    private static void Watch(
        (string World, WorldClock Clock, VirtualDevices Devices) at, int output, List<Exposure> exposures, Func<bool> isShutterOpen)
    {
        var (world, clock, devices) = at;
        var (start, wasOpen) = (0L, false);
        devices.Boxes[0].Box.TtlOut(output).Changed += value =>
        {
            if (value)
            {
                (start, wasOpen) = (clock.NowNs, isShutterOpen());
                return;
            }
            exposures.Add(new Exposure(
                clock.BeganNs + start, clock.BeganNs + clock.NowNs, Positions(devices, start + (clock.NowNs - start) / 2),
                wasOpen && isShutterOpen(), world));
        };
    }

    private static SortedDictionary<string, double> Positions(VirtualDevices devices, long worldNs)
    {
        var positions = new SortedDictionary<string, double>(StringComparer.Ordinal);
        foreach (var axis in devices.Controllers.SelectMany(c => c.Axes))
            positions[axis.Settings.Axis.Name] = axis.ActualAt(worldNs);
        foreach (var axis in devices.SoftAxes)
            positions[axis.Axis.Name] = axis.ValueAt(worldNs);
        return positions;
    }
}

/// <summary>Takes triggers away from a camera, as a cable or a busy readout does.</summary>
internal sealed class FrameThief(SimulatedCamera camera)
{
    private CameraSession? _session;
    private long _left;
    private long _remaining;

    public bool IsStealing => _session is not null;

    public void Steal(int frames)
    {
        if (camera.Session is not { Remaining: > 0 } session)
            return;
        (_session, _left, _remaining) = (session, frames, session.Remaining);
        session.Remaining = 0;
    }

    /// <summary>After the camera has seen a trigger.</summary>
    public void Triggered()
    {
        if (_session is null || --_left > 0)
            return;
        // Who armed it anew, or disarmed it for good, has the last word.
        if (camera.Session == _session && _session.Remaining == 0)
            _session.Remaining = _remaining;
        _session = null;
    }
}
