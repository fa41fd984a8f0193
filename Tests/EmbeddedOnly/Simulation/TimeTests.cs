using Akka.Actor;
using Flyscan.Engine.Simulation;
using Xunit;
using static Flyscan.Tests.EmbeddedOnly.Simulation.Sim;

namespace Flyscan.Tests.EmbeddedOnly.Simulation;

public sealed class TimeTests
{
    [Fact]
    public void Time_stands_while_there_is_work_and_jumps_to_what_is_due()
    {
        var run = Sim.Run();
        var node = run.Add("a");
        List<(long AtNs, object Message)> heard = [];
        var ear = node.Ear("ear", heard);
        node.System.Scheduler.ScheduleTellOnce(TimeSpan.FromHours(2), ear, "late", ActorRefs.NoSender);
        node.System.Scheduler.ScheduleTellOnce(TimeSpan.FromMilliseconds(3), ear, "soon", ActorRefs.NoSender);
        ear.Tell("now", ActorRefs.NoSender);

        Assert.False(run.RunUntilIdle(withinNs: Second));
        Assert.Equal(3 * Ms, run.NowNs);
        Assert.True(run.RunUntilIdle(withinNs: 7_200 * Second));

        Assert.Equal([(0L, (object)"now"), (3 * Ms, "soon"), (7_200 * Second, "late")], heard);
        Assert.Equal(run.Options.Epoch.AddHours(2), node.System.Scheduler.Now);
    }

    [Fact]
    public void Actors_timers_and_receive_timeouts_are_on_the_virtual_clock()
    {
        var run = Sim.Run();
        List<(long, string)> heard = [];
        run.Add("a").System.ActorOf(Props.Create(() => new Waiting(run, heard)));

        run.RunFor(10 * Second);

        Assert.Equal([(1 * Second, "tick"), (2 * Second, "tick"), (3 * Second, "tick"), (7 * Second, "timeout")], heard);
        Assert.Equal(10 * Second, run.NowNs);
    }

    [Fact]
    public void An_ask_times_out_at_its_time()
    {
        var run = Sim.Run();
        var deaf = run.Add("a").Actor("deaf", (_, _) => { });

        var error = Assert.Throws<AskTimeoutException>(() =>
            run.Run(() => deaf.Ask<string>("anyone?", TimeSpan.FromSeconds(90)), withinNs: 100 * Second));

        Assert.Contains("00:01:30", error.Message, StringComparison.Ordinal);
        Assert.Equal(90 * Second, run.NowNs);
    }

    [Fact]
    public void Delays_and_timers_of_the_time_provider_are_virtual()
    {
        var run = Sim.Run();
        var ticks = new List<long>();

        var result = run.Run(
            async () =>
            {
                using var timer = run.Time.CreateTimer(_ => ticks.Add(run.NowNs), null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2));
                await Task.Delay(TimeSpan.FromSeconds(6), run.Time);
                using var late = new CancellationTokenSource(TimeSpan.FromSeconds(4), run.Time);
                await Assert.ThrowsAnyAsync<OperationCanceledException>(
                    () => Task.Delay(TimeSpan.FromHours(1), run.Time, late.Token));
                return run.Time.GetElapsedTime(0);
            },
            withinNs: 60 * Second);

        Assert.Equal(TimeSpan.FromSeconds(10), result);
        Assert.Equal([1 * Second, 3 * Second, 5 * Second, 7 * Second, 9 * Second], ticks);
    }

    [Fact]
    public void A_scenario_that_waits_for_nothing_is_told_so()
    {
        var run = Sim.Run();

        var error = Assert.Throws<SimulationException>(() => run.Run(() => new TaskCompletionSource().Task, withinNs: Second));

        Assert.Contains("nothing is left that it could wait for", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Work_without_end_at_one_moment_is_found()
    {
        var run = new SimulationRun(new SimulationOptions { MostStepsAtOneMoment = 1_000 });
        run.Add("a").Actor("circle", (context, message) => context.Self.Tell(message)).Tell("round", ActorRefs.NoSender);

        Assert.Contains("goes in circles", Assert.Throws<SimulationException>(() => run.RunUntilIdle()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_broken_invariant_ends_the_run_with_seed_and_time()
    {
        var run = Sim.Run(seed: 42);
        run.At(5 * Second, () => { });
        run.At(6 * Second, () => { });
        run.Invariant("it is early", () => run.NowNs >= 5 * Second ? "it is late" : null);

        var error = Assert.Throws<SimulationException>(() => run.RunUntilIdle());

        Assert.Equal("seed 42, at 5.000000000 s: it is early does not hold: it is late", error.Message);
    }

    private sealed class Waiting : ReceiveActor, IWithTimers
    {
        private int _ticks;

        public Waiting(SimulationRun run, List<(long, string)> heard)
        {
            Receive<string>(text =>
            {
                heard.Add((run.NowNs, text));
                if (++_ticks < 3)
                    return;
                Timers.Cancel("t");
                Context.SetReceiveTimeout(TimeSpan.FromSeconds(4));
            });
            Receive<ReceiveTimeout>(_ =>
            {
                heard.Add((run.NowNs, "timeout"));
                Context.SetReceiveTimeout(null);
            });
        }

        public ITimerScheduler Timers { get; set; } = null!;

        protected override void PreStart() => Timers.StartPeriodicTimer("t", "tick", TimeSpan.FromSeconds(1));
    }
}
