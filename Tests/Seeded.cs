namespace Flyscan.Tests;

/// <summary>A small generator (SplitMix64) whose numbers are the same on every machine and version.</summary>
internal sealed class Seeded(ulong seed)
{
    private ulong _state = seed;

    public ulong NextUInt64()
    {
        _state += 0x9E3779B97F4A7C15;
        var z = _state;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>A number in [0, below).</summary>
    public int Next(int below) => (int)(NextUInt64() % (ulong)below);

    public double NextDouble() => (NextUInt64() >> 11) * (1.0 / (1UL << 53));
}
