namespace Flyscan.Hardware.Simulation;

/// <summary>A bit that a part of the world sets.</summary>
internal sealed class BitSignal : IBitSignal
{
    public bool Value { get; private set; }

    public event Action<bool>? Changed;

    public void Set(bool value)
    {
        if (value == Value)
            return;
        Value = value;
        Changed?.Invoke(value);
    }
}
