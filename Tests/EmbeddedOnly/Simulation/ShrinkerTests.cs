using Flyscan.Engine.Simulation;
using Flyscan.SimulationProbe;
using Xunit;

namespace Flyscan.Tests.EmbeddedOnly.Simulation;

public sealed class ShrinkerTests
{
    [Fact]
    public void The_faults_that_it_takes_are_found_among_many()
    {
        var many = Enumerable.Range(0, 64).Select(i => (Fault)new Fault.Lose("a", "b", i)).ToArray();
        Fault[] guilty = [many[5], many[40], many[63]];
        var tries = 0;

        var fewest = FaultShrinker.Minimise(many, some =>
        {
            tries++;
            return guilty.All(some.Contains);
        });

        Assert.Equal(guilty, fewest);
        Assert.True(tries < 200, $"{tries} tries");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    public void Whatever_set_is_guilty_no_single_fault_of_the_result_can_be_left_out(ulong seed)
    {
        var draw = new Seeded(seed);
        for (var round = 0; round < 50; round++)
        {
            var many = Enumerable.Range(0, 1 + draw.Next(30)).Select(i => (Fault)new Fault.Lose("a", "b", i)).ToArray();
            var guilty = many.Where(_ => draw.Next(4) == 0).ToArray();

            Assert.Equal(guilty, FaultShrinker.Minimise(many, some => guilty.All(some.Contains)));
        }
    }

    [Fact]
    public void A_planted_bug_is_found_shrunk_to_its_one_fault_and_shown()
    {
        var campaign = new SimulationCampaign(
            new SimulationOptions { Profile = LedgerScenario.Profile with { WriteFailurePerMillion = 0 } },
            run => LedgerScenario.Play(run, forgetful: true));

        var failure = campaign.Search(1, 200);

        Assert.NotNull(failure);
        Assert.Contains("an entry that was reported is in the journal once does not hold", failure.First.Failure, StringComparison.Ordinal);
        Assert.True(failure.First.Faults.Count >= failure.Shrunk.Faults.Count);
        Assert.True(failure.Shrunk.Faults.Count <= 1, string.Join('\n', failure.Shrunk.Faults));
        var report = failure.Report();
        Assert.Contains($"Seed {failure.First.Seed} fails", report, StringComparison.Ordinal);
        Assert.Contains("/user/client <- \"noted ", report, StringComparison.Ordinal);
        Assert.Equal(failure.Shrunk.Hash, campaign.Play(failure.First.Seed, failure.Shrunk.Faults).Hash);
    }
}
