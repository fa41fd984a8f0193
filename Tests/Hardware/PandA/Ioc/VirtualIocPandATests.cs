using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Epics;
using Flyscan.Hardware.Epics.ChannelAccess.Server;
using Flyscan.Hardware.Hdf5;
using Flyscan.Hardware.Simulation;
using Flyscan.Hocon;
using Flyscan.Host.Composition;
using Flyscan.Tests.Hardware.Simulation;
using Xunit;

namespace Flyscan.Tests.Hardware.PandA.Ioc;

/// <summary>Where a PandA's simulated IOC runs: in the virtual beamline, on its box, or elsewhere, at the box's ports.</summary>
public sealed class VirtualIocPandATests
{
    private const long Second = 1_000_000_000;
    private const string Panda = "kind = epics-panda, pv = \"VB:PANDA\", trigger-output = TTLOUT1";
    private const string Motor = """
        kind = epics-motor, pv = "VB:X", unit = mm, low = -10, high = 10, velocity = 5, acceleration = 50, fly = true
        encoder { input = INENC2, scale = 0.0001, offset = 2, tolerance = 0.01 }
        """;

    [Fact]
    public void In_a_virtual_beamline_it_serves_a_box_that_sees_the_motors_of_that_beamline()
    {
        var world = new SteppedWorld();
        var options = Options() with { ServesRecords = true };
        var devices = Devices(world, Panda, options);
        world.RunTo(Second);
        var server = devices.Ioc.Server;
        Assert.Equal(-20_000, server.Find("VB:PANDA:INENC2:VAL")!.Value.AsNumber());
        server.Run(() => server.Find("VB:X")!.Write(new PvValue.Number(3), static () => { }));
        world.RunTo(3 * Second);
        Assert.Equal(10_000, server.Find("VB:PANDA:INENC2:VAL")!.Value.AsNumber(), 10.0);
        Assert.Empty(devices.IocBoxes);
    }

    [Fact]
    public void Without_the_records_of_a_virtual_beamline_its_box_waits_at_the_ports_that_the_file_gives()
    {
        var options = Options();
        const string WithPorts = Panda + ", simulated { control-port = 18888, data-port = 18889 }";
        var devices = Devices(new SteppedWorld(), WithPorts, options);
        Assert.Equal((18_888, 18_889), Assert.Single(devices.IocBoxes).Ports);
        Assert.False(devices.Ioc.Serves);
        Assert.Contains("needs ports for it", Problem(() => Devices(new SteppedWorld(), Panda, options)));
        Assert.Contains("time scale 0.1; take 1", Problem(() => Devices(new SteppedWorld(), WithPorts, options with { TimeScale = 0.1 })));
    }

    [Fact]
    public void An_IOC_of_its_own_needs_to_know_where_its_box_is()
    {
        using var ioc = new VirtualIoc(new WallClock(new ManualTime()), new ManualTime(), new InMemoryFrameStoreFactory());
        Assert.Contains("needs to say where its box is", Problem(() => ioc.Add("panda", Section("beamline.devices.panda", Panda))));
        Assert.False(ioc.Serves);
    }

    [Fact]
    public void The_beamline_file_that_shows_it_names_the_ports_at_which_IOC_and_box_meet()
    {
        var loaded = BeamlineFile.Load(
            Path.Combine(AppContext.BaseDirectory, "beamlines", "epics-panda.hocon"), DeviceCatalogue.OfHardware());
        Assert.Equal("epics-panda", Assert.Single(loaded.Devices, d => d.Name == "panda").Kind);
        var settings = loaded.Settings.Section("devices").Section("panda");
        Assert.Equal((15_068, 15_069), Flyscan.Hardware.PandA.Ioc.PandAIocSettings.Read(settings).SimulatedPorts);
        using var ioc = new VirtualIoc(new WallClock(new ManualTime()), new ManualTime(), new InMemoryFrameStoreFactory());
        Assert.All(
            loaded.Devices.Where(d => d.Name != "panda"),
            d => Assert.True(ioc.Add(d.Name, loaded.Settings.Section("devices").Section(d.Name))));
    }

    private static VirtualBeamlineOptions Options() => new() { Stores = new InMemoryFrameStoreFactory(), Time = new ManualTime() };

    private static VirtualDevices Devices(SteppedWorld world, string panda, VirtualBeamlineOptions options) =>
        new(world, Section("beamline.devices", $"x {{ {Motor} }}\npanda {{ {panda} }}"), 0, options, "w");

    private static string Problem(Action refused) => Assert.Throws<SettingsException>(refused).Message;

    private static HoconSettings Section(string path, string text) => new(path, HoconConfiguration.Parse(text, "f"));
}
