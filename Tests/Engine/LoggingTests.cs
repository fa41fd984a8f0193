using Akka.Actor;
using Akka.Event;
using Xunit;

namespace Flyscan.Tests.Engine;

public sealed class LoggingTests : PatientTestKit
{
    [Fact]
    public async Task A_logger_of_the_configuration_gets_entries_from_its_level_on()
    {
        var herald = $"{typeof(Herald).FullName}, {typeof(Herald).Assembly.GetName().Name}";
        var system = ActorSystem.Create("logged", $$"""akka { loglevel = WARNING, stdout-loglevel = OFF, loggers = ["{{herald}}"] }""");
        system.EventStream.Subscribe(TestActor, typeof(Heard));

        system.Log.Info("quiet");
        system.Log.Warning("loud {0}", 1);
        system.Log.Error(new InvalidOperationException("boom"), "broken");

        Assert.Equal("WarningLevel loud 1 -", ExpectMsg<Heard>().Text);
        Assert.Equal("ErrorLevel broken boom", ExpectMsg<Heard>().Text);
        await system.Terminate();
    }

    [Fact]
    public void A_failure_is_logged_with_its_cause_and_the_actor_it_befell()
    {
        var actor = Sys.ActorOf(Props.Create(() => new Breaking()), "breaking");
        Sys.EventStream.Subscribe(TestActor, typeof(Error));

        actor.Tell("break");

        var error = ExpectMsg<Error>();
        Assert.Equal("boom", error.Cause?.Message);
        Assert.Contains("/user/breaking", error.LogSource);
    }

    [Fact]
    public void Levels_below_the_system_s_are_not_published()
    {
        var system = ActorSystem.Create("levels", "akka { loglevel = ERROR, stdout-loglevel = OFF, loggers = [] }");

        Assert.Equal((false, false, true), (system.Log.IsInfoEnabled, system.Log.IsWarningEnabled, system.Log.IsErrorEnabled));
        system.Dispose();
    }

    public sealed record Heard(string Text);

    public sealed class Herald : ReceiveActor
    {
        public Herald()
        {
            Receive<InitializeLogger>(_ => Sender.Tell(new LoggerInitialized()));
            Receive<LogEvent>(entry =>
                Context.System.EventStream.Publish(new Heard($"{entry.LogLevel()} {entry.Message} {entry.Cause?.Message ?? "-"}")));
        }
    }

    private sealed class Breaking : ReceiveActor
    {
        public Breaking() => Receive<string>(_ => throw new InvalidOperationException("boom"));
    }
}
