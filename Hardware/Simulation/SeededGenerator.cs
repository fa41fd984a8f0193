namespace Flyscan.Hardware.Simulation;

/// <summary>A seeded generator of the simulated world: the same seed gives the same world on every machine.</summary>
/// <remarks><b>Source</b> SplitMix64: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.</remarks>
internal sealed class SeededGenerator(ulong seed)
{
    private ulong _state = seed;

    public ulong NextBits()
    {
        _state += 0x9E3779B97F4A7C15;
        return Mix(_state);
    }

    /// <summary>A number in [-1, 1).</summary>
    public double NextSigned() => (NextBits() >> 11) * (2.0 / (1UL << 53)) - 1;

    /// <summary>A generator for one part of the world, independent of the order in which parts are made.</summary>
    public static SeededGenerator For(ulong seed, string part)
    {
        var hash = 0xCBF29CE484222325UL;
        foreach (var character in part)
            hash = (hash ^ character) * 0x100000001B3;
        return new SeededGenerator(Mix(seed ^ hash));
    }

    /// <summary>Scrambles 64 bits; a bijection.</summary>
    public static ulong Mix(ulong bits)
    {
        bits = (bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9;
        bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EB;
        return bits ^ (bits >> 31);
    }
}
