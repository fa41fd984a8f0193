using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Contracts;

/// <summary>What drivers have changed on devices and must put back, kept beyond the process. From any thread.</summary>
public interface IKeptSettings
{
    /// <summary>What was kept for a device; empty where nothing is to be put back.</summary>
    EquatableArray<SavedSetting> Of(string device);

    /// <summary>Keeps it instead of what was kept; returns once it would survive a crash.</summary>
    /// <remarks><b>Errors</b> <see cref="IOException"/> naming the file.</remarks>
    void Keep(string device, EquatableArray<SavedSetting> settings);

    /// <summary>It was put back.</summary>
    void Forget(string device);
}

/// <summary>Kept as long as the process lives.</summary>
public sealed class KeptInMemory : IKeptSettings
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, EquatableArray<SavedSetting>> _kept = new(StringComparer.Ordinal);

    public EquatableArray<SavedSetting> Of(string device)
    {
        lock (_gate)
            return _kept.GetValueOrDefault(device);
    }

    public void Keep(string device, EquatableArray<SavedSetting> settings)
    {
        lock (_gate)
            _kept[device] = settings;
    }

    public void Forget(string device)
    {
        lock (_gate)
            _kept.Remove(device);
    }
}
