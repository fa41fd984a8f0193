using System.Text;
using Flyscan.Hardware.PandA.Protocol;
using Xunit;
using Xunit.Abstractions;

namespace Flyscan.Tests.Hardware.PandA;

/// <summary>Bytes that no server sends: a fault is the most that may come of them.</summary>
[Collection(ProtocolFuzzTests.Memory)]
public sealed class ProtocolFuzzTests(ITestOutputHelper output)
{
    /// <summary>Tests that hold much, or ask how much is held, run one after the other.</summary>
    public const string Memory = "memory";

    private const int MostHeld = 8 << 20;

    [SharedTheory]
    [InlineData(1, 2_500_000)]
    [InlineData(2, 2_500_000)]
    public void Mutated_data_streams_end_in_faults_at_worst(ulong seed, long bytes)
    {
        var random = new Seeded(seed);
        var streams = RecordedReplayTests.Streams().ToArray();
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var (fed, faults, samples) = (0L, 0, 0L);
        while (fed < bytes)
        {
            var (_, options, recorded) = streams[random.Next(streams.Length)];
            var mutated = Mutate(random, recorded);
            fed += mutated.Length;
            var sink = new Counting();
            var protocol = new PandADataProtocol(
                new PandADataLimits(LargestFrame: 1 << 20), sink, options, options.NoHeader ? Layout : null);
            Feed(random, mutated, piece => protocol.Receive(piece));
            protocol.Closed();
            Assert.True(sink.Faults <= 1);
            faults += sink.Faults;
            samples += sink.Samples;
        }
        var held = GC.GetTotalMemory(forceFullCollection: true) - before;
        output.WriteLine($"data port: {fed} bytes, {faults} faults, {samples} samples; {held} bytes held after");
        Assert.True(held < MostHeld, $"{held} bytes are held");
    }

    [SharedTheory]
    [InlineData(3, 2_500_000)]
    [InlineData(4, 2_500_000)]
    public void Mutated_control_streams_end_in_faults_at_worst(ulong seed, long bytes)
    {
        var random = new Seeded(seed);
        var replies = RecordedReplayTests.Sessions().SelectMany(s => new RecordedSession(s).Exchanges())
            .Select(e => Encoding.Latin1.GetBytes(e.Reply)).Where(r => r.Length < 4000).ToArray();
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var (fed, faults, answered) = (0L, 0, 0L);
        while (fed < bytes)
        {
            var mutated = Mutate(random, replies[random.Next(replies.Length)]);
            fed += mutated.Length;
            var protocol = new PandAControlProtocol(new PandAControlLimits());
            protocol.Send([PandACommand.Get("A"), PandACommand.Get("B")], 0);
            var server = new PandAControlServerProtocol(1000);
            Feed(random, mutated, piece =>
            {
                protocol.Receive(piece);
                server.Receive(piece);
            });
            while (server.TryTake(out _))
                answered++;
            while (protocol.TryTake(out var next))
                faults += next is PandAControlProtocol.Output.Fault ? 1 : 0;
        }
        var held = GC.GetTotalMemory(forceFullCollection: true) - before;
        output.WriteLine($"control port: {fed} bytes to each side, {faults} faults, {answered} commands; {held} bytes held after");
        Assert.True(held < MostHeld, $"{held} bytes are held");
    }

    private static PandADataHeader Layout { get; } =
        new("", "", 0, true, PandADataFormat.Framed, 8, [new("A.B", PandAFieldType.Int64, "Sum")]);

    private static byte[] Mutate(Seeded random, byte[] bytes)
    {
        var kind = random.Next(6);
        if (kind == 0)
            return [.. Enumerable.Range(0, 1 + random.Next(2000)).Select(_ => (byte)random.Next(256))];
        var copy = bytes.ToList();
        for (var times = 1 + random.Next(8); times > 0 && copy.Count > 1; times--)
        {
            var at = random.Next(copy.Count);
            switch (kind)
            {
                case 1:
                    copy[at] = (byte)random.Next(256);
                    break;
                case 2:
                    copy.RemoveAt(at);
                    break;
                case 3:
                    copy.Insert(at, (byte)random.Next(256));
                    break;
                case 4:
                    copy[at] ^= (byte)(1 << random.Next(8));
                    break;
                default:
                    copy.InsertRange(at, copy.GetRange(random.Next(at + 1), Math.Min(40, copy.Count - at)).ToArray());
                    break;
            }
        }
        return [.. copy];
    }

    private static void Feed(Seeded random, byte[] bytes, Action<byte[]> take)
    {
        for (var at = 0; at < bytes.Length;)
        {
            var count = Math.Min(bytes.Length - at, 1 + random.Next(600));
            take(bytes[at..(at + count)]);
            at += count;
        }
    }

    private sealed class Counting : IPandADataSink
    {
        public int Faults { get; private set; }

        public long Samples { get; private set; }

        public void Accepted()
        {
        }

        public void Header(PandADataHeader header) => Assert.True(header.SampleBytes > 0);

        void IPandADataSink.Samples(ReadOnlySpan<byte> samples, int count) => Samples += count;

        public void Ended(long samples, string reason) => Assert.Equal(0, Faults);

        public void Fault(string reason) => Faults++;
    }
}
