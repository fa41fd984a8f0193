using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Flyscan.Hardware.PandA;
using Flyscan.Hardware.PandA.Capture;
using Flyscan.Hardware.PandA.Protocol;
using Xunit;

namespace Flyscan.Tests.Hardware.PandA;

/// <summary>Columns made here of raw samples, against what the server made of the same.</summary>
public sealed class CapturedColumnsTests
{
    private const int Rows = 1003;

    [SharedFact]
    public void Standard_deviations_and_means_are_those_of_exact_sums()
    {
        var (header, data) = ReadStream("38_data_stddev_xml_framed_raw");
        var plan = new CapturePlan(
            [new PandAEncoder("x", "INENC1", 0.001, 5, "mm") { Captures = ["Mean", "StdDev"] }],
            []);
        Assert.Contains(("INENC1.VAL", "Mean StdDev"), plan.Captures);
        Assert.Equal(["x", "x_std"], plan.Datasets.Take(2).Select(d => d.Key));
        Assert.All(plan.Datasets.Take(2), d => Assert.Equal(("axis", "mm"), (d.Role, d.Unit)));
        var (meanAt, stdAt, gateAt) = (At(header, "INENC1.VAL", "Mean"), At(header, "INENC1.VAL", "StdDev"), 0);
        var count = data.Length / header.SampleBytes;
        Assert.Equal(11, count);
        var made = new double[count];
        ColumnReaders.StdDev(stdAt, meanAt, gateAt, 0.001)(data, header.SampleBytes, count, 0, MemoryMarshal.AsBytes(made.AsSpan()));
        for (var i = 0; i < count; i++)
        {
            var sample = data.AsSpan(i * header.SampleBytes);
            var n = (decimal)BinaryPrimitives.ReadUInt32LittleEndian(sample[gateAt..]);
            var mean = BinaryPrimitives.ReadInt64LittleEndian(sample[meanAt..]) / n;
            var square = BinaryPrimitives.ReadUInt64LittleEndian(sample[stdAt..]) / n;
            Assert.Equal(0U, BinaryPrimitives.ReadUInt32LittleEndian(sample[(stdAt + 8)..]));
            Assert.Equal(0.001 * Math.Sqrt((double)(square - mean * mean)), made[i], 1e-12);
        }
        // The recording's neighbour captured the same movement scaled: its standard deviations are of the same size.
        var (scaled, values) = ReadStream("37_data_stddev_xml_framed_scaled");
        var theirs = BinaryPrimitives.ReadDoubleLittleEndian(values.AsSpan(At(scaled, "INENC1.VAL", "StdDev")));
        Assert.InRange(theirs / made[1], 0.5, 2);
    }

    [Fact]
    public void Vector_code_gives_the_bits_of_plain_code_for_every_count_and_stride()
    {
        var random = new Seeded(5);
        foreach (var stride in new[] { 12, 20, 44, 56 })
        {
            var bytes = new byte[Rows * stride];
            for (var i = 0; i < bytes.Length; i++)
                bytes[i] = (byte)random.Next(256);
            for (var count = 0; count < Rows; count += count < 20 ? 1 : 97)
            {
                var (scaled, means) = (new double[count], new double[count]);
                ColumnReaders.Scaled32(4, 0.1, -7)(bytes, stride, count, 0, MemoryMarshal.AsBytes(scaled.AsSpan()));
                ColumnReaders.Mean(4, 0, 0.1, -7)(bytes, stride, count, 0, MemoryMarshal.AsBytes(means.AsSpan()));
                for (var i = 0; i < count; i++)
                {
                    var sample = bytes.AsSpan(i * stride);
                    Assert.Equal(BinaryPrimitives.ReadInt32LittleEndian(sample[4..]) * 0.1 + -7, scaled[i]);
                    var mean = (double)BinaryPrimitives.ReadInt64LittleEndian(sample[4..])
                        / BinaryPrimitives.ReadUInt32LittleEndian(sample);
                    Assert.Equal(mean * 0.1 + -7, means[i]);
                }
            }
        }
    }

    [Fact]
    public void A_gate_that_never_rose_has_no_mean_and_no_times()
    {
        var sample = new byte[20];
        BinaryPrimitives.WriteInt64LittleEndian(sample.AsSpan(12), -1);
        var (mean, time, std) = (new double[1], new long[1], new double[1]);
        ColumnReaders.Mean(4, 0, 1, 5)(sample, 20, 1, 0, MemoryMarshal.AsBytes(mean.AsSpan()));
        ColumnReaders.Ticks64(12, 8)(sample, 20, 1, 0, MemoryMarshal.AsBytes(time.AsSpan()));
        Assert.Equal((double.NaN, -1L), (mean[0], time[0]));
        Assert.Throws<ArgumentOutOfRangeException>(
            () => ColumnReaders.Ticks64(13, 8)(sample, 20, 1, 0, MemoryMarshal.AsBytes(time.AsSpan())));
        Assert.Equal(0, std[0]);
    }

    [Fact]
    public void A_field_that_an_axis_and_a_detector_capture_has_the_options_of_both()
    {
        var plan = new CapturePlan(
            [new PandAEncoder("x", "INENC1", 1, 0, "mm")], [new PandADetector("dx", "INENC1.VAL", ["Diff", "Sum", "Mean"], "mm", false)]);
        Assert.Equal(("INENC1.VAL", "Diff Sum Min Max Mean"), plan.Captures.First());
        Assert.Equal(
            [("x", "mm"), ("x_min", "mm"), ("x_max", "mm"), ("dx", "mm"), ("dx_sum", "mm*tick"), ("dx_mean", "mm")],
            plan.Datasets.Take(6).Select(d => (d.Key, d.Unit!)));
    }

    private static (PandADataHeader Header, byte[] Data) ReadStream(string name)
    {
        var sink = new Kept();
        new PandADataProtocol(new PandADataLimits(), sink).Receive(File.ReadAllBytes(SharedData.PathOf($"data/panda/{name}.bin")));
        return (sink.Last!, sink.Data.ToArray());
    }

    private static int At(PandADataHeader header, string name, string capture) =>
        header.Fields.TakeWhile(f => f.Name != name || f.Capture != capture).Sum(f => f.Bytes);

    private sealed class Kept : IPandADataSink
    {
        public PandADataHeader? Last { get; private set; }

        public MemoryStream Data { get; } = new();

        public void Accepted()
        {
        }

        public void Header(PandADataHeader header) => Last = header;

        public void Samples(ReadOnlySpan<byte> samples, int count) => Data.Write(samples);

        public void Ended(long samples, string reason)
        {
        }

        public void Fault(string reason) => Assert.Fail(reason);
    }
}
