using Akka.Actor;
using Akka.Event;
using Xunit;

namespace Flyscan.Tests.Engine;

public sealed class DeadLetterTests : PatientTestKit
{
    private const string Undelivered = "was not delivered. [{0}] dead letters encountered";

    public DeadLetterTests()
        : base("akka { loglevel = INFO, log-dead-letters = 3, log-dead-letters-suspend-duration = 200ms }")
    {
        // What is lost before the listener has begun to listen, nobody logs.
        Sys.ActorSelection("/system/deadLetterListener").Tell(new Identify("there"), TestActor);
        ExpectMsg<ActorIdentity>();
    }

    [Fact]
    public void Dead_letters_are_logged_up_to_a_number_and_again_after_a_while()
    {
        var gone = Gone();

        EventFilter.Info(contains: string.Format(Undelivered, 1)).ExpectOne(() => gone.Tell("one"));
        EventFilter.Info(contains: string.Format(Undelivered, 2)).ExpectOne(() => gone.Tell("two"));
        EventFilter.Info(contains: "no more dead letters will be logged").ExpectOne(() => gone.Tell("three"));
        gone.Tell("unlogged");
        ExpectNoMsg(TimeSpan.FromMilliseconds(400));

        EventFilter.Info(contains: "of which 1 were not logged").ExpectOne(() => gone.Tell("five"));
        EventFilter.Info(contains: string.Format(Undelivered, 1)).ExpectOne(() => gone.Tell("six"));
    }

    [Fact]
    public void Unhandled_messages_are_logged_with_them()
    {
        var deaf = Sys.ActorOf(Props.Create(() => new Deaf()));

        EventFilter.Info(contains: "was unhandled. [1] dead letters encountered").ExpectOne(() => deaf.Tell("what"));
    }

    [Fact]
    public void The_log_can_be_turned_off()
    {
        var system = ActorSystem.Create("silent", "akka { loglevel = INFO, stdout-loglevel = OFF, loggers = [], log-dead-letters = off }");
        system.EventStream.Subscribe(TestActor, typeof(LogEvent));

        system.DeadLetters.Tell("dead", ActorRefs.NoSender);

        ExpectNoMsg(TimeSpan.FromMilliseconds(100));
        system.Dispose();
    }

    [Fact]
    public void Messages_that_say_so_are_suppressed_dead_letters()
    {
        var gone = Gone();
        Sys.EventStream.Subscribe(TestActor, typeof(AllDeadLetters));

        gone.Tell(new Trifle());

        Assert.IsType<Trifle>(ExpectMsg<SuppressedDeadLetter>().Message);
        ExpectNoMsg(TimeSpan.FromMilliseconds(30));
    }

    [Fact]
    public void What_is_told_to_the_dead_letters_is_one()
    {
        Sys.EventStream.Subscribe(TestActor, typeof(DeadLetter));

        Sys.DeadLetters.Tell("lost", TestActor);

        var letter = ExpectMsg<DeadLetter>();
        Assert.Equal(("lost", TestActor), (letter.Message, letter.Sender));
    }

    private IActorRef Gone()
    {
        var gone = Watch(Sys.ActorOf(Props.Create(() => new Deaf())));
        Sys.Stop(gone);
        ExpectTerminated(gone);
        return gone;
    }

    private sealed record Trifle : IDeadLetterSuppression;

    private sealed class Deaf : ReceiveActor;
}
