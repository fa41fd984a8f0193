using System.Text;
using Flyscan.Hardware.PandA.Simulator;
using Xunit;

namespace Flyscan.Tests.Hardware.PandA.Simulator;

public sealed class PandAFaultTests
{
    private const long Ms = PandABench.Ms;

    private readonly PandABench _bench = new();
    private bool _closed;

    public static TheoryData<string, PandAFault> Texts => new()
    {
        { "drop-connection@5", new PandAFault.DropConnection(5) },
        { "slow-reader:1000", new PandAFault.SlowReader(1000) },
        { "driver-overrun@6", new PandAFault.DriverOverrun(6) },
        { "dma-error@7", new PandAFault.DmaError(7) },
        { "stuck-health:SEQ1=DMA underrun", new PandAFault.StuckHealth("SEQ1", "DMA underrun") },
        { "jump-encoder:2:-500@8", new PandAFault.JumpEncoder(2, -500, 8) },
        { "restart@9", new PandAFault.Restart(9) },
    };

    [Theory]
    [MemberData(nameof(Texts))]
    public void Each_fault_has_a_text(string text, PandAFault fault) => Assert.Equal(fault, PandAFault.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData("dma-error")]
    [InlineData("dma-error@0")]
    [InlineData("dma-error@x")]
    [InlineData("jump-encoder:5:1@1")]
    [InlineData("stuck-health:SEQ1")]
    public void What_is_no_fault_is_refused_with_all_forms(string text) =>
        Assert.EndsWith(PandAFault.Forms, Assert.Throws<FormatException>(() => PandAFault.Parse(text)).Message);

    [Fact]
    public void A_health_sticks_at_one_of_its_labels()
    {
        _bench.Box.Inject(new PandAFault.StuckHealth("SEQ1", "DMA underrun"));
        Assert.Equal("OK =DMA underrun\n", _bench.Ask("SEQ1.HEALTH?\n"));
        var wrong = Assert.Throws<FormatException>(() => _bench.Box.Inject(new PandAFault.StuckHealth("SEQ1", "ill")));
        Assert.Contains("DMA underrun", wrong.Message);
    }

    [Theory]
    [InlineData("driver-overrun@4", "Driver data overrun")]
    [InlineData("dma-error@4", "DMA data error")]
    public void A_fault_of_the_hardware_ends_the_capture_with_its_name(string fault, string reason)
    {
        _bench.Box.Inject(PandAFault.Parse(fault));
        var data = Capture();
        Run(1000);
        Assert.EndsWith($"END 4 {reason}\n", data());
        Assert.Equal($"OK =Idle 1 0\nOK ={reason}\n", _bench.Ask("*PCAP.STATUS?\n*PCAP.COMPLETION?\n"));
    }

    [Fact]
    public void A_dropped_connection_leaves_the_capture_running()
    {
        _bench.Box.Inject(new PandAFault.DropConnection(3));
        var data = Capture();
        Run(1000);
        Assert.True(_closed);
        Assert.DoesNotContain("END", data());
        Assert.Equal("OK =Busy 0 0\n", _bench.Ask("*PCAP.STATUS?\n"));
    }

    [Fact]
    public void A_jump_is_seen_in_the_position_from_then_on()
    {
        _bench.Box.Inject(new PandAFault.JumpEncoder(1, 700, 2));
        Capture();
        Run(1000);
        Assert.Equal("OK =700\n", _bench.Ask("INENC1.VAL?\n"));
    }

    [Fact]
    public void A_restart_ends_the_capture_as_if_all_were_well_and_keeps_the_settings()
    {
        _bench.Box.Inject(new PandAFault.Restart(5));
        var data = Capture();
        Run(1000);
        Assert.EndsWith("END 5 Ok\n", data());
        Assert.True(_closed);
        Assert.Equal("", _bench.Ask("*IDN?\n"));
        Run(1000);
        Assert.Equal("OK =Idle 0 0\nOK =Ok\nOK =0\nOK =CLOCK1.OUT\nOK =0\n",
            _bench.Ask("*PCAP.STATUS?\n*PCAP.COMPLETION?\n*PCAP.CAPTURED?\nPCAP.TRIG?\nPCAP.ACTIVE?\n"));
    }

    [Fact]
    public void A_slow_reader_is_left_behind_and_told_so()
    {
        _bench.Box.Inject(new PandAFault.SlowReader(20));
        var data = Capture();
        Run(60_000);
        Assert.Contains(" Data overrun\n", data());
        Assert.StartsWith("OK =Busy 1 0\n", _bench.Ask("*PCAP.STATUS?\n"));
    }

    /// <summary>Ten samples a second of a position at rest.</summary>
    private Func<string> Capture()
    {
        _bench.Ask("INENC1.VAL.CAPTURE=Value\nPCAP.ENABLE=ONE\nPCAP.TRIG=CLOCK1.OUT\nCLOCK1.PERIOD=0.1\nCLOCK1.ENABLE=PCAP.ACTIVE\n");
        var text = new StringBuilder();
        var connection = _bench.World.Run(() => _bench.Network.ConnectAsync("box", PandABench.DataPort, CancellationToken.None));
        connection.Start(bytes => text.Append(Encoding.ASCII.GetString(bytes.Span)), _ => _closed = true);
        connection.Send("ASCII\n"u8);
        _bench.World.RunUntil(_bench.World.NowNs);
        _bench.Ask("*PCAP.ARM=\n");
        return text.ToString;
    }

    private void Run(long ms) => _bench.World.RunUntil(_bench.World.NowNs + ms * Ms);
}
