using Flyscan.Scanning.Planning;
using Flyscan.Scanning.Triggering;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Contracts;

/// <summary>Makes trigger boxes that say without being asked themselves whether they can do a programme.</summary>
public interface IProvesTriggers : IDeviceFactory
{
    /// <summary>Why the box would refuse to load the programme; null where it would not. Pure.</summary>
    string? Refusal(string name, ISettings settings, EquatableArray<AxisDescription> axes, TriggerProgramme programme);
}
