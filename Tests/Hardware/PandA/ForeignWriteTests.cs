using System.Text;
using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.PandA.Protocol;
using Flyscan.Scanning.Runs;
using Xunit;

namespace Flyscan.Tests.Hardware.PandA;

/// <summary>What others write to the box while it is ours.</summary>
public sealed class ForeignWriteTests
{
    private const long Ms = PandABench.Ms;
    private static readonly TakeMark Mark = new(12345);

    [Theory]
    [InlineData("TTLOUT1.VAL=PULSE1.OUT\n", "CONFIG", "TTLOUT1.VAL=PULSE1.OUT",
        "somebody else set TTLOUT1.VAL to PULSE1.OUT during the scan; it was SEQ1.OUTA")]
    [InlineData("SEQ1.PRESCALE.RAW=7\n", "CONFIG", "SEQ1.PRESCALE=5.6e-08",
        "somebody else set SEQ1.PRESCALE.RAW to 7 during the scan; it was 0")]
    [InlineData("PCAP1.TRIG.DELAY=3\n", "ATTR", "PCAP.TRIG.DELAY=3", "somebody else set PCAP.TRIG.DELAY to 3 during the scan; it was 0")]
    public void A_write_to_what_the_programme_depends_on_is_named_and_fails_the_take(
        string write, string group, string report, string fault)
    {
        var bench = Flying(out var reports);
        bench.Ask(write);
        reports.Add(group, report);
        bench.World.RunUntil(bench.World.NowNs + 150 * Ms);

        var status = bench.Do(bench.Driver.GetBoxStatusAsync);
        Assert.Equal((BoxPhase.Faulted, fault), (status.Phase, status.Fault));
        Assert.Equal(fault, bench.Do(bench.Driver.GetStatusAsync).Fault);
        bench.Do(bench.Driver.HaltAsync);
        Assert.Contains(fault, bench.Problem(c => bench.Driver.UnstageAsync([], c)));
    }

    [Fact]
    public void Our_own_writes_reports_that_come_late_and_fields_of_no_concern_are_not_taken_for_others()
    {
        var bench = Flying(out var reports);
        bench.Ask("LUT1.INPA=ONE\n");
        // What was true before our own enabling, reported after it; and what we set ourselves.
        reports.Add("CONFIG", "SEQ1.ENABLE=ZERO", "BITS.A=0", "TTLOUT1.VAL=SEQ1.OUTA", "LUT1.INPA=ONE", "SEQ1.PRESCALE=0");
        reports.Add("TABLE", "SEQ1.TABLE<");
        bench.World.RunUntil(bench.World.NowNs + 150 * Ms);
        Assert.Equal(BoxPhase.Running, bench.Do(bench.Driver.GetBoxStatusAsync).Phase);
        Assert.True(reports.Asked >= 3);
    }

    [Fact]
    public void A_table_that_somebody_else_wrote_is_named()
    {
        var bench = Flying(out var reports);
        bench.Ask("SEQ1.TABLE<\n1 7 0 1\n\n");
        reports.Add("TABLE", "SEQ1.TABLE<");
        bench.World.RunUntil(bench.World.NowNs + 150 * Ms);
        Assert.Equal("somebody else wrote SEQ1.TABLE during the scan", bench.Do(bench.Driver.GetStatusAsync).Fault);
    }

    private static PandABench Flying(out Reports reports)
    {
        var bench = new PandABench();
        var made = reports = new Reports();
        bench.Network.Listen(PandABench.ControlPort, connection => made.Serve(connection, bench.Box.ServeControl));
        bench.ConnectAndStage();
        bench.Do(c => bench.Driver.LoadAsync(Mark, PandABench.Burst(100), c));
        bench.Do(c => bench.Driver.EnableAsync(Mark, c));
        bench.World.RunUntil(bench.World.NowNs + 50 * Ms);
        return bench;
    }

    /// <summary>Answers a connection whose first command is about changes; hands every other connection on to the box.</summary>
    private sealed class Reports
    {
        private readonly Dictionary<string, List<string>> _lines = new() { ["CONFIG"] = [], ["ATTR"] = [], ["TABLE"] = [] };

        public int Asked { get; private set; }

        public void Add(string group, params string[] lines) => _lines[group].AddRange(lines);

        public void Serve(IConnection connection, Action<IConnection> box)
        {
            var handed = new Handed(connection);
            connection.Start(bytes => handed.Take(bytes, this, box), handed.Close);
        }

        private string Answer(string line)
        {
            if (line == "*CHANGES=E")
                return "OK\n";
            Asked++;
            var group = line["*CHANGES.".Length..^1];
            var reply = string.Concat(_lines[group].Select(l => $"!{l}\n")) + ".\n";
            _lines[group].Clear();
            return reply;
        }

        private sealed class Handed(IConnection connection) : IConnection
        {
            private readonly PandAControlServerProtocol _own = new(10);
            private Action<ReadOnlyMemory<byte>>? _received;
            private Action<Exception?>? _closed;
            private byte[] _held = [];
            private bool? _reports;

            public void Take(ReadOnlyMemory<byte> bytes, Reports reports, Action<IConnection> box)
            {
                _reports ??= bytes.Span.StartsWith("*CHANGES"u8);
                if (_reports == true)
                    _own.Receive(bytes.Span);
                else if (_received is not null)
                    _received(bytes);
                else
                    Hold(bytes, box);
                while (_reports == true && _own.TryTake(out var request))
                    connection.Send(Encoding.ASCII.GetBytes(reports.Answer(request.Line)));
            }

            private void Hold(ReadOnlyMemory<byte> bytes, Action<IConnection> box)
            {
                if (_held.Length == 0)
                    box(this);
                _held = [.. _held, .. bytes.Span];
            }

            public void Close(Exception? cause) => _closed?.Invoke(cause);

            public void Start(Action<ReadOnlyMemory<byte>> received, Action<Exception?> closed)
            {
                (_received, _closed) = (received, closed);
                if (_held.Length > 0)
                    received(_held);
            }

            public void Send(ReadOnlySpan<byte> bytes) => connection.Send(bytes);

            public void Dispose() => connection.Dispose();
        }
    }
}
