using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Simulation;

/// <summary>A beam that can be dumped and refilled at will: for tests and drills.</summary>
public interface ISimulatedBeam
{
    /// <summary>Sets the current at once; 0 dumps the beam.</summary>
    /// <remarks><b>Units</b> milliampere.</remarks>
    Task<Outcome<Nothing>> SetCurrentAsync(double milliampere, CancellationToken cancel);
}
