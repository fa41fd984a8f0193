using Xunit;
using Xunit.Abstractions;

namespace Flyscan.Tests.Hardware.Epics;

/// <summary>Recorded bytes that went wrong on the way.</summary>
internal static class Mutations
{
    /// <summary>How many bytes are mutated in all: <c>FLYSCAN_FUZZ_BYTES</c>, else 200 000.</summary>
    public static long Wanted =>
        long.TryParse(Environment.GetEnvironmentVariable("FLYSCAN_FUZZ_BYTES"), out var wanted) ? wanted : 200_000;

    /// <summary>Gives mutated sessions to one side until so many bytes were mutated.</summary>
    /// <param name="sessions">What was recorded.</param>
    /// <param name="wanted">Bytes.</param>
    /// <param name="most">At most so many bytes of a session of this length are changed.</param>
    /// <param name="run">Says how much came of it.</param>
    /// <param name="output">What a person reads.</param>
    public static void Run(
        byte[][] sessions, long wanted, Func<int, Seeded, int> most, Func<byte[], Seeded, long> run, ITestOutputHelper output)
    {
        var random = new Seeded(20261121);
        var (mutated, passes, outputs) = (0L, 0, 0L);
        for (; mutated < wanted; passes++)
        {
            var bytes = (byte[])sessions[passes % sessions.Length].Clone();
            var changes = 1 + random.Next(Math.Max(1, most(bytes.Length, random)));
            for (var i = 0; i < changes; i++)
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            mutated += changes;
            outputs += run(bytes, random);
        }
        output.WriteLine($"{mutated} mutated bytes in {passes} passes, {outputs} outputs or bytes of answers, no throw");
        Assert.True(outputs > 0);
    }

    /// <summary>The bytes in pieces of up to so many.</summary>
    public static IEnumerable<ReadOnlyMemory<byte>> Pieces(byte[] bytes, int longest, Seeded random)
    {
        for (var at = 0; at < bytes.Length;)
        {
            var length = Math.Min(bytes.Length - at, 1 + random.Next(longest));
            yield return bytes.AsMemory(at, length);
            at += length;
        }
    }
}
