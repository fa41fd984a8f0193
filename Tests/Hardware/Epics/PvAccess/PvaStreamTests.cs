using Flyscan.Hardware.Epics.PvAccess;
using Xunit;
using Xunit.Abstractions;

namespace Flyscan.Tests.Hardware.Epics.PvAccess;

/// <summary>Messages are the same wherever the stream was cut.</summary>
public sealed class PvaStreamTests(ITestOutputHelper output)
{
    private const int Near = 2_000;
    private const int Step = 499;

    public static TheoryData<string> Sessions => [.. RecordedPvaSession.Names.DefaultIfEmpty("")];

    [SharedTheory]
    [MemberData(nameof(Sessions))]
    public void Any_split_of_a_recorded_session_gives_the_same_messages(string session)
    {
        var splits = 0;
        foreach (var direction in RecordedPvaSession.Read(session).Where(m => m.IsTcp).GroupBy(m => (m.Transport, m.IsFromClient)))
        {
            var bytes = direction.SelectMany(m => m.Bytes).ToArray();
            var whole = Cut([bytes]);
            for (var at = 1; at < bytes.Length; at++)
            {
                // In the middle of a long array one place is like the next.
                if (at > Near && at < bytes.Length - Near && at % Step != 0)
                    continue;
                Assert.Equal(whole, Cut([bytes.AsMemory(0, at), bytes.AsMemory(at)]));
                splits++;
            }
            foreach (var piece in new[] { 1, 2, 3, 7, 8, 9, 1000 }.Where(p => bytes.Length / p < 20_000))
                Assert.Equal(whole, Cut(bytes.Chunk(piece).Select(c => (ReadOnlyMemory<byte>)c)));
        }
        output.WriteLine($"{session}: {splits} splits");
        Assert.True(splits > 0);
    }

    [Fact]
    public void A_message_that_is_too_large_and_a_segment_out_of_turn_are_faults()
    {
        Assert.Contains("at most 1000", Fault([0xCA, 2, 0x40, 0x0A, 0, 0, 0x10, 0]));
        Assert.Contains("not with 0xCA", Fault([0xCB, 2, 0x40, 0x0A, 0, 0, 0, 0]));
        Assert.Contains("out of turn", Fault([0xCA, 2, 0x60, 0x0A, 1, 0, 0, 0, 7]));
        Assert.Contains("out of turn", Fault([0xCA, 2, 0x50, 0x0A, 1, 0, 0, 0, 7, 0xCA, 2, 0x40, 0x0A, 0, 0, 0, 0]));
        var parts = Enumerable.Repeat<byte[]>([0xCA, 2, 0x70, 0x0A, 0xF0, 0, 0, 0, .. new byte[240]], 5).SelectMany(p => p).ToArray();
        parts[2] = 0x50;
        Assert.Contains("a message of 1200 bytes", Fault(parts));
    }

    [Theory]
    [InlineData(10, 1)]
    [InlineData(10, 2)]
    [InlineData(10, 3)]
    [InlineData(1000, 7)]
    [InlineData(1000, 1000)]
    public void A_message_that_was_cut_in_segments_is_joined_again(int length, int segment)
    {
        var writer = new PvaWriter(isServer: true, segment);
        byte[] sent = [.. Enumerable.Range(0, length).Select(i => (byte)i)];
        writer.Empty(PvaCommand.Echo);
        writer.Begin(PvaCommand.Get);
        writer.Raw(sent);
        writer.End();
        writer.Control(PvaCommand.SetByteOrder, 0);
        var messages = Cut([writer.Written.ToArray()]);
        Assert.Equal(3, messages.Count);
        Assert.Equal(Convert.ToHexString(sent), messages[1].Split(' ')[1]);
    }

    private static List<string> Cut(IEnumerable<ReadOnlyMemory<byte>> pieces)
    {
        var stream = new PvaStream(1 << 24);
        var messages = new List<string>();
        foreach (var piece in pieces)
        {
            var bytes = piece;
            while (stream.TryTake(ref bytes, out var header, out var payload))
                messages.Add($"{header.Flags & ~0x30}:{header.Command} {Told(payload.Span)}");
        }
        Assert.Null(stream.Fault);
        Assert.Equal(0, stream.Held);
        return messages;
    }

    private static string Told(ReadOnlySpan<byte> payload)
    {
        if (payload.Length <= 4096)
            return Convert.ToHexString(payload);
        var hash = new HashCode();
        hash.AddBytes(payload);
        return $"{payload.Length} bytes, hash {hash.ToHashCode()}";
    }

    private static string Fault(byte[] bytes)
    {
        var stream = new PvaStream(1000);
        ReadOnlyMemory<byte> rest = bytes;
        while (stream.TryTake(ref rest, out _, out _))
        {
        }
        return stream.Fault!;
    }
}
