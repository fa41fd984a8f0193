using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Contracts;

/// <summary>A device that can tell all that it looks at, for a person who looks for what is wrong.</summary>
public interface IInspectable
{
    /// <summary>Reads everything once; what cannot be read says why. Changes nothing.</summary>
    Task<EquatableArray<DeviceFact>> InspectAsync(CancellationToken cancel);
}

/// <summary>One thing that a device says. Value: null where it cannot be read; Alarm: why that is so, or that it is not as it should be,
/// null where all is well.</summary>
public sealed record DeviceFact(string Name, string? Value, string? Alarm);
