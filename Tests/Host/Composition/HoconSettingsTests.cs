using Flyscan.Hardware.Contracts;
using Flyscan.Hocon;
using Flyscan.Host.Composition;
using Xunit;

namespace Flyscan.Tests.Host.Composition;

public sealed class HoconSettingsTests
{
    private const string File = """
        beamline.devices {
          cam {
            width = -3
            gain = 1.5, lead = 5 ms, buffer = 64MiB
            on = yes, off = off, none = null
            names = [a, b], mixed = [a, [b]]
            inner { x = 1 }
            "odd.key" = text
          }
        }
        """;

    private static readonly HoconSettings Cam = (HoconSettings)new HoconSettings("", HoconConfiguration.Parse(File, "f.hocon"))
        .Section("beamline").Section("devices").Section("cam");

    [Fact]
    public void Values_within_their_limits_are_read()
    {
        Assert.Equal("beamline.devices.cam", Cam.Path);
        Assert.Equal(-3, Cam.Integer("width", -3, 0));
        Assert.Equal(1.5, Cam.Number("gain", 0, 2));
        Assert.Equal(5_000_000, Cam.DurationNs("lead", 0, 10_000_000));
        Assert.Equal(64L << 20, Cam.Bytes("buffer", 0, long.MaxValue));
        Assert.True(Cam.Flag("on"));
        Assert.False(Cam.Flag("off"));
        Assert.Equal(["a", "b"], Cam.Texts("names"));
        Assert.Equal("1.5", Cam.Text("gain"));
        Assert.Equal(1, Cam.Section("inner").Integer("x", 0, 1));
        Assert.Equal(["width", "gain", "lead", "buffer", "on", "off", "names", "mixed", "inner", "odd.key"], Cam.Keys);
    }

    [Fact]
    public void What_is_not_set_or_null_takes_its_fallback()
    {
        foreach (var key in (string[])["absent", "none"])
        {
            Assert.False(Cam.Has(key));
            Assert.Equal(7, Cam.Integer(key, 0, 1, 7));
            Assert.Equal(7.5, Cam.Number(key, 0, 1, 7.5));
            Assert.Equal(9, Cam.DurationNs(key, 0, 1, 9));
            Assert.Equal(9, Cam.Bytes(key, 0, 1, 9));
            Assert.True(Cam.Flag(key, true));
            Assert.Equal("x", Cam.Text(key, "x"));
        }
    }

    public static TheoryData<string, Action<ISettings>> Wrong => new()
    {
        {
            "f.hocon:3: beamline.devices.cam.width = -3: must be a whole number between 1 and 16384.",
            s => s.Integer("width", 1, 16384)
        },
        { "f.hocon:4: beamline.devices.cam.gain = 1.5: must be a whole number of at least 0.", s => s.Integer("gain", 0, long.MaxValue) },
        { "f.hocon:4: beamline.devices.cam.gain = 1.5: must be a number of at most 1.", s => s.Number("gain", double.NegativeInfinity, 1) },
        {
            "f.hocon:4: beamline.devices.cam.lead = 5 ms: must be a duration with its unit (ns, us, ms, s, min, h) between 1 s and 1 h.",
            s => s.DurationNs("lead", 1_000_000_000, 3_600_000_000_000)
        },
        {
            "f.hocon:3: beamline.devices.cam.width = -3: must be a size with its unit (B, KiB, MiB, GiB) of at least 1 KiB.",
            s => s.Bytes("width", 1024, long.MaxValue)
        },
        { "f.hocon:3: beamline.devices.cam.width = -3: must be true or false.", s => s.Flag("width") },
        { "f.hocon:3: beamline.devices.cam.width = -3: must be a list of texts: [a, b, …].", s => s.Texts("width") },
        { "f.hocon:6: beamline.devices.cam.mixed = [a, [b]]: must be a list of texts: [a, b, …].", s => s.Texts("mixed") },
        { "f.hocon:7: beamline.devices.cam.inner = {x = 1}: must be a text.", s => s.Text("inner") },
        { "f.hocon:3: beamline.devices.cam.width = -3: must be a section: { … }.", s => s.Section("width") },
        {
            "f.hocon:2: beamline.devices.cam.absent is not set: it must be a number between 0 and 0.5.",
            s => s.Number("absent", 0, 0.5)
        },
        { "f.hocon:8: beamline.devices.cam.\"odd.key\" = text: must be a number.",
            s => s.Number("odd.key", double.NegativeInfinity, double.PositiveInfinity) },
    };

    [Theory]
    [MemberData(nameof(Wrong), DisableDiscoveryEnumeration = true)]
    public void A_wrong_value_is_named_with_its_place_and_limits(string message, Action<ISettings> read) =>
        Assert.Equal(message, Assert.Throws<SettingsException>(() => read(Cam)).Message);

    [Theory]
    [InlineData("widht = 1", " Did you mean width?")]
    [InlineData("Width = 1", " Did you mean width?")]
    [InlineData("colour = 1", "")]
    [InlineData("width = 1, widht = 1", "")]
    public void An_unknown_key_is_refused_with_the_nearest(string text, string meant)
    {
        var settings = new HoconSettings("cam", HoconConfiguration.Parse(text, "f"));
        var error = Assert.Throws<SettingsException>(() => settings.AllowOnly("width", "height"));
        Assert.Equal($"f:1: cam.{settings.Keys[^1]}: unknown key.{meant} Allowed: width, height.", error.Message);
    }

    [Fact]
    public void A_key_that_was_read_elsewhere_is_readable_but_neither_listed_nor_refused()
    {
        var settings = new HoconSettings("cam", HoconConfiguration.Parse("kind = x, width = 1", "f"), "kind");
        settings.AllowOnly("width");
        Assert.Equal(["width"], settings.Keys);
        Assert.Equal("x", settings.Text("kind"));
    }
}
