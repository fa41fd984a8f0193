using System.Text;
using Flyscan.Hardware.PandA.Protocol;
using Xunit;
using Xunit.Abstractions;
using Output = Flyscan.Hardware.PandA.Protocol.PandAControlProtocol.Output;

namespace Flyscan.Tests.Hardware.PandA;

/// <summary>Every recorded session of a real server, through both protocol cores.</summary>
public sealed class RecordedReplayTests(ITestOutputHelper output)
{
    /// <summary>Replies longer than this are cut at fewer points, and into single bytes as all are.</summary>
    private const int CutEverywhere = 3000;

    [SharedFact]
    public void Every_control_session_reads_the_same_however_it_is_cut()
    {
        var (sessions, exchanges, cuts, refused) = (0, 0, 0L, 0);
        foreach (var name in Sessions())
        {
            var found = new RecordedSession(name).Exchanges();
            if (found.Count == 0)
                continue;
            sessions++;
            foreach (var (command, reply) in found)
            {
                var bytes = Encoding.Latin1.GetBytes(reply);
                var count = Requests(command);
                var whole = Replies(count, bytes);
                Assert.True(count == whole.Count, $"{name}: {count} commands, {whole.Count} replies: {command}");
                var step = bytes.Length > CutEverywhere ? 997 : 1;
                for (var cut = 1; cut < bytes.Length; cut += step, cuts++)
                    Assert.Equal(whole, Replies(count, bytes[..cut], bytes[cut..]));
                Assert.Equal(whole, Replies(count, [.. bytes.Select(b => new[] { b })]));
                exchanges += count;
                refused += whole.OfType<PandAReply.Refused>().Count();
            }
        }
        output.WriteLine($"{sessions} sessions, {exchanges} exchanges ({refused} refused), {cuts} cuts, and each in single bytes");
        Assert.True(sessions >= 50 && exchanges > 1400 && refused > 100);
    }

    [SharedFact]
    public void Every_data_stream_reads_the_same_at_every_cut()
    {
        var (streams, samples, cuts) = (0, 0L, 0L);
        foreach (var (name, options, bytes) in Streams())
        {
            var whole = Read(options, bytes);
            // The first client of session 56 closed in mid capture.
            string[] faults = name == "56_reconnect_in_mid_capture" ? ["closed in mid capture, without END, after 20 samples"] : [];
            Assert.Equal(faults, whole.Faults);
            Assert.Equal(faults.Length == 0, whole.Ends.Count > 0);
            for (var cut = 1; cut < bytes.Length; cut++, cuts++)
                Assert.Equal(whole.Text, Read(options, bytes[..cut], bytes[cut..]).Text);
            Assert.Equal(whole.Text, Read(options, [.. bytes.Select(b => new[] { b })]).Text);
            streams++;
            samples += whole.Count;
        }
        output.WriteLine($"{streams} streams, {samples} samples, {cuts} cuts, and each in single bytes");
        Assert.True(streams >= 34 && samples > 300);
    }

    [SharedFact]
    public void All_formats_of_the_same_capture_give_the_same_values()
    {
        var streams = Streams().ToDictionary(s => s.Name, s => Read(s.Options, s.Bytes).Counter());
        var counted = streams.Where(s => string.CompareOrdinal(s.Key, "20") >= 0 && string.CompareOrdinal(s.Key, "35") < 0).ToList();
        Assert.Equal(15, counted.Count);
        foreach (var (name, values) in counted)
            Assert.True(values.Length >= 6 && values.Select((v, i) => v == i + 1).All(x => x), $"{name}: {string.Join(' ', values)}");
    }

    [SharedTheory]
    [InlineData("41_data_disarm", PandAEndReason.Disarmed)]
    [InlineData("51_end_disarm_before_enable", PandAEndReason.Disarmed)]
    [InlineData("52_end_framing_error", PandAEndReason.FramingError)]
    [InlineData("53_end_driver_data_overrun", PandAEndReason.DriverDataOverrun)]
    [InlineData("54_end_dma_data_error", PandAEndReason.DmaDataError)]
    [InlineData("55_end_early_disconnect", PandAEndReason.EarlyDisconnect)]
    [InlineData("60_end_data_overrun", PandAEndReason.DataOverrun)]
    [InlineData("75_server_restart", PandAEndReason.Ok)]
    public void Every_reason_for_an_end_is_known(string name, object reason)
    {
        var end = Encoding.Latin1.GetString(new RecordedSession(name).Bytes("dat", toServer: false)).Split('\n')[^2].Split(' ', 3);
        Assert.Equal((PandAEndReason)reason, PandAEnd.Of(long.Parse(end[1]), end[2]).Reason);
    }

    [SharedFact]
    public void Every_line_of_the_listings_is_typed()
    {
        var (blocks, fields, changes, statuses, clients) = (0, 0, 0, 0, 0);
        foreach (var (command, reply) in Sessions().SelectMany(name => new RecordedSession(name).Exchanges()))
        {
            if (command.Count(c => c == '\n') != 1 || Replies(1, Encoding.Latin1.GetBytes(reply)) is not [var answer])
                continue;
            if (answer is PandAReply.Lines { Items: var lines })
                foreach (var line in lines)
                    if (command == "*BLOCKS?\n")
                        blocks += PandABlockCount.Parse(line) is null ? throw new Xunit.Sdk.XunitException(line) : 1;
                    else if (command.EndsWith(".*?\n") && !command.StartsWith('*') && command.Count(c => c == '.') == 1)
                        fields += PandAFieldInfo.Parse(line) is null ? throw new Xunit.Sdk.XunitException(line) : 1;
                    else if (command.StartsWith("*CHANGES") && line.Length > 0)
                        changes += PandAChange.Parse(line) is null ? throw new Xunit.Sdk.XunitException(line) : 1;
                    else if (command == "*WHO?\n")
                        clients += PandAClientInfo.Parse(line) is null ? throw new Xunit.Sdk.XunitException(line) : 1;
            if (answer is PandAReply.Value { Text: var text } && command == "*PCAP.STATUS?\n")
                statuses += PandACaptureStatus.Parse(text) is null ? throw new Xunit.Sdk.XunitException(text) : 1;
        }
        output.WriteLine($"{blocks} blocks, {fields} fields, {changes} changes, {statuses} statuses, {clients} clients");
        Assert.True(blocks >= 24 && fields > 200 && changes > 1000 && statuses > 40 && clients >= 5);
    }

    internal static IEnumerable<string> Sessions() =>
        Directory.GetFiles(SharedData.PathOf("data/panda"), "*.txt")
            .Select(f => Path.GetFileNameWithoutExtension(f)).Order(StringComparer.Ordinal);

    /// <summary>Every whole stream of the data port, with what its client asked for.</summary>
    internal static IEnumerable<(string Name, PandADataOptions Options, byte[] Bytes)> Streams()
    {
        foreach (var file in Directory.GetFiles(SharedData.PathOf("data/panda"), "*.bin").Order(StringComparer.Ordinal))
        {
            var name = Path.GetFileNameWithoutExtension(file);
            var asked = Encoding.Latin1.GetString(new RecordedSession(name[..2]).Bytes("dat", toServer: true)).Split('\n');
            var second = name.EndsWith("_b", StringComparison.Ordinal) || name.EndsWith("_second", StringComparison.Ordinal);
            var line = second ? asked[1] : asked[0];
            yield return (name, PandADataOptions.Parse(line, out _)!, File.ReadAllBytes(file));
        }
        foreach (var name in new[] { "73_seq_streaming_table", "75_server_restart" })
            yield return (name, new PandADataOptions(), new RecordedSession(name).Bytes("dat", toServer: false));
    }

    /// <summary>What the headerless streams hold, from the session that captured the same with a header.</summary>
    private static PandADataHeader Layout(PandADataOptions options)
    {
        var seen = new StreamText();
        var like = options.Raw ? "30_data_xml_framed_raw.bin" : "29_data_xml_framed_scaled.bin";
        new PandADataProtocol(new PandADataLimits(), seen).Receive(File.ReadAllBytes(SharedData.PathOf($"data/panda/{like}")));
        return seen.Last!;
    }

    private static StreamText Read(PandADataOptions options, params byte[][] pieces)
    {
        var seen = new StreamText();
        var protocol = new PandADataProtocol(new PandADataLimits(), seen, options, options.NoHeader ? Layout(options) : null);
        foreach (var piece in pieces)
            protocol.Receive(piece);
        // The recorder of the sessions closed after the last end, which only clients without status cannot see.
        protocol.Closed();
        return seen;
    }

    private static int Requests(string commands)
    {
        var server = new PandAControlServerProtocol(100_000);
        server.Receive(Encoding.Latin1.GetBytes(commands));
        var count = 0;
        while (server.TryTake(out _))
            count++;
        return count;
    }

    private static List<PandAReply> Replies(int commands, params byte[][] pieces)
    {
        var protocol = new PandAControlProtocol(new PandAControlLimits());
        protocol.Send([.. Enumerable.Repeat(PandACommand.Get("X"), commands)], 0);
        foreach (var piece in pieces)
            protocol.Receive(piece);
        var replies = new List<PandAReply>();
        while (protocol.TryTake(out var next))
            if (next is Output.Replied replied)
                replies.Add(replied.Reply);
            else if (next is Output.Fault fault)
                throw new Xunit.Sdk.XunitException(fault.Reason);
        return replies;
    }
}
