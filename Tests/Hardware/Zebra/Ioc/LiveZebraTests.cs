using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Epics.ChannelAccess;
using Flyscan.Hardware.Transport;
using Flyscan.Hardware.Zebra.Ioc;
using Flyscan.Hocon;
using Flyscan.Host.Composition;
using Flyscan.Host.Time;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Triggering;
using Flyscan.Scanning.Units;
using Flyscan.Tests.Hardware.Epics;
using Flyscan.Tests.Hardware.PandA;
using Xunit;
using Xunit.Abstractions;

namespace Flyscan.Tests.Hardware.Zebra.Ioc;

/// <summary>A fact that needs a real Zebra's IOC: <c>FLYSCAN_LIVE_ZEBRA</c> is its prefix, beside <c>FLYSCAN_LIVE_CA</c>.</summary>
internal sealed class LiveZebraFactAttribute : FactAttribute
{
    public LiveZebraFactAttribute() => Skip = LiveIocTests.Missing(LiveIocTests.ChannelAccess)
        ?? (LiveZebraTests.Prefix is null ? "FLYSCAN_LIVE_ZEBRA is not set: the prefix of a Zebra's records" : null);
}

/// <summary>Against a real IOC. What is changed on the box is put back; its output OUT1_TTL shows ten pulses.</summary>
public sealed class LiveZebraTests(ITestOutputHelper output)
{
    private const long Ms = 1_000_000;

    private static string[] Addresses => Environment.GetEnvironmentVariable(LiveIocTests.ChannelAccess)!.Split(
        [' ', ','], StringSplitOptions.RemoveEmptyEntries);

    internal static string? Prefix => Environment.GetEnvironmentVariable("FLYSCAN_LIVE_ZEBRA");

    [LiveZebraFact]
    public async Task Ten_frames_are_made_and_all_their_rows_come()
    {
        await using var client = new CaClient(
            new CaSettings { Addresses = Addresses.ToEquatableArray() },
            new CaSurroundings(new SystemClock(), new TcpConnector(), new UdpPorts(), TimeProvider.System));
        var stores = new TestFrameStores();
        var settings = new HoconSettings("zebra", HoconConfiguration.Parse($"kind = epics-zebra, pv = \"{Prefix}\"", "live"));
        await using var driver = (ITriggerBox)new ZebraIocFactory().Create("zebra", settings, new DeviceEnvironment(
            new SystemClock(), new TcpConnector(), stores, 1, EndpointOverrides.None)
        { Pvs = () => client });
        Value(await driver.ConnectAsync(default));
        output.WriteLine($"{Value(await driver.GetBoxStatusAsync(default))}");
        var session = Value(await driver.StageAsync(new RecorderStaging("scan", 1, "/live", 1, 10 * Ms, 10, []), default));
        try
        {
            var mark = new TakeMark(7);
            Value(await driver.LoadAsync(
                mark, new TriggerProgramme([new TriggerWindow(0, false, null, [new PulseTrain(10, 10 * Ms, 20 * Ms)])]), default));
            Value(await driver.EnableAsync(mark, default));
            Assert.Equal(10, Value(await driver.WaitDoneAsync(mark, 200 * Ms, default)).Triggered);
        }
        finally
        {
            output.WriteLine($"{await driver.UnstageAsync(session.Restore, default)}");
        }
        Assert.Equal(Enumerable.Range(0, 10).Select(i => (long)i), stores.Stores[0].Longs("sample_index"));
    }

    private static T Value<T>(Outcome<T> outcome) =>
        outcome is Outcome<T>.Completed done ? done.Value : throw new Xunit.Sdk.XunitException($"{outcome}: {outcome.Problem}");
}
