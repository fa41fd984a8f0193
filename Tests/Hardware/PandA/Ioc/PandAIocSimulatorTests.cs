using Flyscan.Hardware.Epics;
using Flyscan.Hardware.Epics.PvAccess;
using Flyscan.Hardware.PandA.Programmes;
using Xunit;

namespace Flyscan.Tests.Hardware.PandA.Ioc;

/// <summary>The simulated IOC's records: what they are called, what they do to the box, and how late they tell of it.</summary>
public sealed class PandAIocSimulatorTests
{
    private const long Ms = PandAIocBench.Ms;

    [Fact]
    public void The_tree_of_names_leads_to_every_signal_and_each_is_served()
    {
        using var bench = new PandAIocBench();
        var tree = bench.Value(() => PviTree.ReadAsync(bench.Client, $"pva://{PandAIocBench.Prefix}:PVI", 1000 * Ms, default));
        Assert.Equal(tree.Count, tree.Select(s => s.Path).Distinct().Count());
        foreach (var (path, access, record) in new[]
        {
            ("seq1.table", "rw", "SEQ1:TABLE"), ("seq1.bita", "rw", "SEQ1:BITA"), ("seq1.bita_delay", "rw", "SEQ1:BITA:DELAY"),
            ("seq1.prescale_units", "rw", "SEQ1:PRESCALE:UNITS"), ("seq2.active", "r", "SEQ2:ACTIVE"), ("pcap.arm", "rw", "PCAP:ARM"),
            ("pcap.active", "r", "PCAP:ACTIVE"), ("pcap.ts_start_capture", "rw", "PCAP:TS_START:CAPTURE"),
            ("inenc1.val", "r", "INENC1:VAL"), ("inenc1.val_dataset", "rw", "INENC1:VAL:DATASET"), ("inenc1.setp", "rw", "INENC1:SETP"),
            ("srgate4.force_set", "x", "SRGATE4:FORCE_SET"), ("bits.a", "rw", "BITS:A"), ("data.capture", "rw", "DATA:CAPTURE"),
            ("data.num_captured", "r", "DATA:NUM_CAPTURED"), ("data.hdf_full_file_path", "r", "DATA:HDF_FULL_FILE_PATH"),
            ("data.datasets", "r", "DATA:DATASETS"),
        })
            Assert.Contains(new PviSignal(path, access, $"{PandAIocBench.Prefix}:{record}"), tree);
        Assert.True(tree.Count > 700, $"{tree.Count} signals");
        foreach (var signal in tree)
            Assert.NotNull(bench.Get(signal.Pv[(PandAIocBench.Prefix.Length + 1)..]).Value);
    }

    [Theory]
    [InlineData("SEQ1:REPEATS", "7", "SEQ1.REPEATS", "7")]
    [InlineData("PCAP:TRIG_EDGE", "Falling", "PCAP.TRIG_EDGE", "Falling")]
    [InlineData("SEQ1:BITA", "TTLIN1.VAL", "SEQ1.BITA", "TTLIN1.VAL")]
    [InlineData("SEQ1:BITA:DELAY", "31", "SEQ1.BITA.DELAY", "31")]
    [InlineData("SEQ1:POSA", "INENC1.VAL", "SEQ1.POSA", "INENC1.VAL")]
    [InlineData("BITS:A", "1", "BITS.A", "1")]
    [InlineData("PULSE1:WIDTH", "0.25", "PULSE1.WIDTH", "0.25")]
    [InlineData("PULSE1:WIDTH:UNITS", "ms", "PULSE1.WIDTH.UNITS", "ms")]
    [InlineData("PCOMP1:START", "-5", "PCOMP1.START", "-5")]
    [InlineData("LUT1:FUNC", "A&B", "LUT1.FUNC", "A&B")]
    [InlineData("INENC1:VAL:SCALE", "0.001", "INENC1.VAL.SCALE", "0.001")]
    [InlineData("INENC1:VAL:UNITS", "mm", "INENC1.VAL.UNITS", "mm")]
    [InlineData("INENC1:VAL:CAPTURE", "Min Max Mean", "INENC1.VAL.CAPTURE", "Min Max Mean")]
    [InlineData("PCAP:BITS0:CAPTURE", "Value", "PCAP.BITS0.CAPTURE", "Value")]
    public void What_is_written_is_in_the_box_when_the_write_ends(string record, string value, string field, string held)
    {
        using var bench = new PandAIocBench();
        bench.Put(record, value);
        Assert.Equal($"OK ={held}", bench.Ask($"{field}?"));
        Assert.Equal(value, bench.Text(record));
        bench.Pass(250 * Ms);
        Assert.Equal(value, bench.Text(record));
    }

    [Fact]
    public void A_write_that_the_box_refuses_goes_back_and_says_nothing()
    {
        using var bench = new PandAIocBench();
        bench.Put("SEQ1:BITA", "TTLIN1.VAL");
        bench.Put("SEQ1:BITA", "NOBODY.VAL");
        Assert.Equal(("TTLIN1.VAL", "OK =TTLIN1.VAL"), (bench.Text("SEQ1:BITA"), bench.Ask("SEQ1.BITA?")));
        bench.Put("PCAP:SHIFT_SUM", 9);
        Assert.Equal(0, bench.Number("PCAP:SHIFT_SUM"));
        bench.Put("SEQ1:BITA", "TTLIN2.VAL\nBITS.A=1");
        Assert.Equal(("TTLIN1.VAL", "OK =0"), (bench.Text("SEQ1:BITA"), bench.Ask("BITS.A?")));
    }

    [Fact]
    public void What_the_box_changes_is_told_after_up_to_a_poll()
    {
        using var bench = new PandAIocBench();
        bench.Put("PULSE1:DELAY:UNITS", "ms");
        Assert.Equal(("0", 0, 0), (bench.Text("TTLIN1:VAL"), bench.Number("INENC1:VAL"), bench.Number("PULSE1:DELAY")));
        JustPolled(bench);
        bench.Box.Live.Set(true);
        bench.Box.X.Move((bench.World.NowNs, 0), (bench.World.NowNs + Ms, 42));
        Assert.Equal("OK", bench.Ask("PULSE1.DELAY=5"));
        Assert.Equal("OK", bench.Ask("SEQ1.TABLE<\n1 2 3 4\n"));
        bench.Pass(90 * Ms);
        Assert.Equal(("0", 0, 0), (bench.Text("TTLIN1:VAL"), bench.Number("INENC1:VAL"), bench.Number("PULSE1:DELAY")));
        bench.Pass(11 * Ms);
        Assert.Equal(("1", 42, 5), (bench.Text("TTLIN1:VAL"), bench.Number("INENC1:VAL"), bench.Number("PULSE1:DELAY")));
        Assert.Equal(3, ((PvValue.Table)bench.Get("SEQ1:TABLE").Value)["time1"]!.AsNumber());
        // The same time, in units that somebody else chose.
        Assert.Equal("OK", bench.Ask("PULSE1.DELAY.UNITS=us"));
        bench.Pass(101 * Ms);
        Assert.Equal(("us", 5000), (bench.Text("PULSE1:DELAY:UNITS"), bench.Number("PULSE1:DELAY")));
    }

    [Fact]
    public void A_table_that_is_put_is_the_boxes_words_and_reads_back_by_its_columns()
    {
        using var bench = new PandAIocBench();
        SequencerRow[] rows =
        [
            new(65_535, SequencerTrigger.Immediate, 1, 0, 0, 5, uint.MaxValue),
            new(1, SequencerTrigger.PositionAAtLeast, 0, 0b100000, -7, 1, 2), new(3, SequencerTrigger.BitBLow, 0b10, 0b11, 9, 0, 1),
        ];
        bench.Put("SEQ1:TABLE", Table(rows));
        var words = bench.Ask("SEQ1.TABLE?").Split('\n')[..^1].Select(line => uint.Parse(line[1..])).ToArray();
        Assert.Equal(SequencerLayout.Documented.Encode(rows), words);
        var read = Assert.IsType<PvValue.Table>(bench.Get("SEQ1:TABLE").Value);
        Assert.Equal(
            [
                "repeats", "trigger", "position", "time1", "outa1", "outb1", "outc1", "outd1", "oute1", "outf1", "time2", "outa2", "outb2",
                "outc2", "outd2", "oute2", "outf2",
            ],
            read.Columns.Select(c => c.Name));
        Assert.Equal(new PvValue.Array<ushort>([65_535, 1, 3]), read["repeats"]);
        Assert.Equal(new PvValue.Array<string>(["Immediate", "POSA>=POSITION", "BITB=0"]), read["trigger"]);
        Assert.Equal(new PvValue.Array<int>([0, -7, 9]), read["position"]);
        Assert.Equal(new PvValue.Array<uint>([uint.MaxValue, 2, 1]), read["time2"]);
        Assert.Equal(new PvValue.Array<byte>([0, 1, 0]), read["outf2"]);
        bench.Pass(250 * Ms);
        Assert.Equal(read, bench.Get("SEQ1:TABLE").Value);
    }

    [Fact]
    public void A_table_that_cannot_be_is_refused_and_one_that_the_box_refuses_goes_back()
    {
        using var bench = new PandAIocBench();
        SequencerRow[] rows = [new(1, SequencerTrigger.Immediate, 1, 0, 0, 5, 6)];
        bench.Put("SEQ1:TABLE", Table(rows));
        var before = bench.Get("SEQ1:TABLE").Value;
        string Problem(PvValue.Table table) => bench.Run(() => bench.PutAsync("SEQ1:TABLE", table)).Problem ?? "";
        Assert.Contains("columns of a table have one length", Problem(new([new("repeats", "", new PvValue.Array<double>([1, 2]))])));
        Assert.Contains("'BITA' is none of Immediate, BITA=0", Problem(new([new("trigger", "", new PvValue.Array<string>(["BITA"]))])));
        Assert.Contains("2 is more than 1", Problem(new([new("outa1", "", new PvValue.Array<double>([2]))])));
        Assert.Equal("OK", bench.Ask("SEQ2.TABLE<<\n1 2 3 4\n"));
        bench.Put("SEQ2:TABLE", Table(rows));
        Assert.Equal(0, bench.Get("SEQ2:TABLE").Value.Count);
        Assert.Equal(before, bench.Get("SEQ1:TABLE").Value);
    }

    [Fact]
    public void Arming_and_disarming_are_told_by_ACTIVE()
    {
        using var bench = new PandAIocBench();
        bench.Put("PCAP:ENABLE", "ONE");
        bench.Put("INENC1:VAL:CAPTURE", "Value");
        bench.Put("PCAP:ARM", 0);
        Assert.Equal("0", bench.Text("PCAP:ACTIVE"));
        JustPolled(bench);
        var before = bench.World.NowNs;
        bench.Put("PCAP:ARM", 1);
        Assert.Equal(before, bench.World.NowNs);
        Assert.Equal(("OK =1", "0"), (bench.Ask("PCAP.ACTIVE?"), bench.Text("PCAP:ACTIVE")));
        bench.Pass(110 * Ms);
        Assert.Equal("1", bench.Text("PCAP:ACTIVE"));
        bench.Put("PCAP:ARM", 0);
        bench.Pass(110 * Ms);
        Assert.Equal(("OK =0", "0"), (bench.Ask("PCAP.ACTIVE?"), bench.Text("PCAP:ACTIVE")));
        bench.Put("INENC1:VAL:CAPTURE", "No");
        // Refused: nothing is captured.
        bench.Put("PCAP:ARM", 1);
        Assert.Equal(0, bench.Number("PCAP:ARM"));
    }

    [Fact]
    public void While_the_box_is_gone_values_have_an_alarm_and_writes_go_back()
    {
        using var bench = new PandAIocBench();
        bench.Put("SEQ1:REPEATS", 3);
        bench.SetBoxReachable(false);
        bench.Pass(10 * Ms);
        Assert.Equal((PvSeverity.Invalid, 3), (bench.Get("SEQ1:REPEATS").Alarm.Severity, bench.Number("SEQ1:REPEATS")));
        bench.Put("SEQ1:REPEATS", 4);
        Assert.Equal(3, bench.Number("SEQ1:REPEATS"));
        bench.SetBoxReachable(true);
        bench.Ask("SEQ1.REPEATS=5");
        bench.Pass(600 * Ms);
        Assert.Equal((PvSeverity.None, 5), (bench.Get("SEQ1:REPEATS").Alarm.Severity, bench.Number("SEQ1:REPEATS")));
        bench.Put("SEQ1:REPEATS", 6);
        Assert.Equal("OK =6", bench.Ask("SEQ1.REPEATS?"));
    }

    [Fact]
    public void An_IOC_that_begins_before_its_box_serves_it_once_it_is_there()
    {
        using var bench = new PandAIocBench();
        bench.SetBoxReachable(false);
        bench.StartIoc();
        bench.Pass(700 * Ms);
        Assert.False(bench.Ioc.IsUp);
        bench.SetBoxReachable(true);
        bench.Pass(600 * Ms);
        Assert.True(bench.Ioc.IsUp);
        Assert.Equal("ZERO", bench.Text("SEQ1:BITA"));
    }

    [Fact]
    public void Long_texts_and_choices_are_read_over_Channel_Access_too()
    {
        using var bench = new PandAIocBench();
        bench.Put("PCAP:TRIG_EDGE", "Either");
        var name = $"{PandAIocBench.Prefix}:PCAP:TRIG_EDGE";
        using var channel = bench.Client.Open(name);
        bench.Value(() => channel.ConnectAsync(1000 * Ms, default));
        Assert.Equal("Either", bench.Value(() => channel.GetAsync(1000 * Ms, default, PvAs.Text)).Value.AsText());
        var folder = $"/tmp/{new string('x', 60)}";
        bench.Put("DATA:HDF_DIRECTORY", folder);
        using var directory = bench.Client.Open($"{PandAIocBench.Prefix}:DATA:HDF_DIRECTORY.VAL$");
        bench.Value(() => directory.ConnectAsync(1000 * Ms, default));
        Assert.Equal(folder, bench.Value(() => directory.GetAsync(1000 * Ms, default)).Value.AsText());
    }

    /// <summary>Until the IOC has just asked its box.</summary>
    private static void JustPolled(PandAIocBench bench)
    {
        var before = bench.Number("PCOMP2:START");
        bench.Ask($"PCOMP2.START={before + 1}");
        while (bench.Number("PCOMP2:START") == before)
            bench.Pass(Ms);
    }

    private static PvValue.Table Table(SequencerRow[] rows)
    {
        static string Text(SequencerTrigger trigger) => trigger switch
        {
            SequencerTrigger.Immediate => "Immediate",
            SequencerTrigger.BitBLow => "BITB=0",
            SequencerTrigger.PositionAAtLeast => "POSA>=POSITION",
            _ => throw new ArgumentOutOfRangeException(nameof(trigger)),
        };
        PvColumn Numbers(string name, Func<SequencerRow, double> of) => new(name, name, new PvValue.Array<double>([.. rows.Select(of)]));
        return new PvValue.Table(
        [
            Numbers("repeats", r => r.Repeats), new("trigger", "", new PvValue.Array<string>([.. rows.Select(r => Text(r.Trigger))])),
            Numbers("position", r => r.Position), Numbers("time1", r => r.Time1), Numbers("time2", r => r.Time2),
            .. "abcdef".Select((letter, i) => Numbers($"out{letter}1", r => r.Outputs1 >> i & 1)),
            .. "abcdef".Select((letter, i) => Numbers($"out{letter}2", r => r.Outputs2 >> i & 1)),
        ]);
    }
}
