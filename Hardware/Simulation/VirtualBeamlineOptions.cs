using Flyscan.Hardware.Contracts;

namespace Flyscan.Hardware.Simulation;

/// <summary>How a virtual beamline is run.</summary>
public sealed record VirtualBeamlineOptions
{
    /// <summary>Wall seconds per beamline second: 1 real time, 0.1 ten times faster, 0 as fast as it goes.</summary>
    public double TimeScale { get; init; } = 1;

    /// <summary>Address to listen on instead of the file's.</summary>
    public string? Host { get; init; }

    /// <summary>Listen on ports that the system chooses, whatever the file says.</summary>
    public bool FreePorts { get; init; }

    /// <summary>Ports instead of the file's, by <c>simulation.port</c> or <c>device.port-key</c>; 0: any free one.</summary>
    public IReadOnlyDictionary<string, int> Ports { get; init; } = new Dictionary<string, int>();

    /// <summary>Opens the files that simulated detectors write.</summary>
    public required IFrameStoreFactory Stores { get; init; }

    /// <summary>The wall clock.</summary>
    public required TimeProvider Time { get; init; }

    /// <summary>How far the clock of the ring is ahead of the trigger box's, in nanoseconds.</summary>
    public long RingClockAheadNs { get; init; }

    /// <summary>Same seed, same world.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>The records of EPICS devices are served and their axes move here; else they are left to an IOC elsewhere.</summary>
    internal bool ServesRecords { get; init; }

    /// <summary>Motors of motor records stand here, and IOCs elsewhere move them.</summary>
    internal bool HasMotorPort { get; init; }

    /// <summary>Names this run, so that what another run knew is not taken for known; from the wall clock when null.</summary>
    public string? WorldName { get; init; }
}
