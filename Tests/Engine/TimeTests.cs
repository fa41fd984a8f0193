using Akka.Actor;
using Xunit;

namespace Flyscan.Tests.Engine;

public sealed class TimeTests : PatientTestKit
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

    [Fact]
    public void A_timers_message_has_no_sender_unless_one_is_named()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Senders(TestActor)));

        actor.Tell("none");
        ExpectMsg(Sys.DeadLetters);
        actor.Tell("me");
        ExpectMsg(TestActor);
    }

    [Fact]
    public void Timers_are_known_by_their_keys_while_they_run()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Keyed(TestActor)));

        actor.Tell("start");

        ExpectMsg("a,b");
        ExpectMsg("a fired; b");
        actor.Tell("cancel all");
        ExpectMsg("");
    }

    [Fact]
    public void A_message_that_says_so_does_not_put_the_receive_timeout_off()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Impatient(TestActor)));
        var quiet = Sys.Scheduler.ScheduleTellRepeatedlyCancelable(
            TimeSpan.Zero, TimeSpan.FromMilliseconds(5), actor, new Quiet(), ActorRefs.NoSender);

        ExpectMsg("timeout");
        quiet.Cancel();
    }

    [Fact]
    public void The_scheduler_runs_actions_until_they_are_cancelled()
    {
        Sys.Scheduler.Advanced.ScheduleOnce(TimeSpan.FromMilliseconds(5), () => TestActor.Tell("once", ActorRefs.NoSender));
        ExpectMsg("once");
        var repeated = Sys.Scheduler.Advanced.ScheduleRepeatedlyCancelable(
            TimeSpan.Zero, TimeSpan.FromMilliseconds(5), () => TestActor.Tell("again", ActorRefs.NoSender));
        ExpectMsg("again");
        ExpectMsg("again");
        repeated.Cancel();
        Sys.Scheduler.ScheduleTellOnce(TimeSpan.FromMilliseconds(60), TestActor, "end", ActorRefs.NoSender);
        FishForMessage<string>(m => m == "end");
        ExpectNoMsg(TimeSpan.FromMilliseconds(60));

        using var late = new Cancelable(Sys.Scheduler, TimeSpan.FromMilliseconds(10));
        AwaitCondition(() => late.IsCancellationRequested);
    }

    private sealed record Quiet : INotInfluenceReceiveTimeout;

    private sealed class Senders : ReceiveActor, IWithTimers
    {
        public Senders(IActorRef to)
        {
            Receive<string>(m => m == "due", _ => to.Tell(Sender));
            Receive<string>(m => m == "none", _ => Timers.StartSingleTimer("key", "due", TimeSpan.FromMilliseconds(5)));
            Receive<string>(m => m == "me", _ => Timers.StartSingleTimer("key", "due", TimeSpan.FromMilliseconds(5), to));
        }

        public ITimerScheduler Timers { get; set; } = null!;
    }

    private sealed class Keyed : ReceiveActor, IWithTimers
    {
        public Keyed(IActorRef to)
        {
            Receive<string>(m => m == "start", _ =>
            {
                Timers.StartSingleTimer("a", "fired", TimeSpan.FromMilliseconds(20));
                Timers.StartPeriodicTimer("b", "never", TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(1));
                to.Tell(Active());
            });
            Receive<string>(m => m == "fired", _ => to.Tell("a fired; " + Active()));
            Receive<string>(m => m == "cancel all", _ =>
            {
                Timers.CancelAll();
                to.Tell(Timers.IsTimerActive("b") ? "b is active" : Active());
            });
        }

        public ITimerScheduler Timers { get; set; } = null!;

        private string Active() => string.Join(',', Timers.ActiveTimers.Cast<string>().Order(StringComparer.Ordinal));
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
            Receive<Quiet>(_ => { });
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
