using System.Text;
using Flyscan.Hardware.Simulation.Line;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Flyscan.Tests.Hardware.Simulation;

public sealed class LineProtocolTests
{
    private static readonly LineLimits Limits = new(LongestLine: 200, LargestBlock: 64, MostPending: 3);

    // sha256 of "abc" is the first example of FIPS 180-4.
    private const string AbcDigest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    private static readonly byte[] Requests = Encoding.ASCII.GetBytes(
        $"1 z move 3.5\n2 motion load 7 #3:{AbcDigest}\nabc3 cam stage a%20b  %25\n");

    private static readonly Arbitrary<byte[]> Blocks = Gen.Choose(0, 255).Select(i => (byte)i).ArrayOf(20).ToArbitrary();

    [Fact]
    public void The_server_sends_its_version_and_the_worlds_name_at_once() =>
        Assert.Equal("flyscan-virtual/1 w%201\n", Text(Outputs(new LineServerProtocol("w 1", Limits))));

    [Fact]
    public void Requests_are_understood_however_their_bytes_are_cut()
    {
        string[] expected = ["1 z move [3.5] ", "2 motion load [7] abc", "3 cam stage [a b, , %] "];
        for (var cut = 0; cut <= Requests.Length; cut++)
        {
            var server = Open();
            server.Receive(Requests.AsSpan(0, cut));
            server.Receive(Requests.AsSpan(cut));
            Assert.Equal(expected, Outputs(server).Select(Shown));
        }
        var byBytes = Open();
        foreach (var b in Requests)
            byBytes.Receive([b]);
        Assert.Equal(expected, Outputs(byBytes).Select(Shown));
    }

    [Theory]
    [InlineData("hello\n", "not a request: 'hello'")]
    [InlineData("0 z read\n", "not a request: '0 z read'")]
    [InlineData("1 z read\n1 z read\n", "request 1 is pending already")]
    [InlineData("1 z a\n2 z a\n3 z a\n4 z a\n", "more than 3 requests are pending")]
    [InlineData("1 motion load 7 #65:00\n", "request 1 announces a block of 65 bytes; at most 64 are taken")]
    [InlineData("1 motion load 7 #-1:00\n", "not a block: '#-1:00'")]
    [InlineData("1 motion load 7 #1:00\nx", "the block of request 1 does not have the digest that was announced")]
    public void A_breach_is_a_fault_that_says_what(string bytes, string reason)
    {
        var server = Open();
        server.Receive(Encoding.ASCII.GetBytes(bytes));
        Assert.Equal(reason, Assert.IsType<LineOutput.Fault>(Outputs(server)[^1]).Reason);
    }

    [Fact]
    public void A_line_without_end_is_a_fault_and_not_memory()
    {
        var server = Open();
        for (var i = 0; i < 1000; i++)
            server.Receive(Encoding.ASCII.GetBytes(new string('x', 100)));
        Assert.Equal("a line is longer than 200 bytes", Assert.IsType<LineOutput.Fault>(Assert.Single(Outputs(server))).Reason);
    }

    [Fact]
    public void Garbage_never_throws_at_either_end() => Check.One(
        PropertyCases.Of(500),
        Prop.ForAll(Gen.Elements(Encoding.ASCII.GetBytes("0123456789 \n*#:%okrefusedz\0\u007f")).ArrayOf().ToArbitrary(), bytes =>
        {
            var (server, client) = (Open(), Connected());
            client.Send("z", "read", [], null, 0, 1000);
            server.Receive(bytes);
            client.Receive(bytes);
            Assert.All(Outputs(server), o => Assert.True(o is LineOutput.Request or LineOutput.Fault));
            Outputs(client);
        }));

    [Fact]
    public void Whatever_words_are_sent_arrive() => Check.One(
        PropertyCases.Of(300),
        Prop.ForAll(ArbMap.Default.ArbFor<NonNull<string>>(), Blocks, (word, block) =>
        {
            var text = new string([.. word.Get.Where(c => !char.IsSurrogate(c)).Take(15)]);
            var (server, client) = (Open(), Connected());
            client.Send("z", "move", [text], block, 0, 1000);
            foreach (var output in Outputs(client).Cast<LineOutput.Transmit>())
                server.Receive(output.Bytes.Span);
            var request = Assert.IsType<LineOutput.Request>(Assert.Single(Outputs(server))).Message;
            Assert.Equal(("z", "move", text), (request.Device, request.Verb, request.Arguments[0]));
            Assert.Equal(block, request.Block!.Value.ToArray());
        }));

    [Fact]
    public void Replies_come_in_any_order_and_notifications_between_them()
    {
        var client = Connected();
        client.Send("z", "move", ["1"], null, 0, 1000);
        client.Send("cam", "status", [], null, 0, 1000);
        Outputs(client);
        client.Receive("2 ok a\n* cam recorded s 5\n1 refused too%20far\n"u8);
        Assert.Equal(["2 Ok [a]", "cam recorded [s, 5]", "1 Refused [too far]"], Outputs(client).Select(Shown));
    }

    [Fact]
    public void A_request_without_reply_expires_at_its_deadline_and_a_late_reply_is_dropped()
    {
        var client = Connected();
        client.Send("z", "move", ["1"], null, 100, 1000);
        Outputs(client);
        Assert.Equal(1100, client.NextDeadlineNs);
        client.Tick(1099);
        Assert.Empty(Outputs(client));
        client.Tick(1100);
        Assert.Equal(new LineOutput.Expired(1, "z move", 1000), Assert.Single(Outputs(client)));
        client.Receive("1 ok\n"u8);
        Assert.Empty(Outputs(client));
        Assert.Null(client.NextDeadlineNs);
    }

    [Theory]
    [InlineData("SSH-2.0-OpenSSH_9.6\n", "does not speak flyscan-virtual/1: it said 'SSH-2.0-OpenSSH_9.6'")]
    [InlineData("flyscan-virtual/1 w\n9 ok\n", "a reply to request 9, which was never sent")]
    [InlineData("flyscan-virtual/1 w\nhm\n", "not a reply: 'hm'")]
    public void A_server_that_is_none_is_a_fault(string bytes, string reason)
    {
        var client = new LineClientProtocol(Limits);
        client.Receive(Encoding.ASCII.GetBytes(bytes));
        Assert.Equal(reason, Assert.IsType<LineOutput.Fault>(Outputs(client)[^1]).Reason);
    }

    [Fact]
    public void More_requests_than_may_be_pending_are_our_own_mistake()
    {
        var client = Connected();
        for (var i = 0; i < 3; i++)
            client.Send("z", "read", [], null, 0, 1000);
        Assert.Throws<InvalidOperationException>(() => client.Send("z", "read", [], null, 0, 1000));
    }

    private static LineServerProtocol Open()
    {
        var server = new LineServerProtocol("w", Limits);
        Outputs(server);
        return server;
    }

    private static LineClientProtocol Connected()
    {
        var client = new LineClientProtocol(Limits);
        client.Receive("flyscan-virtual/1 w\n"u8);
        Assert.Equal(new LineOutput.Opened("w"), Assert.Single(Outputs(client)));
        return client;
    }

    private static List<LineOutput> Outputs(LineServerProtocol core)
    {
        List<LineOutput> outputs = [];
        while (core.TryTake(out var output))
            outputs.Add(output);
        return outputs;
    }

    private static List<LineOutput> Outputs(LineClientProtocol core)
    {
        List<LineOutput> outputs = [];
        while (core.TryTake(out var output))
            outputs.Add(output);
        return outputs;
    }

    private static string Text(IEnumerable<LineOutput> outputs) =>
        string.Concat(outputs.Cast<LineOutput.Transmit>().Select(t => Encoding.ASCII.GetString(t.Bytes.Span)));

    private static string Shown(LineOutput output) => output switch
    {
        LineOutput.Request { Message: var m } =>
            $"{m.Id} {m.Device} {m.Verb} {m.Arguments} {Encoding.ASCII.GetString(m.Block.GetValueOrDefault().Span)}",
        LineOutput.Reply { Message: var m } => $"{m.Id} {m.Ending} {m.Values}",
        LineOutput.Notification { Message: var m } => $"{m.Device} {m.Topic} {m.Values}",
        _ => output.ToString(),
    };
}
