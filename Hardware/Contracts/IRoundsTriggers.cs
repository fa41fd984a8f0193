using Flyscan.Scanning.Planning;
using Flyscan.Scanning.Triggering;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Contracts;

/// <summary>Makes trigger boxes whose registers may hold other values than a programme asks for.</summary>
public interface IRoundsTriggers : IDeviceFactory
{
    /// <summary>What the box would hold instead, a text for each value; empty where all is as asked for, or the box refuses the programme.
    /// Pure.</summary>
    IReadOnlyList<string> Roundings(
        string name, ISettings settings, EquatableArray<AxisDescription> axes, TriggerProgramme programme);
}
