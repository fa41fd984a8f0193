using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Flyscan.Hardware.Capture;
using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Hdf5;
using Flyscan.Hardware.PandA.Capture;
using Flyscan.Hardware.Transport;
using Flyscan.Host.Time;
using Flyscan.Tests.Hardware.Hdf5;
using Xunit;

namespace Flyscan.Tests.Hardware.PandA;

/// <summary>A capture that comes as fast as loopback takes it, into an HDF5 file, and whose socket closes without END.</summary>
[Collection(ProtocolFuzzTests.Memory)]
public sealed class CutStreamTests : IDisposable
{
    private const int SampleBytes = 28;
    private const int SamplesPerFrame = 75_000;
    private const int Frames = 20;
    private const int TickNs = 8;

    /// <summary>Less than may wait for the disk, so that a slow one is not what ends it.</summary>
    private const long MostPending = 128L << 20;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>In the midst of a sample of a frame: in order, or as a box does that loses its power and is back.</summary>
    [Theory]
    [InlineData(false, "the data connection was lost: closed by the box: ")]
    [InlineData(true, "the data connection was lost: Connection lost: ConnectionReset.: ")]
    public async Task All_that_came_is_in_the_file_and_the_loss_is_named(bool isReset, string named)
    {
        var plan = new CapturePlan([], []);
        var path = _folder.File("panda.0001.h5");
        var store = await new Hdf5FrameStoreFactory().CreateAsync(new SegmentSpec(path, plan.Specs, []), default);
        var faults = new List<string>();
        var recorder = new SampleRecorder(store, new SystemClock(), MostPending, _ => { }, faults.Add);
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        const int Whole = Frames * SamplesPerFrame + 1234;
        var serving = Task.Factory.StartNew(
            () => Serve(listener, Whole * SampleBytes + SampleBytes / 2, isReset), default, TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
        var lost = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        using var data = new PandADataClient(
            await new TcpConnector().ConnectStreamAsync("127.0.0.1", port, default), plan, TickNs, recorder, 0, lost.SetResult);

        var text = await lost.Task.WaitAsync(Patience);
        await serving;
        var inFile = await recorder.CloseAsync(default).WaitAsync(Patience);

        Assert.Equal($"{named}the data stream cannot be followed: closed in mid capture, without END, after {data.Received} samples", text);
        Assert.Equal(text, (await Assert.ThrowsAsync<IOException>(() => data.CaptureEnded)).Message);
        Assert.Empty(faults);
        Assert.Equal(data.Received, inFile);
        // A reset throws away what the kernel had not given yet.
        Assert.InRange(inFile, isReset ? 1 : Whole, Whole);
        await AssertContentAsync(path, plan, inFile);
    }

    private static async Task AssertContentAsync(string path, CapturePlan plan, long count)
    {
        var reader = new SegmentReader(TimeProvider.System, Patience);
        var content = await reader.InspectAsync(path, [.. plan.Specs.Select(s => s.Path)], default);
        Assert.Equal((count, true), (content.Frames, content.Counted));
        var index = await reader.ReadIntegersAsync(path, "/entry/data/sample_index", 0, count, default);
        var starts = await reader.ReadIntegersAsync(path, "/entry/data/timestamp_start", 0, count, default);
        var gates = await reader.ReadIntegersAsync(path, "/entry/data/gate_duration", 0, count, default);
        for (var i = 0L; i < count; i++)
            if ((index[i], starts[i], gates[i]) != (i, 100L * TickNs * i, 50L * TickNs))
                Assert.Fail($"sample {i} reads {index[i]}, {starts[i]}, {gates[i]}");
    }

    private static void Serve(TcpListener listener, int bodyBytes, bool isReset)
    {
        using var socket = listener.AcceptSocket();
        socket.Receive(new byte[256]);
        socket.Send(Encoding.UTF8.GetBytes($"""
            OK
            <header>
            <data arm_time="a" start_time="s" missed="0" process="Raw" format="Framed" sample_bytes="{SampleBytes}" />
            <fields>
            <field name="PCAP.GATE_DURATION" type="uint32" capture="Value" scale="8e-09" offset="0" units="s" />
            <field name="PCAP.TS_START" type="int64" capture="Value" scale="8e-09" offset="0" units="s" />
            <field name="PCAP.TS_END" type="int64" capture="Value" scale="8e-09" offset="0" units="s" />
            <field name="PCAP.TS_TRIG" type="int64" capture="Value" scale="8e-09" offset="0" units="s" />
            </fields>
            </header>


            """));
        var frame = new byte[8 + SamplesPerFrame * SampleBytes];
        "BIN "u8.CopyTo(frame);
        BinaryPrimitives.WriteInt32LittleEndian(frame.AsSpan(4), frame.Length);
        for (var (first, left) = (0, bodyBytes); left > 0; first += SamplesPerFrame)
        {
            Fill(frame.AsSpan(8), first);
            var bytes = Math.Min(frame.Length, 8 + left);
            for (var at = 0; at < bytes;)
                at += socket.Send(frame.AsSpan(at, bytes - at));
            left -= bytes - 8;
        }
        if (isReset)
            socket.LingerState = new LingerOption(true, 0);
    }

    private static void Fill(Span<byte> samples, int first)
    {
        for (var i = 0; i < SamplesPerFrame; i++)
        {
            var sample = samples.Slice(i * SampleBytes, SampleBytes);
            var start = 100L * (first + i);
            BinaryPrimitives.WriteInt32LittleEndian(sample, 50);
            BinaryPrimitives.WriteInt64LittleEndian(sample[4..], start);
            BinaryPrimitives.WriteInt64LittleEndian(sample[12..], start + 50);
            BinaryPrimitives.WriteInt64LittleEndian(sample[20..], start + 51);
        }
    }
}
