using Flyscan.Hardware.Zebra;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Triggering;
using Xunit;

namespace Flyscan.Tests.Hardware.Zebra;

public sealed class ZebraProgrammeTests
{
    private const long Ms = 1_000_000;
    private static readonly PulseTrain Train = new(5, 10 * Ms, 11 * Ms);
    private static readonly ZebraSettings Settings =
        new() { Host = "box", Port = 1, LiveInput = 1, Encoders = [new("x", 2, -0.001, 5, "mm")] };

    [Fact]
    public void A_position_becomes_counts_a_direction_and_an_encoder()
    {
        // x rises while its counts fall: the scale is negative.
        var programme = Compile(out _, Window(5.0104, Train))!;
        Assert.Equal(1u, Value(programme, 0x88));
        Assert.Equal(1u, Value(programme, 0xA0));
        Assert.Equal(unchecked((uint)-10), Value(programme, 0x8E));
        Assert.Equal(110_000u, Value(programme, 0x9B));
        Assert.Equal(100_000u, Value(programme, 0x99));
        Assert.Equal(5u, Value(programme, 0x9D));
        Assert.Equal(7u, Value(programme, 0x3C));
        Assert.Equal("compare position of x: 5.0104 mm asked for, 5.01 mm held", Assert.Single(programme.Roundings).ToString());
    }

    [Fact]
    public void A_coarser_clock_is_taken_where_the_finest_does_not_reach_and_the_rounding_is_told()
    {
        var programme = Compile(out _, Burst(new PulseTrain(3, 100_000_010_000, 300_000_020_000)))!;
        Assert.Equal(5000u, Value(programme, 0x89));
        Assert.Equal(3_000_000u, Value(programme, 0x9B));
        Assert.Equal(
            ["period: 300000.02 ms asked for, 300000 ms held", "exposure: 100000.01 ms asked for, 100000 ms held"],
            programme.Roundings.Select(r => r.ToString()));
    }

    [Fact]
    public void What_a_zebra_cannot_do_is_refused_by_name()
    {
        Refused("has no table of frames", Window(6, Train, Train with { Count = 2 }));
        Refused("has no table of frames", Live(Train), Live(Train with { Count = 4 }));
        Refused("compares one position in one direction at a time", Window(6, Train), Window(7, Train));
        Refused("outside the 32-bit range", Window(3e6, Train));
        Refused("shorter than a Zebra can store samples", Burst(new PulseTrain(5, 500, 1_500)));
        Refused("leaves no low level", Burst(new PulseTrain(5, 11 * Ms, 11 * Ms)));
        Refused("a tenth of a frame is the most", Burst(new PulseTrain(100_000, 100, 2_049)));
        Refused("longer than the 32-bit time registers", Burst(new PulseTrain(2, Ms, 3_000_000_000 * Ms)));
        Refused("axis y has no encoder", new TriggerWindow(0, true, new PositionCompare("y", 1, true), [Train]));
        Refused("windows that wait for nothing", Burst(Train), Burst(Train));
        Refused("without frames");
    }

    private static void Refused(string why, params TriggerWindow[] windows)
    {
        Assert.Null(Compile(out var problem, windows));
        Assert.Contains(why, problem);
    }

    private static uint Value(ZebraProgramme programme, byte address) => programme.Words.Single(w => w.Address == address).Value;

    private static ZebraProgramme? Compile(out string? problem, params TriggerWindow[] windows) =>
        ZebraProgramme.Compile(new TriggerProgramme([.. windows]), new TakeMark(7), Settings, out problem);

    private static TriggerWindow Window(double position, params PulseTrain[] trains) =>
        new(0, true, new PositionCompare("x", position, Ascending: true), [.. trains]);

    private static TriggerWindow Live(PulseTrain train) => new(0, true, null, [train]);

    private static TriggerWindow Burst(PulseTrain train) => new(0, false, null, [train]);
}
