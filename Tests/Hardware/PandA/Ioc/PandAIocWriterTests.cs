using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Flyscan.Hardware.Epics;
using Flyscan.Hardware.Hdf5;
using Xunit;

namespace Flyscan.Tests.Hardware.PandA.Ioc;

/// <summary>The simulated IOC's writer: what it captures into real files, and how captures end.</summary>
public sealed class PandAIocWriterTests : IDisposable
{
    private const long Ms = PandAIocBench.Ms;
    private readonly string _folder = Directory.CreateTempSubdirectory("panda-ioc").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_capture_is_in_the_file_under_its_names_and_types_and_is_read_while_it_is_written()
    {
        using var bench = new PandAIocBench();
        Stage(bench);
        bench.Put("INENC1:VAL:SCALE", PandABench.Scale);
        bench.Put("INENC1:VAL:OFFSET", PandABench.Offset);
        bench.Put("INENC2:VAL:CAPTURE", "Min Max Mean");
        bench.Put("INENC2:VAL:DATASET", "angle");
        bench.Put("INENC3:VAL:CAPTURE", "Diff");
        bench.Put("PCAP:BITS1:CAPTURE", "Value");
        bench.Put("PCAP:TS_TRIG:CAPTURE", "Value");
        bench.Put("DATA:FLUSH_PERIOD", 0.1);
        bench.Put("DATA:CAPTURE_MODE", "FOREVER");
        bench.Put("DATA:CAPTURE", 1);
        bench.Pass(10 * Ms);
        Assert.Equal((1, false), (bench.Number("DATA:CAPTURE"), File.Exists(PathOf("run.h5"))));
        var box = Rows(bench);
        bench.Put("PCAP:ARM", 1);
        bench.Pass(Ms);
        Assert.Equal((true, "Starting capture"), (File.Exists(PathOf("run.h5")), bench.Text("DATA:STATUS")));
        Move(bench);
        Pulse(bench, 300);
        bench.Pass(1500 * Ms);

        // About half of it is flushed, and others read that.
        var half = (int)bench.Number("DATA:NUM_CAPTURED");
        Assert.InRange(half, 130, 150);
        var read = Column<double>("run.h5", "/INENC1.VAL.Value", "<f8", half);
        bench.Pass(2000 * Ms);
        Assert.Equal((300, 300), (bench.Number("DATA:NUM_RECEIVED"), bench.Number("DATA:NUM_CAPTURED")));
        bench.Put("PCAP:ARM", 0);
        bench.Pass(Ms);
        Assert.Equal("Finished capture, waiting for next ReadyData", bench.Text("DATA:STATUS"));
        bench.Put("DATA:CAPTURE", 0);

        Assert.Equal((0, "Capturing disabled"), (bench.Number("DATA:CAPTURE"), bench.Text("DATA:STATUS")));
        var columns = box();
        Assert.Equal(300, columns["INENC1.VAL Value"].Length);
        Assert.Equal(columns["INENC1.VAL Value"][..half].Select(Round), read.Select(Round));
        Assert.Equal(columns["INENC1.VAL Value"].Select(Round), Column<double>("run.h5", "/INENC1.VAL.Value", "<f8", 300).Select(Round));
        Assert.Equal(columns["INENC2.VAL Mean"].Select(Round), Column<double>("run.h5", "/angle", "<f8", 300).Select(Round));
        Assert.Equal(columns["INENC2.VAL Min"], Column<int>("run.h5", "/angle-min", "<i4", 300).Select(v => (double)v));
        Assert.Equal(columns["INENC2.VAL Max"], Column<int>("run.h5", "/angle-max", "<i4", 300).Select(v => (double)v));
        Assert.Equal(columns["INENC3.VAL Diff"], Column<int>("run.h5", "/INENC3.VAL.Diff", "<i4", 300).Select(v => (double)v));
        Assert.Equal(columns["PCAP.BITS1 Value"], Column<uint>("run.h5", "/PCAP.BITS1.Value", "<u4", 300).Select(v => (double)v));
        var stamps = Column<double>("run.h5", "/PCAP.TS_TRIG.Value", "<f8", 300);
        Assert.Equal(columns["PCAP.TS_TRIG Value"].Select(Round), stamps.Select(Round));
        Assert.All(stamps.Zip(stamps.Skip(1)), pair => Assert.Equal(0.010, pair.Second - pair.First, 9));
    }

    [Fact]
    public void An_endless_capture_goes_on_with_the_next_arm_and_ends_where_another_header_comes()
    {
        using var bench = new PandAIocBench();
        Stage(bench);
        bench.Put("DATA:CAPTURE_MODE", "FOREVER");
        bench.Put("DATA:CAPTURE", 1);
        Take(bench, 20);
        Assert.Equal((20, 1), (bench.Number("DATA:NUM_CAPTURED"), bench.Number("DATA:CAPTURE")));
        // A name of another file is discarded meanwhile.
        bench.Put("DATA:HDF_FILE_NAME", "other.h5");
        Assert.Equal(("run.h5", PathOf("run.h5")), (bench.Text("DATA:HDF_FILE_NAME"), bench.Text("DATA:HDF_FULL_FILE_PATH")));
        Take(bench, 30);
        Assert.Equal((50, 1), (bench.Number("DATA:NUM_CAPTURED"), bench.Number("DATA:CAPTURE")));
        bench.Put("INENC2:VAL:CAPTURE", "Value");
        Take(bench, 10);
        var status = bench.Get("DATA:STATUS");
        Assert.Equal(("Mismatched StartData packet for file", PvSeverity.Major), (status.Value.AsText(), status.Alarm.Severity));
        Assert.Equal(0, bench.Number("DATA:CAPTURE"));
        Assert.Equal(50, Column<int>("run.h5", "/INENC1.VAL.Value", "<i4", 50).Length);
        AssertClosed("run.h5", 50);
    }

    [Theory]
    [InlineData(0, 40, "Finished capture")]
    [InlineData(25, 25, "Requested number of frames captured")]
    public void A_capture_of_the_first_frames_ends_by_itself(int most, int rows, string status)
    {
        using var bench = new PandAIocBench();
        Stage(bench);
        bench.Put("DATA:NUM_CAPTURE", most);
        bench.Put("DATA:CAPTURE", 1);
        Take(bench, 40);
        bench.Pass(1000 * Ms);
        Assert.Equal((rows, rows, 0), (bench.Number("DATA:NUM_RECEIVED"), bench.Number("DATA:NUM_CAPTURED"), bench.Number("DATA:CAPTURE")));
        Assert.Equal(status, bench.Text("DATA:STATUS"));
        AssertClosed("run.h5", rows);
        // The same name again: the file is overwritten.
        bench.Put("DATA:CAPTURE", 1);
        Take(bench, 5);
        bench.Put("DATA:CAPTURE", 0);
        AssertClosed("run.h5", 5);
    }

    [Fact]
    public void What_came_since_the_last_flush_is_lost_where_a_capture_is_stopped_before_the_box_is_disarmed()
    {
        using var bench = new PandAIocBench();
        Stage(bench);
        bench.Put("DATA:CAPTURE_MODE", "FOREVER");
        bench.Put("DATA:FLUSH_PERIOD", 0.5);
        bench.Put("DATA:CAPTURE", 1);
        bench.Put("PCAP:ARM", 1);
        Pulse(bench, 100);
        bench.Pass(700 * Ms);
        var flushed = (int)bench.Number("DATA:NUM_CAPTURED");
        var taken = int.Parse(bench.Ask("*PCAP.CAPTURED?")["OK =".Length..], CultureInfo.InvariantCulture);
        Assert.InRange(flushed, 1, taken - 1);
        bench.Put("DATA:CAPTURE", 0);
        bench.Pass(1000 * Ms);
        Assert.Equal(flushed, bench.Number("DATA:NUM_CAPTURED"));
        AssertClosed("run.h5", flushed);
    }

    [Fact]
    public void A_capture_without_a_folder_a_name_or_a_known_mode_is_refused_and_says_why()
    {
        using var bench = new PandAIocBench();
        var missing = Path.Combine(_folder, "a", "b");
        bench.Put("DATA:HDF_FILE_NAME", "run.h5");
        bench.Put("DATA:HDF_DIRECTORY", missing);
        Assert.Equal(
            ("No", PvSeverity.Major, "Need to create 2 > 0 dirs."),
            (bench.Text("DATA:DIRECTORY_EXISTS"), bench.Get("DATA:DIRECTORY_EXISTS").Alarm.Severity, bench.Text("DATA:STATUS")));
        AssertRefused(bench, "does not exist");
        bench.Put("DATA:CREATE_DIRECTORY", -2);
        bench.Put("DATA:HDF_DIRECTORY", missing);
        Assert.Equal(("Yes", "Created 2 dirs.", true),
            (bench.Text("DATA:DIRECTORY_EXISTS"), bench.Text("DATA:STATUS"), Directory.Exists(missing)));
        bench.Put("DATA:CAPTURE_MODE", "LAST_N");
        AssertRefused(bench, "LAST_N is not modelled");
        bench.Put("DATA:CAPTURE_MODE", "FOREVER");
        bench.Put("DATA:HDF_FILE_NAME", "");
        AssertRefused(bench, "HDF_FILE_NAME is empty");
        bench.Put("DATA:HDF_DIRECTORY", "here");
        Assert.Equal("here is not an absolute path.", bench.Text("DATA:STATUS"));
    }

    [Fact]
    public void A_box_that_is_lost_ends_the_capture_and_closes_the_file()
    {
        using var bench = new PandAIocBench();
        Stage(bench);
        bench.Put("DATA:CAPTURE_MODE", "FOREVER");
        bench.Put("DATA:FLUSH_PERIOD", 0.1);
        bench.Put("DATA:CAPTURE", 1);
        bench.Put("PCAP:ARM", 1);
        Pulse(bench, 100);
        bench.Pass(450 * Ms);
        bench.Box.Network.Cut(PandABench.DataPort);
        bench.Pass(10 * Ms);
        var status = bench.Get("DATA:STATUS");
        Assert.Equal(("Capture disabled, unexpected exception", PvSeverity.Major), (status.Value.AsText(), status.Alarm.Severity));
        Assert.Equal(0, bench.Number("DATA:CAPTURE"));
        AssertClosed("run.h5", (int)bench.Number("DATA:NUM_CAPTURED"));
    }

    [Fact]
    public void A_disk_that_is_full_ends_the_capture()
    {
        var stores = new TestFrameStores { FullAfter = 30 };
        using var bench = new PandAIocBench(stores);
        Stage(bench);
        bench.Put("DATA:CAPTURE_MODE", "FOREVER");
        bench.Put("DATA:FLUSH_PERIOD", 0.1);
        bench.Put("DATA:CAPTURE", 1);
        Take(bench, 60);
        Assert.Equal((0, "Capture disabled, unexpected exception"), (bench.Number("DATA:CAPTURE"), bench.Text("DATA:STATUS")));
        var store = Assert.Single(stores.Stores);
        Assert.Equal((store.Recorded, true), ((long)bench.Number("DATA:NUM_CAPTURED"), store.Closed));
        Assert.InRange(store.Recorded, 1, 30);
    }

    [Fact]
    public void Two_fields_under_one_name_are_not_written()
    {
        using var bench = new PandAIocBench();
        Stage(bench);
        bench.Put("INENC2:VAL:CAPTURE", "Value");
        bench.Put("INENC1:VAL:DATASET", "x");
        bench.Put("INENC2:VAL:DATASET", "x");
        bench.Put("DATA:CAPTURE", 1);
        Take(bench, 5);
        Assert.Equal((0, "Capture disabled, unexpected exception"), (bench.Number("DATA:CAPTURE"), bench.Text("DATA:STATUS")));
        Assert.False(File.Exists(PathOf("run.h5")));
    }

    [Fact]
    public void Only_what_has_a_name_of_its_own_and_is_captured_is_in_the_table_of_datasets()
    {
        using var bench = new PandAIocBench();
        Assert.Equal(0, bench.Get("DATA:DATASETS").Value.Count);
        bench.Put("INENC1:VAL:DATASET", "x");
        bench.Put("INENC2:VAL:CAPTURE", "Value");
        bench.Put("PCAP:BITS0:DATASET", "bits");
        bench.Put("PCAP:BITS0:CAPTURE", "Value");
        bench.Put("INENC3:VAL:DATASET", "diode");
        bench.Put("INENC3:VAL:CAPTURE", "Mean");
        var table = Assert.IsType<PvValue.Table>(bench.Get("DATA:DATASETS").Value);
        Assert.Equal(["bits", "diode"], ((PvValue.Array<string>)table["name"]!).Items);
        Assert.Equal(["uint32", "float64"], ((PvValue.Array<string>)table["dtype"]!).Items);
    }

    private string PathOf(string file) => Path.Combine(_folder, file);

    /// <summary>Numbers as the box prints them.</summary>
    private static string Round(double value) => value.ToString("G10", CultureInfo.InvariantCulture);

    private void Stage(PandAIocBench bench)
    {
        foreach (var (record, value) in new[]
        {
            ("PCAP:ENABLE", "ONE"), ("PCAP:GATE", "SEQ1.OUTA"), ("PCAP:TRIG", "SEQ1.OUTA"), ("PCAP:TRIG_EDGE", "Falling"),
            ("SEQ1:PRESCALE:UNITS", "us"), ("INENC1:VAL:CAPTURE", "Value"), ("DATA:HDF_DIRECTORY", _folder),
            ("DATA:HDF_FILE_NAME", "run.h5"),
        })
            bench.Put(record, value);
        bench.Put("SEQ1:PRESCALE", 1);
    }

    /// <summary>Gates of 5 ms, each 10 ms after the other.</summary>
    private static void Pulse(PandAIocBench bench, int count)
    {
        bench.Put("SEQ1:ENABLE", "ZERO");
        PvColumn Number(string name, double value) => new(name, name, new PvValue.Array<double>([value]));
        bench.Put("SEQ1:TABLE", new PvValue.Table(
        [
            Number("repeats", count), new("trigger", "", new PvValue.Array<string>(["Immediate"])), Number("position", 0),
            Number("time1", 5000), Number("time2", 5000),
            .. "abcdef".SelectMany(letter => new[] { $"out{letter}1", $"out{letter}2" }).Select(o => Number(o, o == "outa1" ? 1 : 0)),
        ]));
        bench.Put("SEQ1:REPEATS", 1);
        bench.Put("SEQ1:ENABLE", "ONE");
    }

    /// <summary>One arm, from the first sample to the end that the box tells.</summary>
    private static void Take(PandAIocBench bench, int count)
    {
        bench.Pass(Ms);
        bench.Put("PCAP:ARM", 1);
        Pulse(bench, count);
        bench.Pass((10 * count + 20) * Ms);
        bench.Put("PCAP:ARM", 0);
        bench.Pass(Ms);
    }

    private static void Move(PandAIocBench bench)
    {
        var from = bench.World.NowNs;
        bench.Box.X.Move((from, 0), (from + 4000 * Ms, 40_000));
        bench.Box.Y.Move((from, 0), (from + 4000 * Ms, -80_000));
        bench.Box.Diode.Move((from, 0), (from + 4000 * Ms, 1234));
    }

    /// <summary>What the box sends to another client, column by column, scaled by itself.</summary>
    private static Func<Dictionary<string, double[]>> Rows(PandAIocBench bench)
    {
        var text = new StringBuilder();
        var connection = bench.World.Run(() => bench.Box.Network.ConnectAsync("box", PandABench.DataPort, default));
        connection.Start(bytes => text.Append(Encoding.ASCII.GetString(bytes.Span)), _ => { });
        connection.Send("ASCII SCALED\n"u8);
        bench.Pass(Ms);
        return () =>
        {
            var lines = text.ToString().Split('\n');
            var fields = lines.SkipWhile(l => l != "fields:").Skip(1).TakeWhile(l => l.Length > 0).Select(l => l.Split(' ')).ToArray();
            var rows = lines.SkipWhile(l => l.Length > 0).Skip(1).TakeWhile(l => l.StartsWith(' '))
                .Select(l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries)).ToArray();
            connection.Dispose();
            return fields.Select((f, i) => (Name: $"{f[1]} {f[3]}", i)).ToDictionary(
                f => f.Name, f => rows.Select(r => double.Parse(r[f.i], CultureInfo.InvariantCulture)).ToArray());
        };
    }

    private T[] Column<T>(string file, string dataset, string type, int count)
        where T : struct
    {
        var reader = new SegmentReader(TimeProvider.System, TimeSpan.FromSeconds(30));
        var bytes = Task.Run(() => reader.ReadAsync(PathOf(file), dataset, type, 0, count, default));
        ((IAsyncResult)bytes).AsyncWaitHandle.WaitOne();
        return MemoryMarshal.Cast<byte, T>(bytes.GetAwaiter().GetResult()).ToArray();
    }

    /// <summary>Nobody writes it any more, and it holds so many rows.</summary>
    private void AssertClosed(string file, int rows)
    {
        var inspected = Task.Run(() => HdfThread.Shared.RunAsync(
            () => SegmentReader.Inspect(PathOf(file), ["/INENC1.VAL.Value"], Flyscan.Hardware.Hdf5.Native.Hdf.ReadOnly), default));
        ((IAsyncResult)inspected).AsyncWaitHandle.WaitOne();
        Assert.Equal(rows, inspected.GetAwaiter().GetResult().Frames);
    }

    private static void AssertRefused(PandAIocBench bench, string status)
    {
        bench.Put("DATA:CAPTURE", 1);
        Assert.Equal(0, bench.Number("DATA:CAPTURE"));
        Assert.Contains(status, bench.Text("DATA:STATUS"));
        Assert.Equal(PvSeverity.Major, bench.Get("DATA:STATUS").Alarm.Severity);
    }
}
