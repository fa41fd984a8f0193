using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Epics;
using Flyscan.Hardware.Epics.ChannelAccess;
using Flyscan.Hardware.Epics.PvAccess;
using Flyscan.Hardware.Hdf5;
using Flyscan.Hardware.PandA.Ioc;
using Flyscan.Hardware.Transport;
using Flyscan.Hocon;
using Flyscan.Host.Composition;
using Flyscan.Host.Time;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Triggering;
using Flyscan.Scanning.Units;
using Flyscan.Tests.Hardware.Epics;
using Xunit;
using Xunit.Abstractions;

namespace Flyscan.Tests.Hardware.PandA.Ioc;

/// <summary>A fact that needs a real PandA's IOC: <c>FLYSCAN_LIVE_PANDA</c> is its prefix, <c>FLYSCAN_LIVE_PANDA_FOLDER</c> a folder in which
/// both sides can write, beside <c>FLYSCAN_LIVE_PVA</c>.</summary>
internal sealed class LivePandAFactAttribute : FactAttribute
{
    public LivePandAFactAttribute() => Skip = LiveIocTests.Missing(LiveIocTests.PvAccess)
        ?? (LivePandATests.Prefix is null ? "FLYSCAN_LIVE_PANDA is not set: the prefix of a PandA's records" : null)
        ?? (LivePandATests.Folder is null ? "FLYSCAN_LIVE_PANDA_FOLDER is not set: a folder in which the IOC can write too" : null);
}

/// <summary>Against a real IOC. What is changed on the box is put back; its output TTLOUT1 shows ten pulses.</summary>
public sealed class LivePandATests(ITestOutputHelper output)
{
    private const long Ms = 1_000_000;

    internal static string? Prefix => Environment.GetEnvironmentVariable("FLYSCAN_LIVE_PANDA");

    internal static string? Folder => Environment.GetEnvironmentVariable("FLYSCAN_LIVE_PANDA_FOLDER");

    private static string[] Addresses => Environment.GetEnvironmentVariable(LiveIocTests.PvAccess)!.Split(
        [' ', ','], StringSplitOptions.RemoveEmptyEntries);

    [LivePandAFact]
    public async Task Ten_frames_are_made_and_all_their_rows_are_in_the_IOCs_file()
    {
        var around = new CaSurroundings(new SystemClock(), new TcpConnector(), new UdpPorts(), TimeProvider.System);
        await using var client = new PvTransports(
            () => new CaClient(new CaSettings(), around),
            () => new PvaClient(new PvaSettings { Addresses = Addresses.ToEquatableArray() }, around));
        var settings = new HoconSettings("panda", HoconConfiguration.Parse($"kind = epics-panda, pv = \"{Prefix}\"", "live"));
        await using var driver = (ITriggerBox)new PandAIocFactory().Create("panda", settings, new DeviceEnvironment(
            new SystemClock(), new TcpConnector(), new Hdf5FrameStoreFactory(), 1, EndpointOverrides.None)
        { Pvs = () => client });
        Value(await driver.ConnectAsync(default));
        foreach (var fact in await ((IInspectable)driver).InspectAsync(default))
            output.WriteLine($"{fact}");
        var run = Path.Combine(Folder!, $"live-{TimeProvider.System.GetUtcNow():yyyyMMdd-HHmmss}");
        Directory.CreateDirectory(Path.Combine(run, "data"));
        var session = Value(await driver.StageAsync(new RecorderStaging("scan", 1, run, 1, 10 * Ms, 10, []), default));
        try
        {
            var mark = new TakeMark(7);
            Value(await driver.LoadAsync(
                mark, new TriggerProgramme([new TriggerWindow(0, false, null, [new PulseTrain(10, 10 * Ms, 20 * Ms)])]), default));
            Value(await driver.EnableAsync(mark, default));
            Assert.Equal(10, Value(await driver.WaitDoneAsync(mark, 200 * Ms, default)).Triggered);
            Assert.Equal(10, Value(await driver.FlushAsync(default)).Recorded);
        }
        finally
        {
            output.WriteLine($"{await driver.UnstageAsync(session.Restore, default)}");
        }
        var path = Path.Combine(run, session.Segment.Path);
        var identity = session.Segment.Datasets.Single(d => d.Role == "identity").Path;
        var numbers = await new SegmentReader(TimeProvider.System, TimeSpan.FromSeconds(20)).ReadIntegersAsync(path, identity, 0, 10, default);
        Assert.Equal(Enumerable.Range(0, 10).Select(i => (long)i), numbers);
    }

    private static T Value<T>(Outcome<T> outcome) =>
        outcome is Outcome<T>.Completed done ? done.Value : throw new Xunit.Sdk.XunitException($"{outcome}: {outcome.Problem}");
}
