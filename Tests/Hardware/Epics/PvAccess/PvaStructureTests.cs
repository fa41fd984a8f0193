using Flyscan.Hardware.Epics;
using Flyscan.Hardware.Epics.PvAccess;
using Flyscan.Scanning.Units;
using Xunit;

namespace Flyscan.Tests.Hardware.Epics.PvAccess;

/// <summary>Tables, images, trees of names and calls, over the wire.</summary>
public sealed class PvaStructureTests
{
    private const long Second = PvaBench.Second;
    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly PvaType.Scalar Text = new(PvaScalar.Text);

    [Fact]
    public async Task A_table_is_read_by_its_labels_and_written_by_its_columns()
    {
        await using var bench = new PvaBench();
        var columns = PvaType.Of(
            ("repeats", new PvaType.ScalarArray(PvaScalar.UInt16)), ("trigger", new PvaType.ScalarArray(PvaScalar.Text)));
        var type = PvaType.Of("epics:nt/NTTable:1.0", ("labels", new PvaType.ScalarArray(PvaScalar.Text)), ("value", columns));
        bench.Serve("SEQ:TABLE", new PvaValue.Structure(type,
        [
            new PvaValue.Array<string>(["REPEATS", "TRIGGER"]),
            new PvaValue.Structure(columns, [new PvaValue.Array<ushort>([1]), new PvaValue.Array<string>(["Immediate"])]),
        ]));
        using var channel = bench.Connected("SEQ:TABLE");
        var table = Assert.IsType<PvValue.Table>(bench.Value(channel.GetAsync(Second, None)).Value);
        Assert.Equal(
            new PvValue.Table(
            [
                new PvColumn("repeats", "REPEATS", new PvValue.Array<ushort>([1])),
                new PvColumn("trigger", "TRIGGER", new PvValue.Array<string>(["Immediate"])),
            ]),
            table);
        var wanted = new PvValue.Table(
        [
            new PvColumn("trigger", "", new PvValue.Array<string>(["BITA=1", "BITA=0"])),
            new PvColumn("repeats", "", new PvValue.Array<double>([2, 65_535])),
        ]);
        bench.Value(channel.PutAndWaitAsync(wanted, Second, None));
        table = (PvValue.Table)bench.Value(channel.GetAsync(Second, None)).Value;
        Assert.Equal((new PvValue.Array<ushort>([2, 65_535]), 2), ((PvValue.Array<ushort>)table["repeats"]!, table.Count));
        var wrong = new PvValue.Table([new PvColumn("posa", "", new PvValue.Array<double>([1]))]);
        Assert.IsType<Outcome<Nothing>.Refused>(await bench.EndAsync(channel.PutAndWaitAsync(wrong, Second, None)));
    }

    [Fact]
    public async Task A_frame_is_followed_with_its_size_and_attributes()
    {
        await using var bench = new PvaBench();
        var served = bench.Serve("DET:IMAGE", Frame(1, [1, 2, 3, 4, 5, 6]));
        using var channel = bench.Connected("DET:IMAGE");
        using var monitor = channel.Monitor(new PvMonitorOptions { Capacity = 8 }, _ => { });
        bench.Run();
        bench.Server.Run(() => served.Post(Frame(2, [6, 5, 4, 3, 2, 1])));
        bench.Run();
        Assert.True(monitor.TryTake(out var first));
        Assert.True(monitor.TryTake(out var second));
        Assert.Equal(1, ((PvValue.Image)first!.Value).UniqueId);
        var image = (PvValue.Image)second!.Value;
        Assert.Equal(new PvValue.Array<ushort>([6, 5, 4, 3, 2, 1]), image.Pixels);
        Assert.Equal([3, 2], image.Dimensions);
        Assert.Equal(new PvField("ColorMode", new PvValue.Integer(2)), Assert.Single(image.Attributes));
    }

    [Fact]
    public async Task A_tree_of_names_is_walked()
    {
        await using var bench = new PvaBench();
        bench.Serve("PANDA:PVI", Pvi(("pcap", [("d", "PANDA:PCAP:PVI")]), ("seq1", [("d", "PANDA:SEQ1:PVI")])));
        bench.Serve("PANDA:PCAP:PVI", Pvi(("arm", [("rw", "PANDA:PCAP:ARM")]), ("active", [("r", "PANDA:PCAP:ACTIVE")])));
        bench.Serve("PANDA:SEQ1:PVI", Pvi(("table", [("rw", "PANDA:SEQ1:TABLE")])));
        var tree = await bench.EndAsync(PviTree.ReadAsync(bench.Client, "PANDA:PVI", Second, None));
        Assert.Equal(
            [
                new PviSignal("pcap.arm", "rw", "PANDA:PCAP:ARM"), new PviSignal("pcap.active", "r", "PANDA:PCAP:ACTIVE"),
                new PviSignal("seq1.table", "rw", "PANDA:SEQ1:TABLE"),
            ],
            Assert.IsType<Outcome<EquatableArray<PviSignal>>.Completed>(tree).Value);
        bench.Serve("LOOP:PVI", Pvi(("self", [("d", "LOOP:PVI")])));
        var loop = await bench.EndAsync(PviTree.ReadAsync(bench.Client, "LOOP:PVI", Second, None));
        Assert.Contains("names LOOP:PVI twice", loop.Problem);
        bench.Serve("A", 1);
        var none = await bench.EndAsync(PviTree.ReadAsync(bench.Client, "A", Second, None));
        Assert.Contains("A is no PVI: it holds 1", none.Problem);
    }

    [Fact]
    public async Task A_tree_of_names_is_read_where_it_stands_beside_alarm_and_time_stamp()
    {
        await using var bench = new PvaBench();
        var alarm = new PvaValue.Structure(
            PvaType.Of(("severity", new PvaType.Scalar(PvaScalar.Int32)), ("message", Text)),
            [PvaValue.Whole.Zero, new PvaValue.Text("fine")]);
        foreach (var (name, entries) in new[]
        {
            ("PANDA:PVI", Pvi(("seq1", [("d", "PANDA:SEQ1:PVI")]))), ("PANDA:SEQ1:PVI", Pvi(("table", [("rw", "PANDA:SEQ1:TABLE")]))),
        })
            bench.Serve(name, new PvaValue.Structure(
                PvaType.Of(("pvi", entries.Type.Members[0].Type), ("alarm", alarm.Type)), [entries.Fields[0], alarm]));
        var tree = await bench.EndAsync(PviTree.ReadAsync(bench.Client, "PANDA:PVI", Second, None));
        Assert.Equal(
            [new PviSignal("seq1.table", "rw", "PANDA:SEQ1:TABLE")],
            Assert.IsType<Outcome<EquatableArray<PviSignal>>.Completed>(tree).Value);
    }

    [Fact]
    public async Task A_service_is_called()
    {
        await using var bench = new PvaBench();
        var argument = new PvaValue.Structure(PvaType.Of(("op", Text)), [new PvaValue.Text("channels")]);
        var names = new PvaValue.Structure(
            PvaType.Of(("value", new PvaType.ScalarArray(PvaScalar.Text))), [new PvaValue.Array<string>(["A", "B"])]);
        bench.Serve("server", argument).Called = asked =>
            asked.Value is PvaValue.Structure s && s["op"] is PvaValue.Text { Value: "channels" }
                ? (PvaStatus.Ok, PvaValue.Any.Of(names))
                : (PvaStatus.Error("unknown operation"), PvaValue.Any.Nothing);
        using var channel = (PvaChannel)bench.Connected("server");
        var result = bench.Value(channel.CallAsync(argument, Second, None));
        Assert.Equal(new PvaValue.Array<string>(["A", "B"]), result!["value"]);
        var wrong = await bench.EndAsync(channel.CallAsync(argument.With("op", new PvaValue.Text("x")), Second, None));
        Assert.Equal("calling server: unknown operation", wrong.Problem);
        bench.Serve("A", 1);
        using var record = (PvaChannel)bench.Connected("A");
        Assert.Contains("not supported", (await bench.EndAsync(record.CallAsync(argument, Second, None))).Problem);
    }

    private static PvaValue.Structure Pvi(params (string Name, (string Access, string Pv)[] Entries)[] entries)
    {
        var all = new List<PvaValue.Structure>();
        foreach (var (_, signals) in entries)
            all.Add(new PvaValue.Structure(
                PvaType.Of([.. signals.Select(s => (s.Access, (PvaType)Text))]), [.. signals.Select(s => new PvaValue.Text(s.Pv))]));
        var value = new PvaValue.Structure(PvaType.Of([.. entries.Select((e, i) => (e.Name, (PvaType)all[i].Type))]), [.. all]);
        return new PvaValue.Structure(PvaType.Of(("value", value.Type)), [value]);
    }

    private static PvaValue.Structure Frame(int number, ushort[] pixels)
    {
        var whole = new PvaType.Scalar(PvaScalar.Int32);
        var union = new PvaType.Union("", [new PvaMember("ushortValue", new PvaType.ScalarArray(PvaScalar.UInt16))]);
        var codec = PvaType.Of("codec_t", ("name", Text), ("parameters", PvaType.Any.Instance));
        var dimension = PvaType.Of("dimension_t", ("size", whole), ("offset", whole));
        var attribute = PvaType.Of("epics:nt/NTAttribute:1.0", ("name", Text), ("value", PvaType.Any.Instance));
        return new PvaValue.Structure(
            PvaType.Of(
                "epics:nt/NTNDArray:1.0", ("value", union), ("codec", codec), ("dimension", new PvaType.StructureArray(dimension)),
                ("uniqueId", whole), ("attribute", new PvaType.StructureArray(attribute))),
            [
                new PvaValue.Union(0, new PvaValue.Array<ushort>(pixels)),
                PvaValue.Default(codec),
                new PvaValue.StructureArray([Size(dimension, 3), Size(dimension, 2)]),
                new PvaValue.Whole(number),
                new PvaValue.StructureArray(
                    [new PvaValue.Structure(attribute, [new PvaValue.Text("ColorMode"), new PvaValue.Any(whole, new PvaValue.Whole(2))])]),
            ]);
    }

    private static PvaValue.Structure Size(PvaType.Structure type, int size) => new(type, [new PvaValue.Whole(size), PvaValue.Whole.Zero]);
}
