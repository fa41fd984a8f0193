using System.Buffers.Binary;
using System.Text;
using Flyscan.Hardware.PandA.Protocol;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Flyscan.Tests.Hardware.PandA;

public sealed class PandADataProtocolTests
{
    /// <summary>Everything but bytes that the server sent, as text, so that whole results compare.</summary>
    private sealed class Collected : IPandADataSink
    {
        public StringBuilder Text { get; } = new();

        public PandADataHeader? Last { get; private set; }

        public MemoryStream Data { get; } = new();

        public List<string> Faults { get; } = [];

        public void Accepted() => Text.AppendLine("accepted");

        public void Header(PandADataHeader header)
        {
            Last = header;
            Text.AppendLine($"header {header}");
        }

        public void Samples(ReadOnlySpan<byte> samples, int count)
        {
            Assert.Equal(count * Last!.SampleBytes, samples.Length);
            Data.Write(samples);
        }

        public void Ended(long samples, string reason)
        {
            Text.AppendLine($"{Convert.ToHexString(Data.ToArray())} end {samples} {reason}");
            if (Last!.Missed == 0)
                Assert.Equal(samples * Last.SampleBytes, Data.Length);
            Data.SetLength(0);
        }

        public void Fault(string reason) => Faults.Add(reason);
    }

    [SharedTheory]
    [InlineData("20_data_default")]
    [InlineData("21_data_ascii_raw")]
    [InlineData("22_data_base64")]
    [InlineData("23_data_base64_raw")]
    [InlineData("24_data_framed")]
    [InlineData("25_data_framed_raw")]
    [InlineData("29_data_xml_framed_scaled")]
    [InlineData("30_data_xml_framed_raw")]
    [InlineData("31_data_xml_ascii")]
    [InlineData("36_data_two_experiments")]
    [InlineData("37_data_stddev_xml_framed_scaled")]
    [InlineData("38_data_stddev_xml_framed_raw")]
    [InlineData("39_data_mean_only_ascii_raw")]
    [InlineData("40_data_diff_minmax")]
    [InlineData("41_data_disarm")]
    [InlineData("51_end_disarm_before_enable")]
    [InlineData("70_flyscan_seq_windows_bita_posa")]
    [InlineData("71_flyscan_pcomp")]
    [InlineData("72_flyscan_seq_time_only")]
    public void A_recorded_session_reads_the_same_at_every_split(string session)
    {
        var bytes = File.ReadAllBytes(SharedData.PathOf($"data/panda/{session}.bin"));
        var whole = Read(bytes);
        Assert.Empty(whole.Faults);
        Assert.Contains(" end ", whole.Text.ToString());
        for (var split = 1; split < bytes.Length; split++)
            Assert.Equal(whole.Text.ToString(), Read(bytes[..split], bytes[split..]).Text.ToString());
        Assert.Equal(whole.Text.ToString(), Read([.. bytes.Select(b => new[] { b })]).Text.ToString());
    }

    [SharedFact]
    public void The_flyscan_of_session_70_has_its_fifteen_frames_of_ten_milliseconds()
    {
        var collected = new Collected();
        var protocol = new PandADataProtocol(new PandADataLimits(), new Keeping(collected));
        protocol.Receive(File.ReadAllBytes(SharedData.PathOf("data/panda/70_flyscan_seq_windows_bita_posa.bin")));
        var data = collected.Data.ToArray();
        Assert.Equal(
            ["Min", "Max", "GATE_DURATION", "TS_START", "TS_END", "Mean"],
            collected.Last!.Fields.Select(f => f.Name == "INENC1.VAL" ? f.Capture : f.Name[5..]));
        Assert.Equal(15 * 48, data.Length);
        for (var i = 0; i < 15; i++)
            Assert.Equal(0.01, BinaryPrimitives.ReadDoubleLittleEndian(data.AsSpan(i * 48 + 16)), 1e-12);
        // First window: from 6.0 mm on; the means printed in the recording.
        Assert.Equal(6.03817, BinaryPrimitives.ReadDoubleLittleEndian(data.AsSpan(40)), 1e-3);
    }

    [SharedFact]
    public void A_late_client_is_told_what_it_missed()
    {
        var collected = new Collected();
        var protocol = new PandADataProtocol(new PandADataLimits(), collected);
        var session = new RecordedSession("61");
        var bytes = session.Bytes("dat", toServer: false);
        // Two clients are interleaved; the second one's bytes begin at the second OK.
        var text = Encoding.Latin1.GetString(bytes);
        protocol.Receive(bytes.AsSpan(text.IndexOf("OK\n", 3, StringComparison.Ordinal)));
        Assert.Equal(169_500_169, collected.Last!.Missed);
    }

    [Theory]
    [InlineData("ERR Invalid data capture option\n", "the options were refused: ERR Invalid data capture option")]
    [InlineData("OK\nhello\n", "not a line of a header: hello")]
    [InlineData("OK\n<header>\n<x />\n", "not a line of a header: <x />")]
    public void What_is_not_the_protocol_is_a_fault(string bytes, string fault)
    {
        Assert.Equal([fault], Read(Encoding.ASCII.GetBytes(bytes)).Faults);
    }

    [Fact]
    public void A_frame_beyond_the_limit_is_a_fault_and_not_growth()
    {
        var header = "OK\narm_time: a\nstart_time: b\n"
            + "missed: 0\nprocess: Raw\nformat: Framed\nsample_bytes: 4\nfields:\n A.B int32 Value\n\nBIN \0\0\0\x7f";
        Assert.StartsWith("a frame of 2130706432 bytes", Assert.Single(Read(Encoding.Latin1.GetBytes(header)).Faults));
        Assert.StartsWith("a line is longer than 8192 bytes", Assert.Single(Read(new byte[9000]).Faults));
    }

    [Fact]
    public void Random_bytes_never_throw()
    {
        var prefix = Encoding.ASCII.GetBytes("OK\narm_time: a\nmissed: 0\nprocess: Raw\nformat: Framed\nfields:\n A.B int32 Value\n\n");
        Prop.ForAll<byte[], byte[], bool>((a, b, framed) =>
        {
            Read(framed ? [.. prefix, .. "BIN "u8, .. a, .. b] : a, b);
        }).QuickCheckThrowOnFailure();
    }

    private static Collected Read(params byte[][] pieces)
    {
        var collected = new Collected();
        var protocol = new PandADataProtocol(new PandADataLimits(), collected);
        foreach (var piece in pieces)
            protocol.Receive(piece);
        return collected;
    }

    /// <summary>Leaves the data where the end would clear them.</summary>
    private sealed class Keeping(Collected inner) : IPandADataSink
    {
        public void Accepted() => inner.Accepted();

        public void Header(PandADataHeader header) => inner.Header(header);

        public void Samples(ReadOnlySpan<byte> samples, int count) => inner.Samples(samples, count);

        public void Ended(long samples, string reason) => Assert.Equal((15, "Ok"), (samples, reason));

        public void Fault(string reason) => Assert.Fail(reason);
    }
}
