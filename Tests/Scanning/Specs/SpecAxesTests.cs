using Flyscan.Scanning.Specs;
using Xunit;

namespace Flyscan.Tests.Scanning.Specs;

public class SpecAxesTests
{
    private static readonly Spec Grid = new Fly(new Product(new Linspace("y", 0, 1, 2), new Snake(new Linspace("x", 0, 1, 2))));

    [Fact]
    public void Axes_are_renamed_everywhere_and_others_stay() => Assert.Equal(
        new Fly(new Product(new Linspace("y", 0, 1, 2), new Snake(new Linspace("sx", 0, 1, 2)))), Rename(("x", "sx")));

    [Fact]
    public void Axes_can_change_places() => Assert.Equal(["x", "y"], SpecAxes.Of(Rename(("x", "y"), ("y", "x"))));

    [Fact]
    public void Both_sides_of_a_concat_are_renamed()
    {
        var line = new Linspace("x", 0, 1, 2);
        var renamed = SpecAxes.Rename(new Concat(line, line), new Dictionary<string, string> { ["x"] = "sx" });
        Assert.Equal(new Concat(line with { Axis = "sx" }, line with { Axis = "sx" }), renamed);
    }

    [Fact]
    public void An_axis_that_the_spec_does_not_have_is_refused_by_name() => Assert.Equal(
        "spec: there is no axis 'X' to rename (the axes are y, x), did you mean 'x'?",
        Assert.Throws<SpecException>(() => Rename(("X", "sx"))).Message);

    [Fact]
    public void Two_axes_of_one_name_are_refused()
    {
        var both = Assert.Throws<SpecException>(() => Rename(("x", "s"), ("y", "s")));
        Assert.Equal("spec: axes y and x would both be named 's'", both.Message);
        var taken = Assert.Throws<SpecException>(() => Rename(("x", "y")));
        Assert.Equal("spec: axes y and x would both be named 'y'", taken.Message);
    }

    [Fact]
    public void An_empty_new_name_is_refused() => Assert.Throws<SpecException>(() => Rename(("x", "")));

    private static Spec Rename(params (string From, string To)[] names) =>
        SpecAxes.Rename(Grid, names.ToDictionary(n => n.From, n => n.To));
}
