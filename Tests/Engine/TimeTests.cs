using Akka.Actor;
using Akka.TestKit.Xunit2;
using Xunit;

namespace Flyscan.Tests.Engine;

public sealed class TimeTests : TestKit
{
    [Fact]
    public void A_replaced_timer_never_arrives()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Timed(TestActor)));

        actor.Tell("replace");

        ExpectMsg("new");
        ExpectNoMsg(TimeSpan.FromMilliseconds(150));
    }

    [Fact]
    public void A_cancelled_timer_never_arrives_even_when_it_is_already_in_the_mailbox()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Timed(TestActor)));

        actor.Tell("cancel when due");

        ExpectMsg("cancelled");
        ExpectNoMsg(TimeSpan.FromMilliseconds(150));
    }

    [Fact]
    public void A_periodic_timer_repeats_and_ends_with_its_incarnation()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Timed(TestActor)));

        actor.Tell("periodic");
        ExpectMsg("tick");
        ExpectMsg("tick");
        actor.Tell("fail");
        FishForMessage<string>(m => m == "restarted");

        ExpectNoMsg(TimeSpan.FromMilliseconds(150));
    }

    [Fact]
    public void The_receive_timeout_comes_after_silence_and_can_be_turned_off()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Impatient(TestActor)));

        ExpectMsg("timeout");
        actor.Tell("off");
        ExpectMsg("off");
        ExpectNoMsg(TimeSpan.FromMilliseconds(150));
    }

    [Fact]
    public void The_scheduler_tells_once_repeatedly_and_not_after_cancelling()
    {
        Sys.Scheduler.ScheduleTellOnce(TimeSpan.FromMilliseconds(10), TestActor, "once", ActorRefs.NoSender);
        ExpectMsg("once");

        var repeated = Sys.Scheduler.ScheduleTellRepeatedlyCancelable(
            TimeSpan.Zero, TimeSpan.FromMilliseconds(10), TestActor, "again", TestActor);
        ExpectMsg("again");
        ExpectMsg("again");
        repeated.Cancel();
        var never = Sys.Scheduler.ScheduleTellOnceCancelable(TimeSpan.FromMilliseconds(30), TestActor, "never", TestActor);
        never.Cancel();
        Sys.Scheduler.ScheduleTellOnce(TimeSpan.FromMilliseconds(60), TestActor, "end", TestActor);

        Assert.Equal("end", FishForMessage<string>(m => m is "end" or "never"));
    }

    private sealed class Timed : ReceiveActor, IWithTimers
    {
        private readonly IActorRef _to;

        public Timed(IActorRef to)
        {
            _to = to;
            Receive<string>(m => m == "replace", _ =>
            {
                Timers.StartSingleTimer("key", "old", TimeSpan.FromMilliseconds(20));
                Timers.StartSingleTimer("key", "new", TimeSpan.FromMilliseconds(40));
            });
            Receive<string>(m => m == "cancel when due", _ =>
            {
                Timers.StartSingleTimer("key", "old", TimeSpan.Zero);
                var deadline = Context.System.Scheduler.MonotonicClock + TimeSpan.FromMilliseconds(50);
                SpinWait.SpinUntil(() => Context.System.Scheduler.MonotonicClock > deadline);
                Timers.Cancel("key");
                to.Tell("cancelled");
            });
            Receive<string>(m => m == "periodic", _ =>
                Timers.StartPeriodicTimer("key", "tick", TimeSpan.FromMilliseconds(20)));
            Receive<string>(m => m == "fail", _ => throw new InvalidOperationException("boom"));
            Receive<string>(to.Tell);
        }

        public ITimerScheduler Timers { get; set; } = null!;

        protected override void PostRestart(Exception reason) => _to.Tell("restarted");
    }

    private sealed class Impatient : ReceiveActor
    {
        public Impatient(IActorRef to)
        {
            SetReceiveTimeout(TimeSpan.FromMilliseconds(30));
            Receive<ReceiveTimeout>(_ =>
            {
                to.Tell("timeout");
                SetReceiveTimeout(TimeSpan.FromMinutes(1));
            });
            Receive<string>(m =>
            {
                SetReceiveTimeout(null);
                to.Tell(m);
            });
        }
    }
}
