using System.Diagnostics;
using System.Globalization;
using Akka.Actor;
using Flyscan.Engine.Simulation;
using Flyscan.SimulationProbe;
using Xunit;

namespace Flyscan.Tests.EmbeddedOnly.Simulation;

public sealed class DeterminismTests
{
    private const int Seeds = 1_000;

    [Fact]
    public void A_thousand_seeds_give_the_same_traces_in_two_processes()
    {
        using var other = Process.Start(new ProcessStartInfo(
            "dotnet", [Path.Combine(AppContext.BaseDirectory, "Flyscan.SimulationProbe.dll"), "hashes", "1", $"{Seeds}"])
        {
            RedirectStandardOutput = true,
        })!;
        var theirs = other.StandardOutput.ReadToEndAsync();

        var ours = LedgerScenario.Hashes(1, Seeds).Select(hash => hash.ToString("x16", CultureInfo.InvariantCulture)).ToArray();

        other.WaitForExit();
        Assert.Equal(0, other.ExitCode);
#pragma warning disable xUnit1031 // The process has ended: its output is there.
        Assert.Equal(ours, theirs.Result.Split('\n', StringSplitOptions.RemoveEmptyEntries));
#pragma warning restore xUnit1031
        Assert.Equal(Seeds, ours.Distinct().Count());
    }

    [Fact]
    public void The_same_seed_gives_the_same_text_line_by_line()
    {
        var campaign = Ledger();

        var first = campaign.Play(7, records: true);
        var second = campaign.Play(7, records: true);

        Assert.Null(first.Failure);
        Assert.Equal(first.Lines, second.Lines);
        Assert.NotEqual(first.Hash, campaign.Play(8).Hash);
        Assert.Equal(first.Hash, campaign.Play(7).Hash);
        Assert.Contains(first.Lines, line => line.Contains("/user/keeper/ledger <- \"east 0\"", StringComparison.Ordinal));
    }

    [Fact]
    public void A_run_is_made_again_by_the_faults_that_it_had()
    {
        var campaign = Ledger();

        for (var seed = 1UL; seed <= 30; seed++)
        {
            var first = campaign.Play(seed);
            var again = campaign.Play(seed, first.Faults);

            Assert.NotEmpty(first.Faults);
            Assert.Equal(first.Hash, again.Hash);
            Assert.Equal(first.Faults, again.Faults);
        }
    }

    [Fact]
    public void Nothing_that_was_acknowledged_is_lost_whatever_the_seed()
    {
        var crashes = 0;
        for (var seed = 1UL; seed <= 100; seed++)
        {
            var run = new SimulationRun(new SimulationOptions { Seed = seed, Profile = LedgerScenario.Profile });
            var told = LedgerScenario.Play(run);
            Assert.Equal(2 * LedgerScenario.Entries, told.Count);
            crashes += run.Faults.OfType<Fault.Crash>().Count();
        }

        Assert.True(crashes > 150, $"only {crashes} crashes");
    }

    [Fact]
    public void Seeds_interleave_senders_differently_and_keep_each_ones_order()
    {
        var orders = new HashSet<string>();
        for (var seed = 1UL; seed <= 40; seed++)
        {
            var run = Sim.Run(seed);
            var node = run.Add("a");
            List<(long, object Message)> heard = [];
            var ear = node.Ear("ear", heard);
            foreach (var name in (string[])["x", "y"])
            {
                var mouth = node.Mouth(name, ear);
                for (var i = 0; i < 5; i++)
                    mouth.Tell($"{name}{i}", ActorRefs.NoSender);
            }

            Assert.True(run.RunUntilIdle());

            var words = heard.Select(h => (string)h.Message).ToArray();
            foreach (var name in (char[])['x', 'y'])
                Assert.Equal(Enumerable.Range(0, 5).Select(i => $"{name}{i}"), words.Where(w => w[0] == name));
            orders.Add(string.Concat(words));
        }

        Assert.True(orders.Count > 20, $"only {orders.Count} orders");
    }

    private static SimulationCampaign Ledger() =>
        new(new SimulationOptions { Profile = LedgerScenario.Profile }, run => LedgerScenario.Play(run));
}
