using Akka.Actor;
using Xunit;

namespace Flyscan.Tests.Engine;

public sealed class SupervisionTests : PatientTestKit
{
    [Fact]
    public void Resume_keeps_state_and_restart_loses_it()
    {
        var resumed = ChildOf(new OneForOneStrategy(_ => Directive.Resume));
        resumed.Tell(2);
        resumed.Tell("fail");
        resumed.Tell("sum");
        ExpectMsg(2);

        var restarted = ChildOf(new OneForOneStrategy(_ => Directive.Restart));
        restarted.Tell(2);
        restarted.Tell("fail");
        restarted.Tell("sum");
        ExpectMsg(0);
    }

    [Fact]
    public void Stop_ends_the_child_and_leaves_its_siblings()
    {
        var parent = Sys.ActorOf(Props.Create(() => new Supervisor(new OneForOneStrategy(_ => Directive.Stop))));
        var (first, second) = (Child(parent), Child(parent));
        Watch(first);

        first.Tell("fail");

        ExpectTerminated(first);
        second.Tell(4);
        second.Tell("sum");
        ExpectMsg(4);
    }

    [Fact]
    public void More_restarts_than_the_window_allows_stop_the_child()
    {
        var child = ChildOf(new OneForOneStrategy(2, TimeSpan.FromMinutes(1), _ => Directive.Restart));
        Watch(child);

        child.Tell("fail");
        child.Tell("fail");
        child.Tell("sum");
        ExpectMsg(0);
        child.Tell("fail");

        ExpectTerminated(child);
    }

    [Fact]
    public void Escalate_fails_the_supervisor()
    {
        var top = Sys.ActorOf(Props.Create(() => new Supervisor(new OneForOneStrategy(_ => Directive.Stop))));
        top.Tell(Props.Create(() => new Supervisor(new OneForOneStrategy(_ => Directive.Escalate))));
        var middle = ExpectMsg<IActorRef>();
        var child = Child(middle);
        Watch(middle);
        Watch(child);

        child.Tell("fail");

        ExpectMsgAllOf<object>(new Terminated(child, true, false), new Terminated(middle, true, false));
    }

    [Fact]
    public void A_child_that_cannot_be_made_is_stopped()
    {
        var parent = Sys.ActorOf(Props.Create(() => new Supervisor(SupervisorStrategy.DefaultStrategy)));
        parent.Tell(Props.Create(() => new Stillborn()));
        var child = ExpectMsg<IActorRef>();
        Watch(child);
        ExpectTerminated(child);
    }

    [Fact]
    public async Task An_escalated_failure_restarts_the_top_level_actor_and_spares_the_system()
    {
        var system = ActorSystem.Create("escalating", "akka.stdout-loglevel = OFF, akka.loglevel = OFF");
        var top = system.ActorOf(Props.Create(() => new Supervisor(new OneForOneStrategy(_ => Directive.Escalate))));
        var child = await top.Ask<IActorRef>(Props.Create(() => new Adder()), TimeSpan.FromSeconds(3));

        child.Tell("fail");
        var restarted = await top.Ask<IActorRef>(Props.Create(() => new Adder()), TimeSpan.FromSeconds(3));

        Assert.False(system.WhenTerminated.IsCompleted);
        Assert.NotEqual(child, restarted);
        await system.Terminate();
    }

    [Fact]
    public async Task The_guardians_strategy_comes_from_the_configuration()
    {
        var system = ActorSystem.Create(
            "stopping", "akka { loglevel = OFF, actor.guardian-supervisor-strategy = Akka.Actor.StoppingSupervisorStrategy }");
        var actor = system.ActorOf(Props.Create(() => new Adder()));
        Watch(actor);

        actor.Tell("fail");

        ExpectTerminated(actor);
        await system.Terminate();
    }

    [Fact]
    public async Task A_failing_guardian_ends_its_system_and_not_the_process()
    {
        var system = ActorSystem.Create("killed", "akka { loglevel = OFF, stdout-loglevel = OFF }");
        var actor = Watch(system.ActorOf(Props.Create(() => new Adder())));

        system.ActorSelection("/user").Tell(Kill.Instance);

        ExpectTerminated(actor);
        await system.WhenTerminated.WaitAsync(TimeSpan.FromSeconds(5));
    }

    [Fact]
    public void Restarts_are_counted_anew_after_the_window()
    {
        var child = ChildOf(new OneForOneStrategy(1, TimeSpan.FromMilliseconds(100), _ => Directive.Restart));
        Watch(child);

        child.Tell("fail");
        ExpectNoMsg(TimeSpan.FromMilliseconds(300));
        child.Tell("fail");
        child.Tell("sum");

        ExpectMsg(0);
    }

    [Fact]
    public void Failures_are_told_apart_by_their_type()
    {
        var decider = Decider.From(
            Directive.Escalate,
            new KeyValuePair<Type, Directive>(typeof(ArgumentException), Directive.Resume),
            new KeyValuePair<Type, Directive>(typeof(InvalidOperationException), Directive.Restart));

        Assert.Equal(Directive.Resume, decider.Decide(new ArgumentNullException()));
        Assert.Equal(Directive.Restart, decider.Decide(new InvalidOperationException()));
        Assert.Equal(Directive.Escalate, decider.Decide(new TimeoutException()));
        Assert.Equal(Directive.Stop, SupervisorStrategy.DefaultDecider.Decide(new ActorKilledException("killed")));
        Assert.Equal(Directive.Restart, SupervisorStrategy.DefaultDecider.Decide(new TimeoutException()));
    }

    [Fact]
    public void A_failing_child_keeps_what_waits_and_its_siblings_go_on()
    {
        var parent = Sys.ActorOf(Props.Create(() => new Supervisor(new OneForOneStrategy(_ => Directive.Restart))));
        var (first, second) = (Child(parent), Child(parent));
        second.Tell(5);

        first.Tell("fail");
        first.Tell(3);
        first.Tell("sum");
        second.Tell("sum");

        ExpectMsgAllOf(3, 5);
    }

    private IActorRef ChildOf(SupervisorStrategy strategy) =>
        Child(Sys.ActorOf(Props.Create(() => new Supervisor(strategy))));

    private IActorRef Child(IActorRef parent)
    {
        parent.Tell(Props.Create(() => new Adder()));
        return ExpectMsg<IActorRef>();
    }

    private sealed class Supervisor : ReceiveActor
    {
        private readonly SupervisorStrategy _strategy;

        public Supervisor(SupervisorStrategy strategy)
        {
            _strategy = strategy;
            Receive<Props>(props => Sender.Tell(Context.ActorOf(props)));
        }

        protected override SupervisorStrategy SupervisorStrategy() => _strategy;
    }

    private sealed class Adder : ReceiveActor
    {
        private int _sum;

        public Adder()
        {
            Receive<int>(n => _sum += n);
            Receive<string>(m => m == "sum", _ => Sender.Tell(_sum));
            Receive<string>(m => m == "fail", _ => throw new InvalidOperationException("boom"));
        }
    }

    private sealed class Stillborn : ReceiveActor
    {
        public Stillborn() => throw new InvalidOperationException("no");
    }
}
