using System.Text;
using Flyscan.Hardware.PandA.Protocol;
using FsCheck;
using FsCheck.Fluent;
using Xunit;
using Output = Flyscan.Hardware.PandA.Protocol.PandAControlProtocol.Output;

namespace Flyscan.Tests.Hardware.PandA;

public sealed class PandAControlProtocolTests
{
    [SharedTheory]
    [InlineData("01_identity")]
    [InlineData("05_fields")]
    [InlineData("07_tables")]
    [InlineData("04_capture")]
    [InlineData("50_arm")]
    [InlineData("70_flyscan")]
    [InlineData("72_flyscan")]
    public void A_recorded_session_reads_the_same_at_every_split(string name)
    {
        var session = new RecordedSession(name);
        var count = session.Exchanges().Count;
        var bytes = session.Bytes("ctl", toServer: false);
        var whole = Replies(count, bytes);
        Assert.Equal(count, whole.Count);
        for (var split = 1; split < bytes.Length; split += bytes.Length > 4000 ? 7 : 1)
            Assert.Equal(whole, Replies(count, bytes[..split], bytes[split..]));
    }

    [SharedFact]
    public void The_replies_of_session_70_are_typed()
    {
        var session = new RecordedSession("70_flyscan");
        var replies = Replies(session.Exchanges().Count, session.Bytes("ctl", toServer: false));
        Assert.Equal(new PandAReply.Ok(), replies[0]);
        Assert.Contains(new PandAReply.Value("WAIT_TRIGGER"), replies);
        Assert.Equal(new PandAReply.Value("15"), replies[^2]);
    }

    [Fact]
    public void A_list_may_end_in_an_error()
    {
        Assert.Equal([new PandAReply.Refused("broken")], Replies(1, "!a\n!b\nERR broken\n"u8.ToArray()));
        Assert.Equal([new PandAReply.Lines(["a", ""])], Replies(1, "!a\n!\n.\n"u8.ToArray()));
    }

    [Theory]
    [InlineData("OK\nOK\n", "a line that answers nothing: OK")]
    [InlineData("hello\n", "not a reply: hello")]
    [InlineData("!a\nOK\n", "not a reply: OK")]
    public void What_is_not_the_protocol_is_a_fault(string bytes, string fault)
    {
        var protocol = new PandAControlProtocol(new PandAControlLimits());
        protocol.Send([PandACommand.Get("*IDN")], 0);
        protocol.Receive(Encoding.ASCII.GetBytes(bytes));
        Assert.Equal(fault, Outputs(protocol).OfType<Output.Fault>().Single().Reason);
    }

    [Fact]
    public void Limits_are_faults_and_not_growth()
    {
        var protocol = new PandAControlProtocol(new PandAControlLimits(LongestLine: 16, MostLines: 2));
        protocol.Send([PandACommand.Get("*IDN")], 0);
        protocol.Receive(new byte[16]);
        Assert.Equal("a reply line is longer than 16 bytes", Outputs(protocol).OfType<Output.Fault>().Single().Reason);

        protocol = new PandAControlProtocol(new PandAControlLimits(MostLines: 2));
        protocol.Send([PandACommand.Get("*BITS")], 0);
        protocol.Receive("!a\n!b\n!c\n"u8);
        Assert.Equal("*BITS? is answered by more than 2 lines", Outputs(protocol).OfType<Output.Fault>().Single().Reason);
    }

    [Fact]
    public void A_late_reply_is_a_fault_that_names_the_command()
    {
        var protocol = new PandAControlProtocol(new PandAControlLimits(ReplyWithinNs: 100));
        protocol.Send([PandACommand.Get("A"), PandACommand.Get("B")], 1000);
        Assert.Equal(1100, protocol.NextDeadline);
        protocol.Receive("OK =1\n"u8);
        protocol.Tick(1099);
        Assert.DoesNotContain(Outputs(protocol), o => o is Output.Fault);
        protocol.Tick(1100);
        Assert.Equal(new Output.Fault("no reply to B?", true), Outputs(protocol).Single());
        Assert.Null(protocol.NextDeadline);
    }

    [Fact]
    public void A_table_is_sent_as_the_recorded_client_sends_it()
    {
        var protocol = new PandAControlProtocol(new PandAControlLimits());
        protocol.Send([PandACommand.Table("SEQ1.TABLE", ["BAAQAAAAAACIEwAA6AMAAAIAEAAAAAAA0AcAAPQBAAA="]), PandACommand.Get("*IDN")], 0);
        Assert.Equal(
            "SEQ1.TABLE<B\nBAAQAAAAAACIEwAA6AMAAAIAEAAAAAAA0AcAAPQBAAA=\n\n*IDN?\n",
            Encoding.ASCII.GetString(Outputs(protocol).OfType<Output.Transmit>().Single().Bytes));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a\nb")]
    public void A_command_that_would_desynchronise_the_stream_throws(string line)
    {
        var protocol = new PandAControlProtocol(new PandAControlLimits());
        Assert.Throws<ArgumentException>(() => protocol.Send([new PandACommand(line, [], false)], 0));
        Assert.Throws<ArgumentException>(() => protocol.Send([new PandACommand(new string('x', 1023), [], false)], 0));
    }

    [Fact]
    public void Random_bytes_never_throw() => Prop.ForAll<byte[]>(bytes =>
    {
        Replies(3, bytes);
        var server = new PandAControlServerProtocol(10);
        server.Receive(bytes);
        while (server.TryTake(out _))
            continue;
    }).QuickCheckThrowOnFailure();

    private static List<PandAReply> Replies(int commands, params byte[][] pieces)
    {
        var protocol = new PandAControlProtocol(new PandAControlLimits());
        protocol.Send([.. Enumerable.Repeat(PandACommand.Get("X"), commands)], 0);
        foreach (var piece in pieces)
            protocol.Receive(piece);
        return [.. Outputs(protocol).OfType<Output.Replied>().Select(r => r.Reply)];
    }

    private static List<Output> Outputs(PandAControlProtocol protocol)
    {
        var outputs = new List<Output>();
        while (protocol.TryTake(out var output))
            outputs.Add(output);
        return outputs;
    }
}
