using Flyscan.Scanning.Specs;
using Xunit;

namespace Flyscan.Tests.Scanning.Planning;

public class DelayRefusalTests
{
    [Fact]
    public void A_delay_that_cannot_be_planned_is_refused_by_name() => Assert.Contains(
        "spec: delays after frames cannot be planned yet: a delay; allowed: none. Take the Delay out of the spec",
        Planned.Problems(new Delay([0.5], Planned.Grid(3, 10, 0.01))), StringComparison.Ordinal);

    [Fact]
    public void Durations_of_our_own_types_are_planned()
    {
        var line = new Fly(Linspace.Bounded("x", 0, 1, 4));
        Assert.Equal(4, Planned.Of(new ConstantVelocity(2, line)).Frames);
        Assert.Equal(4, Planned.Of(new Durations([0.1, 0.1, 0.125, 0.125], line)).Frames);
    }
}
