using Akka.Actor;
using Akka.Event;
using Xunit;

namespace Flyscan.Tests.Engine;

public sealed class AskAndPipeTests : PatientTestKit
{
    [Fact]
    public async Task Ask_gives_the_answer()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Answerer()));

        Assert.Equal("echo hello", await actor.Ask<string>("hello", TimeSpan.FromSeconds(3)));
    }

    [Fact]
    public async Task Ask_fails_after_its_time_and_the_late_answer_is_a_dead_letter()
    {
        var probe = CreateTestProbe();
        var asked = probe.Ref.Ask<string>("question", TimeSpan.FromMilliseconds(30));
        probe.ExpectMsg("question");
        var promise = probe.LastSender!;

        await Assert.ThrowsAsync<AskTimeoutException>(() => asked);
        Sys.EventStream.Subscribe(TestActor, typeof(DeadLetter));
        promise.Tell("late", ActorRefs.NoSender);

        Assert.Equal("late", ExpectMsg<DeadLetter>().Message);
    }

    [Fact]
    public async Task Ask_can_be_cancelled()
    {
        var probe = CreateTestProbe();
        using var cancellation = new CancellationTokenSource();
        var asked = probe.Ref.Ask<string>("question", Timeout.InfiniteTimeSpan, cancellation.Token);
        probe.ExpectMsg("question");

        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked);
    }

    [Fact]
    public async Task Ask_fails_with_the_cause_of_a_failure_and_with_the_wrong_type()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Answerer()));

        var failure = await Assert.ThrowsAsync<InvalidOperationException>(() => actor.Ask<string>("fail", TimeSpan.FromSeconds(3)));
        Assert.Equal("boom", failure.Message);
        await Assert.ThrowsAsync<ArgumentException>(() => actor.Ask<int>("hello", TimeSpan.FromSeconds(3)));
    }

    [Fact]
    public async Task Who_asks_for_any_object_is_given_a_failure_as_the_answer()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Answerer()));

        var answer = await actor.Ask<object>("fail", TimeSpan.FromSeconds(3));

        Assert.Equal("boom", Assert.IsType<Status.Failure>(answer).Cause.Message);
    }

    [Fact]
    public async Task An_answer_of_another_type_is_a_dead_letter_too()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Answerer()));
        Sys.EventStream.Subscribe(TestActor, typeof(DeadLetter));

        await Assert.ThrowsAsync<ArgumentException>(() => actor.Ask<int>("hello", TimeSpan.FromSeconds(3)));

        Assert.Equal("echo hello", ExpectMsg<DeadLetter>().Message);
    }

    [Fact]
    public async Task The_late_answer_to_a_cancelled_ask_is_dropped()
    {
        var probe = CreateTestProbe();
        using var cancellation = new CancellationTokenSource();
        var asked = probe.Ref.Ask<string>("question", cancellation.Token);
        probe.ExpectMsg("question");
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked);
        Sys.EventStream.Subscribe(TestActor, typeof(DeadLetter));

        probe.Reply("late");

        ExpectNoMsg(TimeSpan.FromMilliseconds(50));
    }

    [Fact]
    public async Task A_message_can_carry_the_receiver_of_its_answer()
    {
        var answer = await TestActorThatReplies().Ask<string>(to => (to, "hi"), TimeSpan.FromSeconds(3), CancellationToken.None);

        Assert.Equal("hi back", answer);
    }

    [Fact]
    public async Task Piped_tasks_arrive_as_results_mapped_results_and_failures()
    {
        await Task.FromResult(5).PipeTo(TestActor);
        ExpectMsg(5);
        await Task.FromResult(5).PipeTo(TestActor, success: n => n + 1);
        ExpectMsg(6);
        await Task.FromException<int>(new InvalidOperationException("boom")).PipeTo(TestActor);
        Assert.Equal("boom", ExpectMsg<Status.Failure>().Cause.Message);
        await Task.FromException<int>(new InvalidOperationException("boom")).PipeTo(TestActor, failure: e => "mapped " + e.Message);
        ExpectMsg("mapped boom");
    }

    [Fact]
    public void An_asynchronous_receive_holds_messages_back_and_keeps_self_and_sender()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var actor = Sys.ActorOf(Props.Create(() => new Patient(gate.Task)));

        actor.Tell("wait");
        actor.Tell("next", CreateTestProbe().Ref);
        ExpectMsg("waiting");
        ExpectNoMsg(TimeSpan.FromMilliseconds(50));
        gate.SetResult();

        ExpectMsg<(string Text, IActorRef Self, IActorRef ContextSelf)>(m => m == ("done", actor, actor));
    }

    [Fact]
    public void A_failing_asynchronous_receive_is_a_failure_of_the_actor()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Patient(Task.CompletedTask)));

        EventFilter.Exception<InvalidOperationException>("boom").ExpectOne(() => actor.Tell("fail"));

        actor.Tell("wait");
        ExpectMsg("waiting");
    }

    [Fact]
    public void Poison_waits_until_an_asynchronous_receive_has_ended()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var actor = Watch(Sys.ActorOf(Props.Create(() => new Patient(gate.Task))));

        actor.Tell("wait");
        actor.Tell(PoisonPill.Instance);
        ExpectMsg("waiting");
        ExpectNoMsg(TimeSpan.FromMilliseconds(50));
        gate.SetResult();

        ExpectMsg<(string Text, IActorRef Self, IActorRef ContextSelf)>();
        ExpectTerminated(actor);
    }

    [Fact]
    public void A_stop_does_not_wait_for_an_asynchronous_receive()
    {
        var actor = Watch(Sys.ActorOf(Props.Create(() => new Patient(new TaskCompletionSource().Task))));
        actor.Tell("wait");
        ExpectMsg("waiting");

        Sys.Stop(actor);

        ExpectTerminated(actor);
    }

    [Fact]
    public void Children_can_be_made_after_an_await()
    {
        var actor = Sys.ActorOf(Props.Create(() => new LateParent()), "late-parent");

        actor.Tell("make");

        Assert.Equal("late-parent", ExpectMsg<IActorRef>().Path.Parent.Name);
    }

    private IActorRef TestActorThatReplies() => Sys.ActorOf(Props.Create(() => new Replier()));

    private sealed class Replier : ReceiveActor
    {
        public Replier() => Receive<(IActorRef To, string Text)>(m => m.To.Tell(m.Text + " back"));
    }

    private sealed class LateParent : ReceiveActor
    {
        public LateParent() => ReceiveAsync<string>(async _ =>
        {
            await Task.Yield();
            Sender.Tell(Context.ActorOf(Props.Create(() => new Answerer())));
        });
    }

    private sealed class Answerer : ReceiveActor
    {
        public Answerer()
        {
            Receive<string>(m => m == "fail", _ => Sender.Tell(new Status.Failure(new InvalidOperationException("boom"))));
            Receive<string>(m => Sender.Tell("echo " + m));
        }
    }

    private sealed class Patient : ReceiveActor
    {
        public Patient(Task gate)
        {
            ReceiveAsync<string>(m => m == "wait", async _ =>
            {
                Sender.Tell("waiting");
                await gate;
                Sender.Tell(("done", Self, Context.Self));
            });
            ReceiveAsync<string>(m => m == "fail", async _ =>
            {
                await Task.Yield();
                throw new InvalidOperationException("boom");
            });
            Receive<string>(_ => Sender.Tell("next"));
        }
    }
}
