using System.Text;
using Xunit;

namespace Flyscan.Tests.Hardware.PandA;

public sealed class PandASimulatorTests
{
    private const long Ms = PandABench.Ms;

    [Fact]
    public void A_line_over_the_limit_closes_the_connection_without_a_word()
    {
        var bench = new PandABench();
        var closed = false;
        var text = "";
        var connection = bench.World.Run(() => bench.Network.ConnectAsync("box", PandABench.ControlPort, CancellationToken.None));
        connection.Start(bytes => text += Encoding.ASCII.GetString(bytes.Span), _ => closed = true);
        connection.Send(Encoding.ASCII.GetBytes($"*ECHO {new string('x', 1100)}?\n"));
        bench.World.RunUntil(bench.World.NowNs);
        Assert.Equal(("", true), (text, closed));
    }

    [Fact]
    public void Timed_frames_with_table_repeats_give_the_stamps_of_session_72()
    {
        var bench = new PandABench();
        bench.Ask("INENC1.VAL.SCALE=0.001\nINENC1.VAL.OFFSET=5\n"
            + "INENC1.VAL.UNITS=mm\nINENC1.VAL.CAPTURE=Min Max Mean\nPCAP.TS_START.CAPTURE=Value\n"
            + "PCAP.TS_END.CAPTURE=Value\nPCAP.GATE_DURATION.CAPTURE=Value\nSEQ1.PRESCALE.UNITS=us\nSEQ1.PRESCALE=1\nSEQ1.REPEATS=2\n"
            + "PCAP.ENABLE=SEQ1.ACTIVE\nPCAP.GATE=SEQ1.OUTA\nPCAP.TRIG=SEQ1.OUTA\nPCAP.TRIG_EDGE=Falling\n"
            + "SEQ1.TABLE<B\nBAAQAAAAAACIEwAA6AMAAAIAEAAAAAAA0AcAAPQBAAA=\n\n");
        var data = Data(bench, "ASCII\n");
        bench.X.Move((bench.World.NowNs, 0), (bench.World.NowNs + 200 * Ms, 1000));
        Assert.Equal("OK\nOK\nOK =1\n", bench.Ask("*PCAP.ARM=\nSEQ1.ENABLE=ONE\nSEQ1.ACTIVE?\n"));
        bench.World.RunUntil(bench.World.NowNs + 100 * Ms);
        var lines = data().Split('\n');
        // Fields as the real server lists them; the stamps are its figures, the positions follow from 5 counts a millisecond.
        Assert.Equal(" INENC1.VAL double Min scale: 0.001 offset: 5 units: mm", lines[7]);
        Assert.Equal(" PCAP.GATE_DURATION double Value scale: 8e-09 offset: 0 units: s", lines[9]);
        var samples = lines.SkipWhile(l => l.Length > 0).Skip(1).TakeWhile(l => l.StartsWith(' ')).Select(l => l[1..].Split(' ')).ToList();
        Assert.Equal(12, samples.Count);
        string[] stamps = [
            "0.005 0 0.005", "0.005 0.006 0.011", "0.005 0.012 0.017", "0.005 0.018 0.023", "0.002 0.024 0.026",
            "0.002 0.0265 0.0285",
            "0.005 0.029 0.034", "0.005 0.035 0.04", "0.005 0.041 0.046", "0.005 0.047 0.052", "0.002 0.053 0.055", "0.002 0.0555 0.0575"];
        Assert.Equal(stamps, samples.Select(s => string.Join(' ', s[2..5])));
        Assert.All(samples, s => Assert.Equal(5 + 5 * (double.Parse(s[3]) + double.Parse(s[4])) / 2, double.Parse(s[5]), 0.002));
        Assert.Equal("END 12 Ok", lines[^2]);
        Assert.Equal(
            "OK =2\nOK =WAIT_ENABLE\nOK =Ok\nOK =12\n", bench.Ask("SEQ1.TABLE_REPEAT?\nSEQ1.STATE?\n*PCAP.COMPLETION?\n*PCAP.CAPTURED?\n"));
    }

    [Fact]
    public void Arm_disarm_and_status_answer_as_in_sessions_50_and_51()
    {
        var bench = new PandABench(dataPeriodNs: 100 * Ms);
        Assert.Equal("ERR Nothing configured for capture\nOK\nOK\n", bench.Ask("*PCAP.ARM=\n*PCAP.DISARM=\nINENC1.VAL.CAPTURE=Value\n"));
        var data = Data(bench, "ASCII\n");
        Assert.Equal(
            "OK\nOK =Busy 1 1\nOK =Busy\nOK =1\nERR Data capture already in progress\n",
            bench.Ask("*PCAP.ARM=\n*PCAP.STATUS?\n*PCAP.COMPLETION?\nPCAP.ACTIVE?\n*PCAP.ARM=\n"));
        bench.World.RunUntil(bench.World.NowNs + 300 * Ms);
        Assert.Equal("OK\n", data());
        Assert.Equal("OK\n", bench.Ask("*PCAP.DISARM=\n"));
        bench.World.RunUntil(bench.World.NowNs + 300 * Ms);
        Assert.EndsWith(" INENC1.VAL double Value scale: 1 offset: 0 units: (null)\n\nEND 0 Disarmed\n", data());
        Assert.Equal("OK =Idle 1 0\nOK =Disarmed\nOK =0\n", bench.Ask("*PCAP.STATUS?\n*PCAP.COMPLETION?\n*PCAP.CAPTURED?\n"));
    }

    [SharedFact]
    public void Option_lines_are_answered_as_in_session_58()
    {
        var bench = new PandABench();
        foreach (var (line, reply) in new[]
        {
            ("FOO", "ERR Invalid data capture option\n"), ("ascii", "ERR Invalid data capture option\n"),
            ("UNSCALED", "ERR Invalid data capture option\n"),
            ("ASCII\r", "ERR Cannot process CR character\n"), ("ASCII FRAMED", "OK\n"), ("  ASCII   XML ", "ERR No name found\n"),
            ("ASCII,XML", "ERR No name found\n"), ("DEFAULT XML", "OK\n"), ("XML BARE", ""),
            ("NO_STATUS FOO", "ERR Invalid data capture option\n"),
        })
            Assert.Equal((line, reply), (line, Data(bench, line + "\n")()));
    }

    [Fact]
    public void A_client_that_comes_late_gets_a_replay_or_is_told_what_it_missed()
    {
        var bench = new PandABench();
        bench.Ask("INENC1.VAL.CAPTURE=Value\nPCAP.ENABLE=ONE\nPCAP.TRIG=SEQ1.OUTA\nSEQ1.REPEATS=0\n"
            + "SEQ1.PRESCALE.UNITS=us\nSEQ1.PRESCALE=1\n"
            + "SEQ1.TABLE<\n1048577 0 1000 49000\n\n*PCAP.ARM=\nSEQ1.ENABLE=ONE\n");
        bench.World.RunUntil(bench.World.NowNs + 5000 * Ms);
        var replay = Data(bench, "ASCII NO_HEADER\n");
        Assert.Equal(100, replay().Count(c => c == ' '));
        bench.World.RunUntil(bench.World.NowNs + 15_000 * Ms);
        var late = Data(bench, "ASCII\n")();
        // 400 samples at 50 ms, two to a block of 100 ms: 95 blocks are given, 105 are missed.
        Assert.Contains("missed: 210\n", late);
    }

    [Fact]
    public void A_falling_enable_ends_the_sequence_with_outputs_low()
    {
        var bench = new PandABench();
        bench.Ask("TTLOUT3.VAL=SEQ1.OUTB\nSEQ1.TABLE<\n2097153 0 1000000 1\n\nSEQ1.ENABLE=ONE\n");
        Assert.True(bench.Box.TtlOut(3).Value);
        bench.Ask("SEQ1.ENABLE=ZERO\n");
        Assert.False(bench.Box.TtlOut(3).Value);
        Assert.Equal("OK =0\nOK =WAIT_ENABLE\n", bench.Ask("SEQ1.ACTIVE?\nSEQ1.STATE?\n"));
    }

    [Fact]
    public void A_pulse_is_delayed_and_stretched()
    {
        var bench = new PandABench();
        bench.Ask("PULSE1.ENABLE=ONE\nPULSE1.TRIG=TTLIN1.VAL\nPULSE1.DELAY.UNITS=ms\nPULSE1.DELAY=2\n"
            + "PULSE1.WIDTH.UNITS=ms\nPULSE1.WIDTH=3\nTTLOUT2.VAL=PULSE1.OUT\n");
        var edges = new List<(bool, long)>();
        var start = bench.World.NowNs + Ms;
        bench.Box.TtlOut(2).Changed += v => edges.Add((v, bench.World.NowNs - start));
        bench.World.At(start, () => bench.Live.Set(true));
        bench.World.RunUntil(start + 20 * Ms);
        Assert.Equal([(true, 2 * Ms), (false, 5 * Ms)], edges);
    }

    private static Func<string> Data(PandABench bench, string options)
    {
        var text = new StringBuilder();
        var connection = bench.World.Run(() => bench.Network.ConnectAsync("box", PandABench.DataPort, CancellationToken.None));
        connection.Start(bytes => text.Append(Encoding.ASCII.GetString(bytes.Span)), _ => { });
        connection.Send(Encoding.ASCII.GetBytes(options));
        bench.World.RunUntil(bench.World.NowNs);
        return text.ToString;
    }
}
