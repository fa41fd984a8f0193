using Akka;
using Akka.Actor;
using Akka.Configuration;
using Akka.Event;
using Xunit;

namespace Flyscan.Tests.Engine;

public sealed class SystemTests : PatientTestKit
{
    [Fact]
    public void Subscribers_get_events_of_their_class_and_its_subclasses_once()
    {
        Assert.True(Sys.EventStream.Subscribe(TestActor, typeof(Exception)));
        Assert.False(Sys.EventStream.Subscribe(TestActor, typeof(Exception)));

        Sys.EventStream.Publish(new InvalidOperationException("heard"));
        Sys.EventStream.Publish("unheard");

        Assert.Equal("heard", ExpectMsg<InvalidOperationException>().Message);
        Assert.True(Sys.EventStream.Unsubscribe(TestActor, typeof(Exception)));
        Sys.EventStream.Publish(new InvalidOperationException("unheard"));
        ExpectNoMsg(TimeSpan.FromMilliseconds(50));
    }

    [Fact]
    public void Log_entries_reach_subscribers_with_source_and_text()
    {
        Sys.EventStream.Subscribe(TestActor, typeof(Warning));
        var actor = Sys.ActorOf(Props.Create(() => new Logger()), "logger");

        actor.Tell(5);

        var entry = ExpectMsg<Warning>();
        Assert.Equal("five is 5", entry.Message.ToString());
        Assert.Contains("/user/logger", entry.LogSource);
    }

    [Fact]
    public async Task Coordinated_shutdown_runs_its_phases_in_order_and_then_ends_the_system()
    {
        var system = ActorSystem.Create("phases");
        var shutdown = CoordinatedShutdown.Get(system);
        var order = new List<string>();
        foreach (var phase in new[]
                 {
                     CoordinatedShutdown.PhaseServiceStop, CoordinatedShutdown.PhaseBeforeServiceUnbind,
                     CoordinatedShutdown.PhaseBeforeActorSystemTerminate,
                 })
        {
            shutdown.AddTask(phase, "note", () =>
            {
                order.Add(phase);
                return Task.FromResult(Done.Instance);
            });
        }

        await shutdown.Run(CoordinatedShutdown.ClrExitReason.Instance);

        Assert.Equal(["before-service-unbind", "service-stop", "before-actor-system-terminate"], order);
        Assert.True(system.WhenTerminated.IsCompleted);
        Assert.Same(CoordinatedShutdown.ClrExitReason.Instance, shutdown.ShutdownReason);
    }

    [Fact]
    public async Task Terminate_ends_all_actors_and_runs_the_callbacks()
    {
        var system = ActorSystem.Create("ending");
        var probe = CreateTestProbe();
        system.ActorOf(Props.Create(() => new Stopper(probe.Ref)));
        var called = false;
        system.RegisterOnTermination(() => called = true);

        await system.Terminate();

        probe.ExpectMsg("stopped");
        Assert.True(called);
        Assert.Throws<InvalidOperationException>(() => system.ActorOf(Props.Create(() => new Logger())));
    }

    [Fact]
    public void An_extension_is_made_once()
    {
        var first = CounterId.Instance.Get(Sys);

        Assert.Same(first, CounterId.Instance.Apply(Sys));
        Assert.True(Sys.HasExtension<Counter>());
    }

    [Fact]
    public void Configurations_are_read_with_fallbacks_and_units()
    {
        var config = ConfigurationFactory.ParseString(
            """
            a { b = 5, c = "x y" } # comment
            a.d : [1, 2, 3]
            t { short = 20ms, long = 2 minutes, never = infinite }
            on = on
            size = 64KiB
            """).WithFallback(ConfigurationFactory.ParseString("a { b = 6, z = 7 }"));

        Assert.Equal((5, "x y", 7), (config.GetInt("a.b"), config.GetString("a.c"), config.GetInt("a.z")));
        Assert.Equal([1, 2, 3], config.GetIntList("a.d"));
        Assert.Equal(TimeSpan.FromMilliseconds(20), config.GetTimeSpan("t.short"));
        Assert.Equal(TimeSpan.FromMinutes(2), config.GetTimeSpan("t.long"));
        Assert.Equal(Timeout.InfiniteTimeSpan, config.GetTimeSpan("t.never"));
        Assert.True(config.GetBoolean("on"));
        Assert.Equal(9, config.GetInt("missing", 9));
        Assert.False(config.HasPath("missing"));
    }

    private sealed class Logger : ReceiveActor
    {
        public Logger()
        {
            var log = Context.GetLogger();
            Receive<int>(n => log.Warning("five is {0}", n));
        }
    }

    private sealed class Stopper : ReceiveActor
    {
        private readonly IActorRef _to;

        public Stopper(IActorRef to) => _to = to;

        protected override void PostStop() => _to.Tell("stopped");
    }

    private sealed class Counter : IExtension;

    private sealed class CounterId : ExtensionIdProvider<Counter>
    {
        internal static readonly CounterId Instance = new();

        public override Counter CreateExtension(ExtendedActorSystem system) => new();
    }
}
