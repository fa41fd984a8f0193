using System.Net;
using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Epics;
using Flyscan.Hardware.Epics.ChannelAccess;
using Flyscan.Hardware.Epics.ChannelAccess.Server;
using Flyscan.Hardware.Hdf5;
using Flyscan.Hardware.Zebra.Ioc;
using Flyscan.Hocon;
using Flyscan.Host.Composition;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Triggering;
using Flyscan.Scanning.Units;
using Flyscan.Tests.Hardware.Epics.ChannelAccess;
using Xunit;

namespace Flyscan.Tests.Hardware.Zebra.Ioc;

/// <summary>What <c>flyscan virtual-ioc</c> serves of a Zebra: a box of its own, on the encoders of its motors.</summary>
public sealed class VirtualIocZebraTests
{
    private const long Ms = 1_000_000;

    [Fact]
    public async Task It_has_its_motors_on_its_encoders_and_makes_the_pulses_of_a_programme()
    {
        await using var ca = new CaBench();
        var settings = Section("""
            kind = epics-zebra, pv = "VB:ZEBRA", status-within = 1500 ms
            """);
        using var ioc = new VirtualIoc(ca.Clock, ca.Time, new InMemoryFrameStoreFactory());
        Assert.True(ioc.Add("x", Section("""
            kind = epics-motor, pv = "VB:X", unit = mm, low = -10, high = 10, velocity = 5, acceleration = 50, fly = true
            encoder { input = ENC1, scale = 0.0001, offset = 2, tolerance = 0.01 }
            """)));
        Assert.True(ioc.Add("zebra", settings));
        ioc.Complete();
        ca.Network.Listen(5065, ioc.Server.Accept);
        ioc.Server.ListenForSearches(ca.Datagrams.Open(IPAddress.Loopback, 5065), 5065);
        await using var client = new CaClient(
            new CaSettings { Addresses = ["127.0.0.1:5065"] }, new CaSurroundings(ca.Clock, ca.Network, ca.Datagrams, ca.Time));
        var stores = new PandA.TestFrameStores();
        var axis = new EpicsMotorFactory().Describe("x", Section("""
            kind = epics-motor, pv = "VB:X", unit = mm, low = -10, high = 10, velocity = 5, acceleration = 50, fly = true
            encoder { input = ENC1, scale = 0.0001, offset = 2, tolerance = 0.01 }
            """)).Axes[0];
        ca.Pass(20 * Ms);
        ca.Enter();
        var driver = (ITriggerBox)new ZebraIocFactory().Create("zebra", settings, new DeviceEnvironment(
            ca.Clock, ca.Network, stores, 1, EndpointOverrides.None)
        { Axes = [axis], Pvs = () => client, Time = ca.Time });

        await DoneAsync(ca, driver.ConnectAsync(default));
        await DoneAsync(ca, driver.StageAsync(new RecorderStaging("scan", 1, "/runs/scan", 1, 10 * Ms, 100, []), default));
        Assert.Equal(0, await DoneAsync(ca, driver.ReadEncoderAsync("x", default)), 4);
        var mark = new TakeMark(5);
        await DoneAsync(ca, driver.LoadAsync(
            mark, new TriggerProgramme([new TriggerWindow(0, false, null, [new PulseTrain(20, 10 * Ms, 20 * Ms)])]), default));
        await DoneAsync(ca, driver.EnableAsync(mark, default));
        Assert.Equal(20, (await DoneAsync(ca, driver.WaitDoneAsync(mark, 400 * Ms, default))).Triggered);
        Assert.Equal(20, await DoneAsync(ca, driver.UnstageAsync([], default)));
        var stamps = stores.Stores[0].Longs("timestamp_start");
        Assert.All(stamps.Zip(stamps.Skip(1)), pair => Assert.Equal(20 * Ms, pair.Second - pair.First));
        await driver.DisposeAsync();
    }

    private static HoconSettings Section(string text) => new("beamline.devices.it", HoconConfiguration.Parse(text, "f"));

    private static async Task<T> DoneAsync<T>(CaBench bench, Task<Outcome<T>> asked)
    {
        var outcome = await bench.EndAsync(asked);
        return outcome is Outcome<T>.Completed done ? done.Value : throw new Xunit.Sdk.XunitException($"{outcome}: {outcome.Problem}");
    }
}
