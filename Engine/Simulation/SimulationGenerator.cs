namespace Flyscan.Engine.Simulation;

/// <summary>A seeded generator whose numbers are the same on every machine and in every version.</summary>
/// <remarks><b>Source</b> SplitMix64: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.</remarks>
public sealed class SimulationGenerator(ulong seed)
{
    private ulong _state = seed;

    /// <summary>A generator for one purpose: what it gives does not depend on how much others have drawn.</summary>
    public static SimulationGenerator For(ulong seed, string purpose) => new(Mix(seed ^ StableHash.Of(purpose)));

    /// <summary>The next 64 bits.</summary>
    public ulong Next() => Mix(_state += 0x9E3779B97F4A7C15);

    /// <summary>A whole number in [0, bound).</summary>
    public int Below(int bound) => (int)Below((long)bound);

    /// <summary>A whole number in [0, bound); 0 where the bound is not positive.</summary>
    public long Below(long bound) => bound <= 0 ? 0 : (long)Math.BigMul(Next(), (ulong)bound, out _);

    /// <summary>Whether something of this likelihood, in millionths, happens.</summary>
    public bool Happens(int perMillion) => Below(1_000_000L) < perMillion;

    internal static ulong Mix(ulong bits)
    {
        bits = (bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9;
        bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EB;
        return bits ^ (bits >> 31);
    }
}

/// <summary>Hashes that are the same in every process.</summary>
/// <remarks><b>Source</b> FNV-1a: Fowler, Noll, Vo.</remarks>
internal static class StableHash
{
    private const ulong Basis = 0xCBF29CE484222325;
    private const ulong Prime = 0x100000001B3;

    internal static ulong Of(string text)
    {
        var hash = Basis;
        foreach (var character in text)
            hash = (hash ^ character) * Prime;
        return hash;
    }

    internal static ulong Of(ReadOnlySpan<byte> bytes)
    {
        var hash = Basis;
        foreach (var value in bytes)
            hash = (hash ^ value) * Prime;
        return hash;
    }

    internal static ulong Join(ulong hash, ulong more) => (ulong.RotateLeft(hash, 5) ^ more) * 0x9E3779B97F4A7C15;
}
