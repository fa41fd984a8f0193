using Xunit;

namespace Flyscan.Tests.Host.Cli;

public sealed class ZebraPlanTests
{
    private static readonly string Zebra = Path.Combine(AppContext.BaseDirectory, "beamlines", "virtual-zebra.hocon");

    [Fact]
    public async Task A_plan_says_what_the_registers_of_a_zebra_hold_instead()
    {
        using var place = new CliPlace();
        var request = place.Write("r.json", CliPlace.Good);

        // Half a step before 0 is -0.0555… mm, and a count is 0.1 um.
        const string Rounded = "compare position of x: -0.05555555556 mm asked for, -0.0556 mm held";
        var answer = await place.RunAsync("plan", request, "--beamline", Zebra, "--out", place.Data, "--json");
        Assert.Equal(0, answer.Code);
        Assert.Contains(Rounded, answer.Error);
        Assert.Contains(Rounded, answer.Json().GetProperty("box_rounding").EnumerateArray().Select(r => r.GetString()));

        var other = await place.RunAsync("plan", request, "--beamline", CliPlace.Beamline, "--out", place.Data, "--json");
        Assert.Equal(0, other.Json().GetProperty("box_rounding").GetArrayLength());
    }
}
