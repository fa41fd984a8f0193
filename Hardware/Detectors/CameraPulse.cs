using Flyscan.Hardware.Simulation;

namespace Flyscan.Hardware.Detectors;

/// <summary>An output of a simulated camera.</summary>
internal sealed class CameraPulse : IBitSignal
{
    public bool Value { get; private set; }

    public event Action<bool>? Changed;

    public void Set(bool value)
    {
        if (Value == value)
            return;
        Value = value;
        Changed?.Invoke(value);
    }
}
