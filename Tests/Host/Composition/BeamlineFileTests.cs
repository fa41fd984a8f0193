using Flyscan.Actors.Devices;
using Flyscan.Hardware.Contracts;
using Flyscan.Hocon;
using Flyscan.Host.Composition;
using Flyscan.Scanning.Runs;
using Xunit;

namespace Flyscan.Tests.Host.Composition;

public sealed class BeamlineFileTests
{
    private static readonly DeviceCatalogue Catalogue = new([new FakeFactory("fake")]);

    private const string Good = """
        m { kind = fake, axes = [x, y], encoders = [INENC1, INENC2] }
        z { kind = fake, soft = [z] }
        box { kind = fake, box = true, captured = [diode] }
        cam { kind = fake, triggered = [cam] }
        sh { kind = fake, shutter = true }
        ring { kind = fake, beam = true }
        """;

    [Fact]
    public void Devices_merge_into_one_description_in_the_files_order()
    {
        var loaded = Load($"beamline {{ name = b1, devices {{ {Good} }} }}");
        var description = loaded.Description;
        Assert.Equal("b1", description.Name);
        Assert.Equal(["x", "y", "z"], description.Axes.Select(a => a.Name));
        Assert.Equal(["m"], description.Controllers.Select(c => c.Name));
        Assert.Equal("box", description.Box.Name);
        Assert.Equal(["diode", "cam"], description.Detectors.Select(d => d.Name));
        Assert.Equal(("sh", "ring"), (description.Shutter?.Name, description.BeamSignal));
        Assert.Equal(["m", "z", "box", "cam", "sh", "ring"], loaded.Devices.Select(d => d.Name));
        Assert.All(loaded.Devices, d => Assert.Equal("fake", d.Kind));
        Assert.False(loaded.HasSimulation);
    }

    [Fact]
    public void Drivers_are_made_by_device_name()
    {
        var loaded = Load($"beamline {{ name = b1, devices {{ {Good} }} }}");
        var environment = new DeviceEnvironment(null!, null!, null!, 1, EndpointOverrides.None);
        var devices = loaded.CreateDevices(environment);
        Assert.Equal(["box", "cam", "m", "ring", "sh", "z"], devices.Keys.Order());
        Assert.All(devices, d => Assert.Equal(d.Key, d.Value.Name));
    }

    [Fact]
    public void A_suspender_on_a_captured_column_is_read_apart_from_those_on_signals()
    {
        const string Suspenders = "i0 { column = diode, floor = 100, ceiling = 2000 }, r { signal = ring, floor = 5 }";
        var loaded = Load($"beamline {{ name = b1, devices {{ {Good} }}, suspenders {{ {Suspenders} }} }}");
        Assert.Equal([new CapturedLimit("i0", "diode", 100, 2000)], loaded.CapturedLimits);
        Assert.Equal("r", Assert.Single(loaded.Suspenders).Name);
    }

    [Theory]
    [InlineData("column = cam, floor = 1", "i0.column = cam: cam is not captured with each frame; captured are: diode.")]
    [InlineData("column = diode, floor = 1, settle = 1 s", "i0.settle: unknown key.")]
    [InlineData("column = diode", "i0.floor is not set")]
    [InlineData("column = diode, floor = 2, ceiling = 1", "i0.ceiling = 1: must be a number between 2 and")]
    public void A_suspender_on_what_is_not_captured_is_refused_by_name(string suspender, string message) => Assert.Contains(
        message,
        Assert.Throws<SettingsException>(
            () => Load($"beamline {{ name = b1, devices {{ {Good} }}, suspenders {{ i0 {{ {suspender} }} }} }}")).Message);

    [Fact]
    public void The_simulation_is_read_with_its_defaults()
    {
        var loaded = Load($"beamline {{ name = b1, simulation {{ port = 9700, idle-exit = 1 min }}, devices {{ {Good} }} }}");
        Assert.Equal(new SimulationSettings("127.0.0.1", 9700, 0, 60_000_000_000), loaded.Simulation);
    }

    [Theory]
    [InlineData("box2 { kind = fake, box = true }",
        "f:7: beamline.devices.box2 = {kind = fake, box = true}: a beamline has one trigger box, and box is one already")]
    [InlineData("box = null", "f:1: beamline.devices = ")]
    [InlineData("z2 { kind = fake, soft = [x] }",
        "f:7: beamline.devices.z2.kind = fake: the axis x has the name of the axis x of device m; axes and detectors need names")]
    [InlineData("d2 { kind = fake, triggered = [z] }", "the detector z has the name of the axis z of device z")]
    [InlineData("m2 { kind = fake, axes = [u], encoders = [inenc2] }",
        "axis u has its encoder on inenc2, which axis y uses; an input has one encoder.")]
    [InlineData("d2 { kind = fake, captured = [i0] }",
        "the detector i0 is captured by the trigger box, so that it belongs into the box's section (box).")]
    [InlineData("s2 { kind = fake, shutter = true }", "a beamline has one shutter, and sh is one already")]
    [InlineData("u { kind = fakes }",
        "f:7: beamline.devices.u.kind = fakes: no such kind of device. Did you mean fake? Known kinds: fake.")]
    [InlineData("u { kind = fake, shuter = true }", "f:7: beamline.devices.u.shuter: unknown key. Did you mean shutter?")]
    [InlineData("u = 3", "f:7: beamline.devices.u = 3: must be a section: { … }.")]
    [InlineData("\"a/b\" { kind = fake }", "f:7: beamline.devices.\"a/b\" = {kind = fake}: the name a/b must be 1 to 40 letters")]
    public void What_does_not_fit_together_is_refused(string added, string message)
    {
        var error = Assert.Throws<SettingsException>(() => Load($"beamline {{ name = b1, devices {{ {Good}\n{added} }} }}"));
        Assert.Contains(message, error.Message);
    }

    [Theory]
    [InlineData("", "f:1: beamline is not set: it must be a section: { … }.")]
    [InlineData("beamline { devices { } }", "f:1: beamline.name is not set: it must be a text.")]
    [InlineData("beamline { name = a, devises { } }",
        "f:1: beamline.devises: unknown key. Did you mean devices? "
        + "Allowed: name, simulation, epics, devices, suspenders, disk, supervision.")]
    [InlineData("beamline { name = a, devices { } }",
        "f:1: beamline.devices = {}: a beamline needs exactly one trigger box, and none of its devices is one.")]
    [InlineData("beamline { name = a, simulation { port = 70000 }, devices { } }",
        "f:1: beamline.simulation.port = 70000: must be a whole number between 0 and 65535.")]
    public void A_file_that_lacks_its_frame_is_refused(string text, string message) =>
        Assert.Equal(message, Assert.Throws<SettingsException>(() => Load(text)).Message);

    [Fact]
    public void Files_are_read_from_disk_with_what_they_include()
    {
        var folder = Directory.CreateTempSubdirectory("flyscan-test-").FullName;
        try
        {
            Directory.CreateDirectory(Path.Combine(folder, "parts"));
            File.WriteAllText(Path.Combine(folder, "parts", "devices.hocon"), Good);
            var main = Path.Combine(folder, "main.hocon");
            File.WriteAllText(main, "beamline { name = b1, devices { include required(\"parts/devices.hocon\") } }");
            Assert.Equal("box", BeamlineFile.Load(main, Catalogue).Description.Box.Name);

            File.AppendAllText(main, "\nx = ${flyscan-test.absent}");
            Assert.StartsWith($"{main}:2:5: ", Assert.Throws<SettingsException>(() => BeamlineFile.Load(main, Catalogue)).Message);

            var absent = Path.Combine(folder, "absent.hocon");
            var error = Assert.Throws<SettingsException>(() => BeamlineFile.Load(absent, Catalogue));
            Assert.StartsWith($"{absent}: no such file", error.Message);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void The_virtual_beamline_that_is_shipped_reads_and_has_a_simulation()
    {
        var file = Path.Combine(AppContext.BaseDirectory, "beamlines", "virtual.hocon");
        var root = ConfigurationFiles.Load(file);
        Assert.Equal("9700", ((HoconText)root.Find("beamline.devices.cam.port")!).Text);
        Assert.Equal("9700", ((HoconText)root.Find("beamline.simulation.port")!).Text);
    }

    [Fact]
    public void How_long_devices_and_takes_are_waited_for_can_be_set()
    {
        var usual = Load($"beamline {{ name = b1, devices {{ {Good} }} }}").Supervision;
        Assert.Equal((DeviceLease.Default, 5_000_000_000), (usual.Lease, usual.StallPatienceNs));
        const string Set = "supervision { lease = 30 s, lease-end = stop-now, stall-patience = 1 min }";
        var set = Load($"beamline {{ name = b1, {Set}, devices {{ {Good} }} }}").Supervision;
        Assert.Equal(
            (new DeviceLease(TimeSpan.FromSeconds(30), LeaseEnd.StopNow), 60_000_000_000), (set.Lease, set.StallPatienceNs));
        var error = Assert.Throws<SettingsException>(
            () => Load($"beamline {{ name = b1, supervision {{ lease-end = later }}, devices {{ {Good} }} }}"));
        Assert.Contains("lease-end = later: must be finish-take or stop-now.", error.Message);
    }

    private static LoadedBeamline Load(string text) => BeamlineFile.Load("f", HoconConfiguration.Parse(text, "f"), Catalogue);
}
