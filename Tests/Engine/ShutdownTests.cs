using Akka;
using Akka.Actor;
using Xunit;

namespace Flyscan.Tests.Engine;

public sealed class ShutdownTests : PatientTestKit
{
    private const string Quiet = "akka { loglevel = WARNING, stdout-loglevel = OFF, loggers = [] }\n";

    [Fact]
    public async Task Tasks_of_one_phase_run_side_by_side()
    {
        var system = ActorSystem.Create("parallel", Quiet);
        var shutdown = CoordinatedShutdown.Get(system);
        var first = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        shutdown.AddTask(CoordinatedShutdown.PhaseServiceStop, "waits for the other", async () =>
        {
            await first.Task;
            return Done.Instance;
        });
        shutdown.AddTask(CoordinatedShutdown.PhaseServiceStop, "the other", () =>
        {
            first.SetResult();
            return Task.FromResult(Done.Instance);
        });

        await shutdown.Run(CoordinatedShutdown.UnknownReason.Instance).WaitAsync(TimeSpan.FromSeconds(3));

        Assert.True(system.WhenTerminated.IsCompleted);
    }

    [Fact]
    public async Task A_failing_task_and_a_slow_one_do_not_hold_up_the_phases_after_it()
    {
        var system = ActorSystem.Create("failing", Quiet + "akka.coordinated-shutdown.phases.service-unbind.timeout = 100ms");
        var shutdown = CoordinatedShutdown.Get(system);
        shutdown.AddTask(CoordinatedShutdown.PhaseBeforeServiceUnbind, "fails", () => throw new InvalidOperationException("boom"));
        shutdown.AddTask(CoordinatedShutdown.PhaseServiceUnbind, "never ends", () => new TaskCompletionSource<Done>().Task);

        await shutdown.Run(CoordinatedShutdown.UnknownReason.Instance).WaitAsync(TimeSpan.FromSeconds(5));

        Assert.True(system.WhenTerminated.IsCompleted);
    }

    [Fact]
    public async Task A_phase_that_must_not_recover_stops_the_shutdown()
    {
        var system = ActorSystem.Create("strict", Quiet + "akka.coordinated-shutdown.phases.service-stop.recover = off");
        var shutdown = CoordinatedShutdown.Get(system);
        var later = false;
        shutdown.AddTask(
            CoordinatedShutdown.PhaseServiceStop, "fails", () => Task.FromException<Done>(new InvalidOperationException("boom")));
        shutdown.AddTask(CoordinatedShutdown.PhaseBeforeActorSystemTerminate, "later", () =>
        {
            later = true;
            return Task.FromResult(Done.Instance);
        });

        await Assert.ThrowsAnyAsync<Exception>(() => shutdown.Run(CoordinatedShutdown.UnknownReason.Instance));

        Assert.False(later);
        Assert.False(system.WhenTerminated.IsCompleted);
    }

    [Fact]
    public async Task It_runs_once_and_from_the_phase_that_is_named()
    {
        var system = ActorSystem.Create("once", Quiet);
        var shutdown = CoordinatedShutdown.Get(system);
        var runs = new List<string>();
        foreach (var phase in new[] { CoordinatedShutdown.PhaseBeforeServiceUnbind, CoordinatedShutdown.PhaseServiceStop })
        {
            shutdown.AddTask(phase, "note", () =>
            {
                runs.Add(phase);
                return Task.FromResult(Done.Instance);
            });
        }

        Assert.Null(shutdown.ShutdownReason);
        var first = shutdown.Run(CoordinatedShutdown.ClrExitReason.Instance, CoordinatedShutdown.PhaseServiceStop);
        var second = shutdown.Run(CoordinatedShutdown.UnknownReason.Instance);
        await Task.WhenAll(first, second);

        Assert.Equal([CoordinatedShutdown.PhaseServiceStop], runs);
        Assert.Same(CoordinatedShutdown.ClrExitReason.Instance, shutdown.ShutdownReason);
    }

    [Fact]
    public async Task Phases_have_their_times_and_unknown_ones_are_refused()
    {
        var system = ActorSystem.Create("times", Quiet + "akka.coordinated-shutdown.default-phase-timeout = 7s");
        var shutdown = CoordinatedShutdown.Get(system);

        Assert.Equal(TimeSpan.FromSeconds(7), shutdown.Timeout(CoordinatedShutdown.PhaseServiceStop));
        Assert.Equal(TimeSpan.FromSeconds(10), shutdown.Timeout(CoordinatedShutdown.PhaseActorSystemTerminate));
        Assert.Throws<ArgumentException>(() => shutdown.Timeout("no-such-phase"));
        Assert.Throws<Akka.Configuration.ConfigurationException>(
            () => shutdown.AddTask("no-such-phase", "task", () => Task.FromResult(Done.Instance)));
        await system.Terminate();
    }

    [Fact]
    public async Task Terminating_runs_the_phases_with_its_own_reason()
    {
        var system = ActorSystem.Create("terminating", Quiet);
        var shutdown = CoordinatedShutdown.Get(system);
        var ran = false;
        shutdown.AddTask(CoordinatedShutdown.PhaseServiceUnbind, "note", () =>
        {
            ran = true;
            return Task.FromResult(Done.Instance);
        });

        await system.Terminate();

        Assert.True(ran);
        Assert.Same(CoordinatedShutdown.ActorSystemTerminateReason.Instance, shutdown.ShutdownReason);
    }

    [Fact]
    public void Disposing_of_a_system_waits_for_its_end()
    {
        var system = ActorSystem.Create("disposed", Quiet);
        var probe = CreateTestProbe();
        probe.Watch(system.ActorOf(Props.Create(() => new Idle())));

        system.Dispose();

        Assert.True(system.WhenTerminated.IsCompleted);
        probe.ExpectMsg<Terminated>();
    }

    private sealed class Idle : ReceiveActor;
}
