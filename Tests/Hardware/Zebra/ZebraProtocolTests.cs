using System.Text;
using Flyscan.Hardware.Zebra.Protocol;
using FsCheck;
using FsCheck.Fluent;
using Xunit;
using Xunit.Abstractions;
using Output = Flyscan.Hardware.Zebra.Protocol.ZebraClientProtocol.Output;

namespace Flyscan.Tests.Hardware.Zebra;

/// <summary>Literal lines of the Zebra Technical Manual and of the EPICS module.</summary>
public sealed class ZebraProtocolTests(ITestOutputHelper output)
{
    private const int FuzzBytes = 10_000_000;

    [Fact]
    public void Reads_writes_and_flash_have_their_lines()
    {
        Assert.Equal("R8E", ZebraText.Of(new ZebraRequest.Read(0x8E)));
        Assert.Equal("W8B0001", ZebraText.Of(new ZebraRequest.Write(0x8B, 1)));
        Assert.Equal("S", ZebraText.Of(new ZebraRequest.Store()));
        Assert.Equal(new ZebraReply.Value(0x0021), ZebraText.ReplyIn("RF00021", new ZebraRequest.Read(0xF0)));
        Assert.Equal(new ZebraReply.Done(), ZebraText.ReplyIn("W8BOK", new ZebraRequest.Write(0x8B, 1)));
        Assert.Equal(new ZebraReply.Done(), ZebraText.ReplyIn("SOK", new ZebraRequest.Store()));
        Assert.Equal(new ZebraReply.Done(), ZebraText.ReplyIn("LOK", new ZebraRequest.Load()));
        Assert.Equal(new ZebraReply.Refused("E1RC0"), ZebraText.ReplyIn("E1RC0", new ZebraRequest.Read(0xC0)));
        Assert.Null(ZebraText.ReplyIn("RF10021", new ZebraRequest.Read(0xF0)));
        Assert.Null(ZebraText.ReplyIn("RF0002g", new ZebraRequest.Read(0xF0)));
    }

    [Fact]
    public void A_pair_is_written_low_word_first()
    {
        var word = new Flyscan.Hardware.Zebra.ZebraWord(0x8E, 0x12345678, true);
        Assert.Equal([(0x8E, 0x5678), (0x8F, 0x1234)], word.Writes.Select(w => ((int)w.Address, (int)w.Value)));
    }

    [Fact]
    public void Lines_that_come_unasked_between_a_command_and_its_reply_are_told_apart()
    {
        var protocol = new ZebraClientProtocol(new ZebraLimits());
        protocol.Expect(1);
        protocol.Send(new ZebraRequest.Write(0x8B, 1), 0);
        protocol.Send(new ZebraRequest.Read(0xF6), 0);
        protocol.Receive("PR\r\nP0000000A00000064\nW8BOK\nP0000001400000065\nRF60002\nPX\n"u8, 0);
        var got = Drain(protocol);
        Assert.Equal(
            ["W8B0001", "PR", "P 10 100", "OK", "RF6", "P 20 101", "2", "PX"], got.Select(Name));
    }

    [Theory]
    [InlineData("P0000000A0000006\n", 1)]
    [InlineData("P0000000A000000640\n", 1)]
    [InlineData("P0000000A00000064P0000001400000065\n", 1)]
    [InlineData("0000000A00000064\n", 1)]
    [InlineData("P0000000A0000006z\n", 1)]
    public void A_line_that_lost_bytes_is_damage_and_not_a_sample(string lines, int damaged)
    {
        var protocol = new ZebraClientProtocol(new ZebraLimits());
        protocol.Expect(1);
        protocol.Receive(Encoding.ASCII.GetBytes("PR\n" + lines + "PX\n"), 0);
        var got = Drain(protocol);
        Assert.Equal(damaged, got.OfType<Output.Damaged>().Count());
        Assert.Empty(got.OfType<Output.Sample>());
    }

    [Fact]
    public void A_read_is_asked_twice_and_a_write_is_not()
    {
        var protocol = new ZebraClientProtocol(new ZebraLimits(ReplyWithinNs: 100));
        protocol.Send(new ZebraRequest.Read(0xF0), 0);
        protocol.Tick(100);
        Assert.Equal(["RF0", "RF0"], Drain(protocol).Select(Name));
        protocol.Tick(200);
        Assert.Equal("no reply to RF0", Assert.IsType<Output.Fault>(Assert.Single(Drain(protocol))).Reason);

        var writing = new ZebraClientProtocol(new ZebraLimits(ReplyWithinNs: 100));
        writing.Send(new ZebraRequest.Write(0x8B, 1), 0);
        writing.Tick(100);
        Assert.Equal("no reply to W8B0001", Assert.IsType<Output.Fault>(Drain(writing)[^1]).Reason);
    }

    [Fact]
    public void Any_split_of_the_bytes_gives_the_same_outputs()
    {
        var bytes = "PR\nP0000000A00000064\nW8BOK\nP00000014000000\nE0\nRF60002\nPX\nnoise\n"u8.ToArray();
        var whole = Run([bytes]);
        for (var split = 1; split < bytes.Length; split++)
            Assert.Equal(whole, Run([bytes[..split], bytes[split..]]));
    }

    [Fact]
    public void Ten_million_random_or_mutated_bytes_never_throw_hang_or_grow()
    {
        var random = new Seeded(5);
        var sample = "PR\nP0000000A00000064\nW8BOK\nP0000001400000065\nRF60002\nPX\nE1RC0\nE0\nSOK\n"u8.ToArray();
        var (read, outputs, requests) = (0, 0L, 0L);
        while (read < FuzzBytes)
        {
            var client = new ZebraClientProtocol(new ZebraLimits());
            var server = new ZebraServerProtocol();
            client.Expect(1);
            for (var asked = 0; asked < 50; asked++)
                client.Send(asked % 2 == 0 ? new ZebraRequest.Read(0xF6) : new ZebraRequest.Write(0x8B, 1), 0);
            for (var piece = 0; piece < 40; piece++)
            {
                var bytes = Noise(random, sample);
                client.Receive(bytes, piece);
                server.Receive(bytes);
                outputs += Drain(client).Count;
                while (server.TryTake(out _))
                    requests++;
                read += bytes.Length;
            }
        }
        output.WriteLine($"{read} bytes, {outputs} outputs of the client's side, {requests} requests of the box's side");
        Assert.True(outputs > 10_000 && requests > 10_000);
    }

    [Fact]
    public void Requests_round_trip()
    {
        Prop.ForAll<byte, ushort>((address, value) =>
        {
            ZebraRequest[] requests = [new ZebraRequest.Read(address), new ZebraRequest.Write(address, value)];
            return requests.All(r => ZebraText.RequestIn(ZebraText.Of(r)) == r)
                && ZebraText.ReplyIn(ZebraText.Of(requests[0], new ZebraReply.Value(value)), requests[0]) == new ZebraReply.Value(value);
        }).QuickCheckThrowOnFailure();
    }

    private static byte[] Noise(Seeded random, byte[] sample)
    {
        var bytes = new byte[64 + random.Next(512)];
        var wild = random.Next(4) == 0;
        for (var i = 0; i < bytes.Length; i++)
            bytes[i] = wild ? (byte)random.Next(256) : sample[i % sample.Length];
        for (var i = random.Next(8); i > 0; i--)
            bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
        return bytes;
    }

    private static List<string> Run(byte[][] pieces)
    {
        var protocol = new ZebraClientProtocol(new ZebraLimits());
        protocol.Expect(1);
        protocol.Send(new ZebraRequest.Write(0x8B, 1), 0);
        protocol.Send(new ZebraRequest.Read(0xF6), 0);
        foreach (var piece in pieces)
            protocol.Receive(piece, 0);
        return [.. Drain(protocol).Select(Name)];
    }

    private static List<Output> Drain(ZebraClientProtocol protocol)
    {
        var got = new List<Output>();
        while (protocol.TryTake(out var one))
            got.Add(one);
        return got;
    }

    private static string Name(Output output) => output switch
    {
        Output.Transmit transmit => Encoding.ASCII.GetString(transmit.Bytes).TrimEnd('\n'),
        Output.Replied { Reply: ZebraReply.Value value } => $"{value.Word}",
        Output.Replied { Reply: ZebraReply.Refused refused } => refused.Line,
        Output.Replied => "OK",
        Output.Armed => "PR",
        Output.Disarmed => "PX",
        Output.Sample sample => "P " + string.Join(' ', sample.Words),
        Output.Damaged damaged => "damaged " + damaged.Line,
        Output.Fault fault => fault.Reason,
        _ => throw new System.Diagnostics.UnreachableException(),
    };
}
