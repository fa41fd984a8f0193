using Flyscan.Engine.Simulation;
using Flyscan.Twin;
using Xunit;

namespace Flyscan.Tests.EmbeddedOnly.Twin;

public sealed class TwinTests
{
    private const int Seeds = 300;

    [Fact]
    public void Three_hundred_scans_with_faults_keep_every_invariant()
    {
        var output = new StringWriter();

        var code = SimulateCommand.Run(["--seed", "1", "--seeds", $"{Seeds}"], output, output);

        Assert.True(code == 0, output.ToString());
    }

    [Fact]
    public void A_seed_is_the_same_run_each_time_and_when_its_faults_are_given_back()
    {
        var first = Simulator.WithAll.Play(12, new Coverage());

        Assert.Equal(first.Hash, Simulator.WithAll.Play(12, new Coverage()).Hash);
        Assert.Equal(first.EndNs, Simulator.WithAll.Replay(12, first.Faults, records: true).EndNs);
    }

    [Fact]
    public void Wrong_words_are_refused_with_what_is_allowed()
    {
        var error = new StringWriter();

        Assert.Equal(2, SimulateCommand.Run(["--faults", "earthquake"], TextWriter.Null, error));
        Assert.Contains("power failure", error.ToString(), StringComparison.Ordinal);
    }

    /// <summary>Each of these failed once; the name says what was wrong.</summary>
    [Theory]
    [MemberData(nameof(Found))]
    public void What_a_seed_found_stays_repaired(string what, ulong seed, object[] faults)
    {
        var outcome = Simulator.WithAll.Replay(seed, faults, records: true);

        Assert.True(outcome.Failure is null, $"{what}: {outcome.Failure}\n{string.Join('\n', outcome.Lines.TakeLast(40))}");
    }

    public static TheoryData<string, ulong, object[]> Found() => new()
    {
        {
            "an adoption took the programme away from a status query", 4,
            [new TwinFault.KillProcess(new("Flying", 1, 13241766), 1421300675)]
        },
        {
            "a shutter order came twice and closed it in flight", 7,
            [
                new Fault.Duplicate("control", "control/shutter", 9, 238500738),
                new Fault.Delay("control", "control/motion", 23, 198700480),
            ]
        },
        { "an enable came twice", 40, [new Fault.Duplicate("control", "control/panda", 4, 219942267)] },
        { "safety cut an exposure and closed the shutter on others", 57, [new TwinFault.Cut(new("Starting", 1, 17911283), "cam")] },
        { "a load came twice", 66, [new Fault.Duplicate("control", "control/motion", 0, 64922502)] },
        { "a move came twice", 136, [new Fault.Duplicate("control", "control/z", 0, 76735373)] },
        {
            "a staging that nobody heard of refused the next", 178,
            [new TwinFault.KillSupervisor(new("Staging", 1, 329119), 786208251)]
        },
        {
            "extents of one recorder overlapped", 187,
            [
                new Fault.Delay("control", "control/motion", 0, 245502188),
                new Fault.Duplicate("control", "control/panda", 2, 130515156),
            ]
        },
        {
            "a successor beside a living driver recorded every sample twice", 200,
            [new TwinFault.KillSupervisor(new("Enabling", 1, 17188), 86452481)]
        },
        {
            "devices lost while aborting were left staged", 225,
            [new TwinFault.Silence(new("Starting", 1, 47768), 189672696), new TwinFault.Abort(new("Enabling", 1, 29395117))]
        },
        {
            "a resume that was refused waited for ever", 232,
            [
                new TwinFault.KillAll(new("AwaitingRecords", 1, 80815), 164599728),
                new TwinFault.Silence(new("AwaitingRecords", 2, 140288), 472630118),
            ]
        },
        {
            "a predecessor's move refused the next", 446,
            [new TwinFault.KillSupervisor(new("Connecting", 1, 10474732), 3638310)]
        },
        { "the camera's exposure was not put back after an unanswered staging", 498, [new Fault.FailWrite("control", 2)] },
        {
            "devices lost while unstaging ended the scan", 609,
            [new TwinFault.Silence(new("Unstaging", 1, 11844), 1682351872)]
        },
        {
            "a loss heard after the answers to unstaging ended the scan", 615,
            [
                new TwinFault.Silence(new("AwaitingRecords", 1, 6525894), 208928341),
                new Fault.Delay("control", "control/panda", 27, 75983981),
            ]
        },
        {
            "an unstaging that was cut off left the camera's exposure", 812,
            [new TwinFault.Silence(new("Staging", 1, 136264), 744909071)]
        },
        {
            "a successor took a loss for a fault", 127,
            [
                new TwinFault.Cut(new("Preparing", 1, 132324), "control"),
                new TwinFault.KillSupervisor(new("MakingSafe", 1, 284740), 45896999),
            ]
        },
        {
            "a take was armed while the old table still fired", 156,
            [
                new TwinFault.Cut(new("Flying", 2, 6980277), "data"),
                new TwinFault.KillProcess(new("MakingSafe", 1, 4692778), 38695712),
            ]
        },
        { "an abort while staging left the camera staged", 506, [new TwinFault.Abort(new("Staging", 1, 11338))] },
        { "a box that was staged when nobody waited for it any more stayed so", 1544, [new TwinFault.Abort(new("Staging", 1, 485112))] },
        {
            "a segment that a dying adopter opened was taken for the one before", 1667,
            [
                new TwinFault.KillProcess(new("Starting", 2, 199342), 132667943),
                new TwinFault.KillSupervisor(new("Adopting", 1, 146659), 68092929),
                new TwinFault.Pause(new("Flying", 1, 9942592), 505701206),
            ]
        },
        {
            "a loss before the device's actor was there was never heard", 711,
            [
                new TwinFault.KillProcess(new("Starting", 1, 250384), 111795808),
                new TwinFault.Cut(new("Connecting", 2, 1076496), "shutter"),
            ]
        },
    };
}
