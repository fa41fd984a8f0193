using System.Text;
using Flyscan.Hardware.PandA.Simulator;
using Xunit;
using Xunit.Abstractions;

namespace Flyscan.Tests.Hardware.PandA.Simulator;

public sealed class BlockModelTests(ITestOutputHelper output)
{
    private const long Ms = PandABench.Ms;

    private PandABench _bench = new();

    [Fact]
    public void Position_compare_makes_pulses_at_positions_in_one_direction_only()
    {
        Ask("PCOMP1.INP=INENC1.VAL\nPCOMP1.PRE_START=10\nPCOMP1.START=100\nPCOMP1.WIDTH=20\nPCOMP1.STEP=50\nPCOMP1.PULSES=3\n"
            + "TTLOUT1.VAL=PCOMP1.OUT\nPCOMP1.ENABLE=ONE\n");
        var edges = Edges(1);
        var start = _bench.World.NowNs;
        _bench.X.Move((start, 0), (start + 400 * Ms, 1000), (start + 800 * Ms, 0));
        Run(900);
        // 2.5 counts a millisecond; a count is reached half a count before its middle.
        Assert.Equal([(true, 100), (false, 120), (true, 150), (false, 170), (true, 200), (false, 220)],
            edges.Select(e => (e.High, _bench.X.At(e.AtNs))));
        Assert.Equal("OK =3\nOK =OK\nOK =0\nOK =WAIT_ENABLE\n", Ask("PCOMP1.PRODUCED?\nPCOMP1.HEALTH?\nPCOMP1.ACTIVE?\nPCOMP1.STATE?\n"));
    }

    [Fact]
    public void Position_compare_names_a_jump_past_a_step_and_a_direction_that_cannot_be_guessed()
    {
        Ask("PCOMP1.INP=INENC1.VAL\nPCOMP1.START=100\nPCOMP1.WIDTH=20\nPCOMP1.STEP=50\nPCOMP1.ENABLE=ONE\n");
        Assert.Equal("OK =WAIT_RISING\n", Ask("PCOMP1.STATE?\n"));
        _bench.X.Move((_bench.World.NowNs, 1000));
        Run(1);
        Assert.Equal("OK =Position jumped by more than STEP\nOK =0\n", Ask("PCOMP1.HEALTH?\nPCOMP1.ACTIVE?\n"));
        Ask("PCOMP2.RELATIVE=Relative\nPCOMP2.DIR=Either\nPCOMP2.INP=INENC1.VAL\nPCOMP2.ENABLE=ONE\n");
        Assert.StartsWith("OK =Can't guess DIR", Ask("PCOMP2.HEALTH?\n"));
    }

    [Fact]
    public void Relative_compare_finds_its_direction_and_counts_from_where_it_was_enabled()
    {
        _bench.X.Move((_bench.World.NowNs, 5000));
        Ask("PCOMP1.INP=INENC1.VAL\nPCOMP1.RELATIVE=Relative\nPCOMP1.DIR=Either\nPCOMP1.START=100\nPCOMP1.WIDTH=10\nPCOMP1.STEP=50\n"
            + "PCOMP1.PULSES=2\nTTLOUT1.VAL=PCOMP1.OUT\nPCOMP1.ENABLE=ONE\n");
        var edges = Edges(1);
        var start = _bench.World.NowNs;
        _bench.X.Move((start, 5000), (start + 100 * Ms, 4000));
        Run(200);
        Assert.Equal([4900, 4890, 4850, 4840], edges.Select(e => _bench.X.At(e.AtNs)));
    }

    [Fact]
    public void A_counter_rolls_over_with_a_carry_and_counts_down_when_told()
    {
        Ask("COUNTER1.TRIG=BITS.OUTA\nCOUNTER1.DIR=BITS.OUTB\nCOUNTER1.START=8\nCOUNTER1.STEP=2\nCOUNTER1.MIN=1\nCOUNTER1.MAX=9\n"
            + "COUNTER1.ENABLE=ONE\n");
        Assert.Equal("OK =8\n", Ask("COUNTER1.OUT?\n"));
        Assert.Equal("OK\nOK =1\nOK =1\n", Ask("BITS.A=1\nCOUNTER1.OUT?\nCOUNTER1.CARRY?\n"));
        Assert.Equal("OK\nOK =0\n", Ask("BITS.A=0\nCOUNTER1.CARRY?\n"));
        Assert.Equal("OK\nOK\nOK =8\nOK =1\n", Ask("BITS.B=1\nBITS.A=1\nCOUNTER1.OUT?\nCOUNTER1.CARRY?\n"));
        Assert.Equal("OK\nOK =-7\n", Ask("COUNTER1.SET=-7\nCOUNTER1.OUT?\n"));
    }

    [Fact]
    public void A_divider_sends_every_third_pulse_one_way_and_the_others_the_other()
    {
        Ask("DIV1.DIVISOR=3\nDIV1.INP=BITS.OUTA\nDIV1.ENABLE=ONE\nTTLOUT1.VAL=DIV1.OUTD\nTTLOUT2.VAL=DIV1.OUTN\n");
        var (divided, others) = (Edges(1), Edges(2));
        for (var i = 0; i < 7; i++)
            Ask("BITS.A=1\nBITS.A=0\n");
        Assert.Equal((2, 5), (divided.Count(e => e.High), others.Count(e => e.High)));
        Assert.Equal("OK =1\n", Ask("DIV1.COUNT?\n"));
        // Falling ENABLE resets the phase.
        Assert.Equal("OK\nOK =0\n", Ask("DIV1.ENABLE=ZERO\nDIV1.COUNT?\n"));
    }

    [Fact]
    public void A_gate_is_set_and_reset_by_its_edges_and_by_force()
    {
        Ask("SRGATE1.SET=BITS.OUTA\nSRGATE1.RST=BITS.OUTB\nSRGATE1.RST_EDGE=Falling\nSRGATE1.ENABLE=ONE\n");
        Assert.Equal("OK\nOK =1\n", Ask("BITS.A=1\nSRGATE1.OUT?\n"));
        Assert.Equal("OK\nOK =1\nOK\nOK =0\n", Ask("BITS.B=1\nSRGATE1.OUT?\nBITS.B=0\nSRGATE1.OUT?\n"));
        Assert.Equal("OK\nOK =1\nOK\nOK =0\n", Ask("SRGATE1.FORCE_SET=\nSRGATE1.OUT?\nSRGATE1.ENABLE=ZERO\nSRGATE1.OUT?\n"));
    }

    [Fact]
    public void A_lookup_table_combines_levels_and_makes_pulses_of_one_tick_from_edges()
    {
        Ask("LUT1.INPA=BITS.OUTA\nLUT1.INPB=BITS.OUTB\nLUT1.FUNC=A&~B\nLUT2.INPA=BITS.OUTA\nLUT2.TYPEA=Pulse-On-Rising-Edge\n"
            + "LUT2.FUNC=A\nTTLOUT1.VAL=LUT2.OUT\n");
        var pulses = Edges(1);
        Assert.Equal("OK\nOK =1\nOK\nOK =0\n", Ask("BITS.A=1\nLUT1.OUT?\nBITS.B=1\nLUT1.OUT?\n"));
        Assert.Equal([true, false], pulses.Select(p => p.High));
    }

    [Theory]
    [InlineData("A&B|~C", 0xFF0F0F0F)]
    [InlineData("A=>B?C:D", 0xF0CCF0F0)]
    [InlineData("0xff00ff00", 0xFF00FF00)]
    [InlineData("A=B", 0xFF0000FF)]
    [InlineData("(A|B)&~(C^D)", 0xC3C3C300)]
    public void Expressions_are_tables(string expression, uint table)
    {
        Assert.Null(new LutExpression(expression).TryRead(out var read));
        Assert.Equal(table, read);
    }

    [Fact]
    public void A_sum_of_positions_follows_them_with_sign_and_shift()
    {
        _bench.X.Move((_bench.World.NowNs, 1000));
        _bench.Y.Move((_bench.World.NowNs, 300));
        Ask("CALC1.INPA=INENC1.VAL\nCALC1.INPB=INENC2.VAL\nCALC1.TYPEB=-Value\nCALC1.SHIFT=1\n");
        Assert.Equal("OK =350\n", Ask("CALC1.OUT?\n"));
        Ask("CALC2.INPA=CALC1.OUT\nCALC2.INPB=CALC2.OUT\n");
        Assert.Equal("OK =350\n", Ask("CALC2.OUT?\n"));
    }

    [Fact]
    public void A_filter_gives_the_difference_from_trigger_to_trigger_and_the_average_between_them()
    {
        Ask("FILTER1.INP=INENC1.VAL\nFILTER1.TRIG=BITS.OUTA\nFILTER1.ENABLE=ONE\nFILTER2.INP=INENC1.VAL\nFILTER2.TRIG=BITS.OUTA\n"
            + "FILTER2.MODE=average\nFILTER2.ENABLE=ONE\n");
        var start = _bench.World.NowNs;
        _bench.X.Move((start, 0), (start + 10 * Ms, 1000));
        Run(10);
        Ask("BITS.A=1\n");
        Run(1);
        Assert.Equal("OK =1000\nOK =500\n", Ask("FILTER1.OUT?\nFILTER2.OUT?\n"));
    }

    [Fact]
    public void A_generator_puts_out_its_table_at_triggers_and_stops_after_its_repeats()
    {
        Ask("PGEN1.TABLE<\n5 -6 7\n\nPGEN1.REPEATS=1\nPGEN1.TRIG=BITS.OUTA\nPGEN1.ENABLE=ONE\n");
        List<string> seen = [];
        for (var i = 0; i < 4; i++)
            seen.Add(Ask("BITS.A=1\nBITS.A=0\nPGEN1.OUT?\n").Split('\n')[2]);
        Assert.Equal(["OK =5", "OK =-6", "OK =7", "OK =7"], seen);
        Assert.Equal("OK =0\nOK =WAIT_ENABLE\n", Ask("PGEN1.ACTIVE?\nPGEN1.STATE?\n"));
    }

    [Fact]
    public void A_pulse_block_makes_trains_and_counts_what_it_drops()
    {
        Ask("PULSE1.ENABLE=ONE\nPULSE1.TRIG=TTLIN1.VAL\nPULSE1.WIDTH.UNITS=us\nPULSE1.WIDTH=10\nPULSE1.STEP.UNITS=us\nPULSE1.STEP=30\n"
            + "PULSE1.PULSES=3\nPULSE1.TRIG_EDGE=Either\nTTLOUT1.VAL=PULSE1.OUT\n");
        var edges = Edges(1);
        var start = _bench.World.NowNs;
        _bench.World.At(start + 1000, () => _bench.Live.Set(true));
        _bench.World.At(start + 21_000, () => _bench.Live.Set(false));
        Run(1);
        Assert.Equal([1000L, 11_000, 31_000, 41_000, 61_000, 71_000], edges.Select(e => e.AtNs - start));
        Assert.Equal("OK =1\n", Ask("PULSE1.DROPPED?\n"));
    }

    [Fact]
    public void Nine_streamed_pieces_fit_of_which_one_is_at_work_and_a_tenth_is_refused()
    {
        const string Piece = "SEQ1.TABLE<<\n1048577 0 1000 1000\n\n";
        Assert.Equal(string.Concat(Enumerable.Repeat("OK\n", 9)), Ask(string.Concat(Enumerable.Repeat(Piece, 9))));
        Assert.Equal("OK =8\n", Ask("SEQ1.TABLE.QUEUED_LINES?\n"));
        Assert.StartsWith("ERR", Ask(Piece));
    }

    [Fact]
    public void Deviation_and_sums_are_those_of_a_position_that_moves_evenly()
    {
        Ask("INENC1.VAL.CAPTURE=Sum Min Max Mean StdDev\nPCAP.ENABLE=ONE\nPCAP.GATE=ONE\nPCAP.TRIG=BITS.OUTA\nPCAP.SHIFT_SUM=2\n");
        var data = Data("ASCII NO_HEADER\n");
        var start = _bench.World.NowNs;
        _bench.X.Move((start, 0), (start + 100 * Ms, 10_000));
        Ask("*PCAP.ARM=\n");
        Run(100);
        Ask("BITS.A=1\n");
        Run(1);
        var values = data().Split('\n')[1].Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(double.Parse).ToArray();
        Assert.Equal([0, 10_000], values[..2]);
        Assert.Equal(5000.0 * 12_500_000 / 4, values[2], 5000.0 * 125);
        Assert.Equal(5000, values[3], 1.0);
        Assert.Equal(10_000 / Math.Sqrt(12), values[4], 1.0);
    }

    [Fact]
    public void Triggers_closer_than_the_words_of_a_sample_end_the_capture()
    {
        Ask("PCAP.TS_TRIG.CAPTURE=Value\nPCAP.TS_END.CAPTURE=Value\nPCAP.ENABLE=ONE\nPCAP.TRIG=CLOCK1.OUT\nCLOCK1.PERIOD.RAW=3\n"
            + "CLOCK1.ENABLE=BITS.OUTA\n*PCAP.ARM=\nBITS.A=1\n");
        Run(1);
        Assert.Equal("OK =Framing error\nOK =1\nOK =Capture events too close together\n",
            Ask("*PCAP.COMPLETION?\n*PCAP.CAPTURED?\nPCAP.HEALTH?\n"));
    }

    [Fact]
    public void A_million_frames_take_a_counted_number_of_events()
    {
        _bench = new PandABench(dataPeriodNs: 100 * Ms);
        Ask("INENC1.VAL.CAPTURE=Mean\nPCAP.TS_TRIG.CAPTURE=Value\nSEQ1.PRESCALE.UNITS=us\nSEQ1.PRESCALE=1\nSEQ1.REPEATS=20\n"
            + "PCAP.ENABLE=SEQ1.ACTIVE\nPCAP.GATE=SEQ1.OUTA\nPCAP.TRIG=SEQ1.OUTA\nPCAP.TRIG_EDGE=Falling\n"
            + $"SEQ1.TABLE<\n{50_000 | 1 << 20} 0 9 1\n\n*PCAP.ARM=\nSEQ1.ENABLE=ONE\n");
        var start = _bench.World.NowNs;
        var before = _bench.Box.Events;
        _bench.X.Move((start, 0), (start + 10_000 * Ms, 1_000_000));
        var (began, clock) = (TimeProvider.System.GetTimestamp(), TimeProvider.System);
        Run(10_200);
        output.WriteLine($"a million frames in {clock.GetElapsedTime(began).TotalSeconds:0.0} s, {_bench.Box.Events - before} events");
        Assert.Equal("OK =1000000\nOK =Ok\nOK =OK\n", Ask("*PCAP.CAPTURED?\n*PCAP.COMPLETION?\nSEQ1.HEALTH?\n"));
        Assert.InRange(_bench.Box.Events - before, 6_000_000, 9_000_000);
    }

    private string Ask(string commands) => _bench.Ask(commands);

    private void Run(long ms) => _bench.World.RunUntil(_bench.World.NowNs + ms * Ms);

    private List<(bool High, long AtNs)> Edges(int output)
    {
        var edges = new List<(bool, long)>();
        _bench.Box.TtlOut(output).Changed += high => edges.Add((high, _bench.World.NowNs));
        return edges;
    }

    private Func<string> Data(string options)
    {
        var text = new StringBuilder();
        var connection = _bench.World.Run(() => _bench.Network.ConnectAsync("box", PandABench.DataPort, CancellationToken.None));
        connection.Start(bytes => text.Append(Encoding.ASCII.GetString(bytes.Span)), _ => { });
        connection.Send(Encoding.ASCII.GetBytes(options));
        _bench.World.RunUntil(_bench.World.NowNs);
        return text.ToString;
    }
}
