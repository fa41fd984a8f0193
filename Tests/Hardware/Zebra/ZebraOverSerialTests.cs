using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.PandA.Simulator;
using Flyscan.Hardware.Simulation;
using Flyscan.Hardware.Transport;
using Flyscan.Hardware.Zebra;
using Flyscan.Hardware.Zebra.Simulator;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Units;
using Flyscan.Tests.Hardware.PandA;
using Flyscan.Tests.Hardware.Simulation;
using Xunit;

namespace Flyscan.Tests.Hardware.Zebra;

/// <summary>Driver and box over a real socket, and over a real serial device: a pseudo-terminal.</summary>
public sealed class ZebraOverSerialTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_take_is_run_and_the_line_is_opened_again(bool serial)
    {
        using var world = new SimulatedWorld(0, TimeProvider.System);
        var box = new ZebraSimulator(world);
        var terminal = serial ? PseudoTerminal.Open() : null;
        using var listener = serial ? null : ConnectionListener.Listen("127.0.0.1", 0, box.Serve);
        if (terminal is not null)
            box.Serve(terminal.Connection);
        world.Start();
        var settings = new ZebraSettings
        {
            Host = terminal?.Path ?? "127.0.0.1",
            Port = serial ? SerialConnector.Baud : listener!.Port,
            ReplyWithinNs = 30_000_000_000,
        };
        var stores = new TestFrameStores();
        IConnector connector = serial ? new SerialConnector() : new TcpConnector();
        await using var driver = new ZebraDriver(
            "zebra", settings, new DeviceEnvironment(new WallClock(TimeProvider.System), connector, stores, 1, EndpointOverrides.None));
        for (var segment = 1; segment <= 2; segment++)
        {
            Value(await driver.ConnectAsync(CancellationToken.None));
            var session = Value(await driver.StageAsync(ZebraBench.Staging(segment), CancellationToken.None));
            var mark = new TakeMark(99);
            Value(await driver.LoadAsync(mark, ZebraBench.Burst(200, 80_000, 100_000), CancellationToken.None));
            Value(await driver.EnableAsync(mark, CancellationToken.None));
            Assert.Equal(200, Value(await driver.WaitDoneAsync(mark, 0, CancellationToken.None)).Triggered);
            Assert.Equal(200, Value(await driver.UnstageAsync(session.Restore, CancellationToken.None)));
            Assert.Equal(Enumerable.Range(0, 200).Select(i => (long)i), stores.Stores[^1].Longs("sample_index"));
        }
        terminal?.Connection.Dispose();
    }

    [Fact]
    public async Task What_is_no_serial_device_is_refused_by_name()
    {
        var connector = new SerialConnector();
        var absent = await Assert.ThrowsAsync<IOException>(() => connector.ConnectAsync("/dev/no-such-line", 115_200, default));
        Assert.Contains("/dev/no-such-line: opening failed: No such file", absent.Message);
        var file = await Assert.ThrowsAsync<IOException>(() => connector.ConnectAsync("/dev/null", 115_200, default));
        Assert.StartsWith("/dev/null: ", file.Message);
        var rate = await Assert.ThrowsAsync<IOException>(() => connector.ConnectAsync("/dev/null", 9600, default));
        Assert.Contains("only 115200", rate.Message);
    }

    [Theory]
    [InlineData(true, "")]
    [InlineData(false, "")]
    [InlineData(false, "lost-line@7")]
    [InlineData(false, "short-line@7")]
    public async Task A_box_that_runs_alone_serves_any_client_with_the_faults_asked_for(bool serial, string fault)
    {
        using var server = ZebraSimulatorServer.Start(
            new ZebraSimulatorServerOptions
            {
                Port = serial ? null : 0,
                HasTerminal = serial,
                Encoders = [EncoderPattern.Parse("triangle:1000:2")],
                Faults = fault.Length == 0 ? [] : [ZebraFault.Parse(fault)],
            },
            TimeProvider.System);
        Assert.Equal((serial, !serial), (server.Device is not null, server.Port is not null));
        var settings = new ZebraSettings
        {
            Host = server.Device ?? "127.0.0.1",
            Port = server.Port ?? SerialConnector.Baud,
            ReplyWithinNs = 30_000_000_000,
        };
        IConnector connector = serial ? new SerialConnector() : new TcpConnector();
        var stores = new TestFrameStores();
        await using var driver = new ZebraDriver(
            "zebra", settings, new DeviceEnvironment(new WallClock(TimeProvider.System), connector, stores, 1, EndpointOverrides.None));
        Value(await driver.ConnectAsync(CancellationToken.None));
        Value(await driver.StageAsync(ZebraBench.Staging(1), CancellationToken.None));
        var mark = new TakeMark(99);
        Value(await driver.LoadAsync(mark, ZebraBench.Burst(20, 8_000_000, 10_000_000), CancellationToken.None));
        Value(await driver.EnableAsync(mark, CancellationToken.None));
        Assert.Equal(20, Value(await driver.WaitDoneAsync(mark, 0, CancellationToken.None)).Triggered);
        var missed = Value(await driver.FlushAsync(CancellationToken.None)).Missed;
        var rows = stores.Stores[0].Longs("sample_index");
        Assert.Equal(fault.Length == 0 ? 20 : 19, rows.Length);
        Assert.Equal(20, rows.Length + missed.Sum(m => m.Count));
        Assert.All(missed, m => Assert.DoesNotContain(rows, m.Contains));
    }

    [Theory]
    [InlineData("lost-line")]
    [InlineData("lost-line@x")]
    [InlineData("smoke@3")]
    public void A_fault_that_there_is_not_is_refused_with_those_that_there_are(string text)
    {
        var refused = Assert.Throws<FormatException>(() => ZebraFault.Parse(text));
        Assert.StartsWith($"'{text}' is not a fault; there are\nlost-line@N", refused.Message);
    }

    private static T Value<T>(Outcome<T> outcome) =>
        outcome is Outcome<T>.Completed completed ? completed.Value : throw new Xunit.Sdk.XunitException(outcome.Problem);
}
