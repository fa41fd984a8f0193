using Flyscan.Hardware.Contracts;
using Flyscan.Hocon;
using Flyscan.Host.Composition;
using Xunit;

namespace Flyscan.Tests.Host.Composition;

public sealed class DeviceCatalogueTests
{
    [Fact]
    public void Every_factory_of_the_hardware_assembly_is_found_once()
    {
        var expected = typeof(IDeviceFactory).Assembly.GetTypes().Count(t => t.IsAssignableTo(typeof(IDeviceFactory)) && !t.IsAbstract);
        Assert.Equal(expected, DeviceCatalogue.OfHardware().Factories.Count);
    }

    [Fact]
    public void The_scan_finds_factories_that_are_not_public_and_nothing_else() => Assert.Equal(
        ["found-by-scan"], DeviceCatalogue.OfTypes([typeof(string), typeof(IDeviceFactory), typeof(FoundByScan)]).Kinds);

    [Fact]
    public void Two_factories_of_one_kind_are_refused()
    {
        var error = Assert.Throws<InvalidOperationException>(() => new DeviceCatalogue([new FakeFactory("a"), new FakeFactory("a")]));
        Assert.Contains("Device kind a is claimed by", error.Message);
    }

    [Theory]
    [InlineData("kind = pandas", "f:1: d.kind = pandas: no such kind of device. Did you mean panda? Known kinds: panda, virtual-camera.")]
    [InlineData("kind = x", "f:1: d.kind = x: no such kind of device. Known kinds: panda, virtual-camera.")]
    [InlineData("", "f:1: d.kind is not set: it must be a text.")]
    public void An_unknown_kind_names_the_known_ones(string text, string message)
    {
        var catalogue = new DeviceCatalogue([new FakeFactory("virtual-camera"), new FakeFactory("panda")]);
        var settings = new HoconSettings("d", HoconConfiguration.Parse(text, "f"));
        Assert.Equal(message, Assert.Throws<SettingsException>(() => catalogue.Of(settings)).Message);
    }

    private sealed class FoundByScan : IDeviceFactory
    {
        public string Kind => "found-by-scan";

        public DeviceDescription Describe(string name, ISettings settings) => new();

        public IDevice Create(string name, ISettings settings, DeviceEnvironment environment) => throw new NotSupportedException();
    }
}
