using Flyscan.Scanning.Planning;
using Xunit;

namespace Flyscan.Tests.Scanning.Planning;

public sealed class ExposureOutTests
{
    private static readonly BeamlineDescription Counted = Beamlines.Virtual with
    {
        Detectors =
        [
            .. Beamlines.Virtual.Detectors.Select(
                d => d.Name == "cam" ? d with { Identity = FrameIdentity.ExposureOutCounted } : d),
        ],
    };

    [Fact]
    public void A_detector_whose_exposures_nobody_counts_is_refused_with_what_to_wire() => Assert.Contains(
        "detector cam, identity: nothing counts the exposures that frames of cam are to be known by: exposure-out-counted; "
        + "allowed: an input of the trigger box. Wire its exposure output to",
        Planned.Problems(Planned.Grid(3, 100, 0.006), Counted));

    [Fact]
    public void One_whose_exposures_the_box_counts_is_planned() => Assert.Equal(
        300,
        Planned.Of(
            Planned.Grid(3, 100, 0.006), Counted with { Box = Counted.Box with { CountsExposuresOf = ["cam"] } }).Frames);
}
