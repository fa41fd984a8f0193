using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Epics;
using Flyscan.Hardware.Zebra.Ioc;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Units;
using Flyscan.Tests.Hardware.Zebra.Ioc;
using Xunit;

namespace Flyscan.Tests.Hardware.Zebra;

/// <summary>What <c>flyscan devices</c> shows of a Zebra, over its own line and through its IOC.</summary>
public sealed class ZebraInspectionTests
{
    private const long Ms = ZebraBench.Ms;
    private static readonly TakeMark Mark = new(0x12345678);

    [Fact]
    public void A_box_says_what_it_is_doing_and_what_it_has_captured()
    {
        var bench = new ZebraBench();
        Assert.Equal(["box: not connected"], Facts(bench.World.Run(() => bench.Driver.InspectAsync(CancellationToken.None))));
        bench.ConnectAndStage();
        Assert.Equal(
            [
                "armed = no", "captured = 0 pulses since the last arming", "gate = closed", "output = low", "errors = 0x0000",
                "firmware = 0x21", "x = ENC1, 0.001 mm a count from 5", "y = ENC2, -0.001 mm a count from 0",
            ],
            Inspect(bench));
        bench.Do(c => bench.Driver.LoadAsync(Mark, ZebraBench.Burst(3), c));
        bench.Do(c => bench.Driver.EnableAsync(Mark, c));
        bench.World.RunUntil(bench.World.NowNs + 5 * Ms);
        Assert.Equal(["armed = yes", "gate = open", "output = high"], Of(Inspect(bench), "armed", "gate", "output"));
        bench.Do(c => bench.Driver.WaitDoneAsync(Mark, 33 * Ms, c));
        Assert.Equal(
            ["armed = no", "captured = 3 pulses since the last arming", "output = low"],
            Of(Inspect(bench), "armed", "captured", "output"));

        static List<string> Inspect(ZebraBench bench) =>
            Facts(bench.World.Run(() => bench.Driver.InspectAsync(CancellationToken.None)));
    }

    [Fact]
    public void An_IOC_says_besides_whether_it_has_its_box_and_where_the_encoders_were_last()
    {
        var bench = new ZebraIocBench();
        Do(bench, bench.Driver.ConnectAsync);
        Do(bench, c => bench.Driver.StageAsync(ZebraBench.Staging(), c));
        var before = Inspect(bench);
        Assert.Equal(["armed = no", "firmware = 0x21"], Of(before, "armed", "firmware"));
        Assert.Equal(
            [
                "TEST:ZEBRA:CONNECTED = 1", "TEST:ZEBRA:INITIAL_POLL_DONE = 1", "TEST:ZEBRA:ARRAY_ACQ = 0",
                "TEST:ZEBRA:PC_NUM_CAP = 0", "TEST:ZEBRA:PC_NUM_DOWN = 0", "TEST:ZEBRA:M1:ERES = 0.001", "TEST:ZEBRA:M1:OFF = 5",
                "TEST:ZEBRA:PC_ENC1 = no samples",
            ],
            before.Where(f => f.StartsWith(ZebraIocBench.Prefix, StringComparison.Ordinal)).Take(8));
        bench.Bench.X.Move((bench.World.NowNs, 0), (bench.World.NowNs + 1, 1234));
        Do(bench, c => bench.Driver.LoadAsync(Mark, ZebraBench.Burst(3), c));
        Do(bench, c => bench.Driver.EnableAsync(Mark, c));
        Do(bench, c => bench.Driver.WaitDoneAsync(Mark, 33 * Ms, c));
        bench.World.RunUntil(bench.World.NowNs + 2000 * Ms);
        Assert.Equal(
            ["captured = 3 pulses since the last arming", "TEST:ZEBRA:PC_ENC1 = 3 samples, the last 6.234"],
            Of(Inspect(bench), "captured", "TEST:ZEBRA:PC_ENC1"));
    }

    [Fact]
    public void What_an_IOC_cannot_read_of_its_box_says_why_and_nothing_is_written()
    {
        var bench = new ZebraIocBench();
        Do(bench, bench.Driver.ConnectAsync);
        bench.Record("CONNECTED").Post(new PvValue.Choice(0, "No"), null, new PvAlarm(7, PvSeverity.Invalid));
        bench.Record("SYS_VER").Post(new PvValue.Integer(0), null, new PvAlarm(9, PvSeverity.Invalid));
        var writes = 0;
        foreach (var record in ZebraRecords.All.Values.Where(r => r.Kind != ZebraRecordKind.Status))
            bench.Record(record.Demand).Posted += () => writes++;
        var facts = Inspect(bench);
        Assert.Contains(facts, f => f.StartsWith("TEST:ZEBRA:CONNECTED", StringComparison.Ordinal)
            && f.EndsWith(": the IOC has lost its box", StringComparison.Ordinal));
        Assert.Contains(facts, f => f.StartsWith("firmware: ", StringComparison.Ordinal)
            && f.Contains("SYS_VER is invalid (COMM): the IOC does not reach its box", StringComparison.Ordinal));
        Assert.Equal(0, writes);
    }

    private static List<string> Inspect(ZebraIocBench bench) =>
        Facts(bench.World.Run(() => bench.Driver.InspectAsync(CancellationToken.None)));

    private static List<string> Facts(EquatableArray<DeviceFact> facts) =>
        [.. facts.Select(f => f.Name + (f.Value is null ? "" : $" = {f.Value}") + (f.Alarm is null ? "" : $": {f.Alarm}"))];

    private static string[] Of(List<string> facts, params string[] names) =>
        [.. names.Select(n => facts.Single(f => f.StartsWith($"{n} =", StringComparison.Ordinal)))];

    private static T Do<T>(ZebraIocBench bench, Func<CancellationToken, Task<Outcome<T>>> what)
    {
        var outcome = bench.World.Run(() => what(CancellationToken.None));
        return Assert.IsType<Outcome<T>.Completed>(outcome).Value;
    }
}
