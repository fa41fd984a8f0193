using Akka.Actor;
using Akka.Event;
using Xunit;

namespace Flyscan.Tests.Engine;

public sealed class LifeCycleTests : PatientTestKit
{
    [Fact]
    public void A_restart_keeps_the_mailbox_and_the_reference_and_drops_the_failing_message()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Fragile(TestActor)));
        ExpectMsg("start");

        actor.Tell("become");
        actor.Tell("fail");
        actor.Tell("after");

        ExpectMsg("became");
        ExpectMsg("pre-restart fail");
        ExpectMsg("stop");
        ExpectMsg("post-restart boom");
        ExpectMsg("start");
        ExpectMsg("first after");
    }

    [Fact]
    public void A_restart_stops_the_children_before_the_new_incarnation_starts()
    {
        var actor = Sys.ActorOf(Props.Create(() => new ParentOfOne(TestActor)));
        ExpectMsg("child starts");

        actor.Tell("fail");

        ExpectMsg("child stops");
        ExpectMsg("parent restarted");
        ExpectMsg("child starts");
    }

    [Fact]
    public void Stop_ends_children_first()
    {
        var actor = Sys.ActorOf(Props.Create(() => new ParentOfOne(TestActor)));
        ExpectMsg("child starts");
        Watch(actor);

        Sys.Stop(actor);

        ExpectMsg("child stops");
        ExpectMsg("parent stops");
        ExpectTerminated(actor);
    }

    [Fact]
    public void Poison_is_taken_after_what_came_before_and_the_rest_is_dead()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Fragile(TestActor)));
        ExpectMsg("start");
        var dead = CreateTestProbe();
        Sys.EventStream.Subscribe(dead.Ref, typeof(DeadLetter));

        actor.Tell("one");
        actor.Tell(PoisonPill.Instance);
        ExpectMsg("first one");
        ExpectMsg("stop");
        Watch(actor);
        ExpectTerminated(actor);
        actor.Tell("two");

        Assert.Equal("two", dead.ExpectMsg<DeadLetter>().Message);
    }

    [Fact]
    public void Kill_is_a_failure_that_the_default_strategy_stops()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Fragile(TestActor)));
        ExpectMsg("start");
        Watch(actor);

        EventFilter.Exception<ActorKilledException>().ExpectOne(() => actor.Tell(Kill.Instance));

        ExpectMsg("stop");
        ExpectTerminated(actor);
    }

    [Fact]
    public async Task Graceful_stop_tells_when_the_actor_has_ended()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Fragile(TestActor)));
        ExpectMsg("start");

        Assert.True(await actor.GracefulStop(TimeSpan.FromSeconds(3)));

        ExpectMsg("stop");
    }

    [Fact]
    public async Task Graceful_stop_is_cancelled_where_the_actor_does_not_end()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Fragile(TestActor)));
        ExpectMsg("start");

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => actor.GracefulStop(TimeSpan.FromMilliseconds(50), "not a stop"));
    }

    [Fact]
    public void Terminated_comes_once_and_after_the_last_message()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Talker(TestActor)));
        Watch(actor);
        Watch(actor);

        actor.Tell("talk");

        for (var i = 0; i < 100; i++)
            ExpectMsg(i);
        ExpectTerminated(actor);
        ExpectNoMsg(TimeSpan.FromMilliseconds(100));
    }

    [Fact]
    public void Watching_an_ended_actor_tells_at_once()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Talker(TestActor)));
        Watch(actor);
        Sys.Stop(actor);
        ExpectTerminated(actor);

        Watch(actor);

        ExpectTerminated(actor);
    }

    [Fact]
    public void An_unwatched_actor_ends_unheard()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Talker(TestActor)));
        var other = CreateTestProbe();
        Watch(actor);
        other.Watch(actor);
        Unwatch(actor);

        Sys.Stop(actor);

        other.ExpectTerminated(actor);
        ExpectNoMsg(TimeSpan.FromMilliseconds(100));
    }

    [Fact]
    public void Watch_with_sends_the_given_message()
    {
        var subject = Sys.ActorOf(Props.Create(() => new Talker(TestActor)));
        var watcher = Sys.ActorOf(Props.Create(() => new Watcher(subject, TestActor)));
        watcher.Tell(new Identify(0));
        ExpectMsg<ActorIdentity>();

        Sys.Stop(subject);

        ExpectMsg("it has gone");
    }

    [Fact]
    public void An_unhandled_terminated_is_a_death_pact()
    {
        var subject = Sys.ActorOf(Props.Create(() => new Talker(TestActor)));
        var watcher = Sys.ActorOf(Props.Create(() => new Faithful(subject)));
        watcher.Tell(new Identify(0));
        ExpectMsg<ActorIdentity>();
        Watch(watcher);

        EventFilter.Exception<DeathPactException>().ExpectOne(() => Sys.Stop(subject));

        ExpectTerminated(watcher);
    }

    [Fact]
    public void A_name_is_taken_while_its_actor_is_stopping()
    {
        var gate = new ManualResetEventSlim();
        var actor = Watch(Sys.ActorOf(Props.Create(() => new SlowToStop(TestActor, gate)), "slow"));
        Sys.Stop(actor);
        ExpectMsg("stopping");

        Assert.Throws<InvalidActorNameException>(() => Sys.ActorOf(Props.Create(() => new Talker(TestActor)), "slow"));
        gate.Set();

        ExpectTerminated(actor);
        AwaitAssert(() => Sys.ActorOf(Props.Create(() => new Talker(TestActor)), "slow"));
    }

    [Fact]
    public void Every_watcher_is_told_once()
    {
        var subject = Sys.ActorOf(Props.Create(() => new Talker(TestActor)));
        var probes = Enumerable.Range(0, 5).Select(_ => CreateTestProbe()).ToArray();
        foreach (var probe in probes)
            probe.Watch(subject);

        Sys.Stop(subject);

        foreach (var probe in probes)
        {
            probe.ExpectTerminated(subject);
            probe.ExpectNoMsg(TimeSpan.FromMilliseconds(20));
        }
    }

    [Fact]
    public void A_watch_with_another_message_is_refused()
    {
        var subject = Sys.ActorOf(Props.Create(() => new Talker(TestActor)));
        var watcher = Sys.ActorOf(Props.Create(() => new TwiceWatcher(subject)));

        watcher.Tell("watch again");

        ExpectMsg("refused");
    }

    [Fact]
    public void What_waits_behind_a_stop_is_dead()
    {
        var actor = Watch(Sys.ActorOf(Props.Create(() => new Talker(CreateTestProbe().Ref))));
        var dead = CreateTestProbe();
        Sys.EventStream.Subscribe(dead.Ref, typeof(DeadLetter));

        actor.Tell("talk");
        actor.Tell("unheard");

        ExpectTerminated(actor);
        Assert.Equal("unheard", dead.ExpectMsg<DeadLetter>().Message);
    }

    [Fact]
    public void An_actor_that_cannot_restart_is_stopped()
    {
        var actor = Watch(Sys.ActorOf(Props.Create(() => new Unrestartable())));

        actor.Tell("fail");

        ExpectTerminated(actor);
    }

    [Fact]
    public void A_fault_in_PreRestart_does_not_keep_an_actor_from_restarting()
    {
        var actor = Sys.ActorOf(Props.Create(() => new FaultyPreRestart()));

        actor.Tell("fail");
        actor.Tell("hello");

        ExpectMsg("hello");
    }

    private sealed class SlowToStop : ReceiveActor
    {
        private readonly IActorRef _to;
        private readonly ManualResetEventSlim _gate;

        public SlowToStop(IActorRef to, ManualResetEventSlim gate) => (_to, _gate) = (to, gate);

        protected override void PostStop()
        {
            _to.Tell("stopping");
            _gate.Wait();
        }
    }

    private sealed class TwiceWatcher : ReceiveActor
    {
        public TwiceWatcher(IActorRef subject) => Receive<string>(_ =>
        {
            Context.WatchWith(subject, "one");
            if (Record.Exception(() => Context.WatchWith(subject, "two")) is InvalidOperationException)
                Sender.Tell("refused");
        });
    }

    private sealed class Unrestartable : ReceiveActor
    {
        public Unrestartable() => Receive<string>(_ => throw new InvalidOperationException("boom"));

        protected override void PostRestart(Exception reason) => throw new InvalidOperationException("again");
    }

    private sealed class FaultyPreRestart : ReceiveActor
    {
        public FaultyPreRestart()
        {
            Receive<string>(m => m == "fail", _ => throw new InvalidOperationException("boom"));
            ReceiveAny(m => Sender.Tell(m));
        }

        protected override void PreRestart(Exception reason, object message) => throw new InvalidOperationException("again");
    }

    private sealed class Fragile : ReceiveActor
    {
        private readonly IActorRef _to;

        public Fragile(IActorRef to)
        {
            _to = to;
            Receive<string>(m => m == "fail", _ => throw new InvalidOperationException("boom"));
            Receive<string>(m => m == "become", _ =>
            {
                Become(() =>
                {
                    Receive<string>(m => m == "fail", _ => throw new InvalidOperationException("boom"));
                    Receive<string>(m => to.Tell("second " + m));
                });
                to.Tell("became");
            });
            Receive<string>(m => to.Tell("first " + m));
        }

        protected override void PreStart() => _to.Tell("start");

        protected override void PostStop() => _to.Tell("stop");

        protected override void PreRestart(Exception reason, object message)
        {
            _to.Tell("pre-restart " + message);
            base.PreRestart(reason, message);
        }

        protected override void PostRestart(Exception reason)
        {
            _to.Tell("post-restart " + reason.Message);
            base.PostRestart(reason);
        }
    }

    private sealed class ParentOfOne : ReceiveActor
    {
        private readonly IActorRef _to;

        public ParentOfOne(IActorRef to)
        {
            _to = to;
            Receive<string>(m => m == "fail", _ => throw new InvalidOperationException("boom"));
        }

        protected override void PreStart() => Context.ActorOf(Props.Create(() => new Child(_to)), "child");

        protected override void PostRestart(Exception reason)
        {
            _to.Tell("parent restarted");
            base.PostRestart(reason);
        }

        protected override void PreRestart(Exception reason, object message)
        {
            foreach (var child in Context.GetChildren())
                Context.Stop(child);
        }

        protected override void PostStop() => _to.Tell("parent stops");
    }

    private sealed class Child : ReceiveActor
    {
        private readonly IActorRef _to;

        public Child(IActorRef to) => _to = to;

        protected override void PreStart() => _to.Tell("child starts");

        protected override void PostStop() => _to.Tell("child stops");
    }

    private sealed class Talker : ReceiveActor
    {
        public Talker(IActorRef to) => Receive<string>(_ =>
        {
            for (var i = 0; i < 100; i++)
                to.Tell(i);
            Context.Stop(Self);
        });
    }

    private sealed class Watcher : ReceiveActor
    {
        public Watcher(IActorRef subject, IActorRef to)
        {
            Context.WatchWith(subject, "it has gone");
            Receive<string>(to.Tell);
        }
    }

    private sealed class Faithful : ReceiveActor
    {
        public Faithful(IActorRef subject) => Context.Watch(subject);
    }
}
