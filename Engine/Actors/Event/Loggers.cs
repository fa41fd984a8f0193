using Akka.Actor;

namespace Akka.Event;

/// <summary>The first message of a logger; it answers with <see cref="LoggerInitialized"/>.</summary>
public class InitializeLogger(LoggingBus loggingBus) : INoSerializationVerificationNeeded
{
    public LoggingBus LoggingBus { get; } = loggingBus;
}

/// <summary>A logger is ready.</summary>
public class LoggerInitialized : INoSerializationVerificationNeeded, IDeadLetterSuppression;

/// <summary>Starts the loggers that the configuration names.</summary>
internal static class LoggerStarter
{
    private const string DefaultLogger = "Akka.Event.DefaultLogger";

    internal static void Start(ActorSystemImpl system)
    {
        if (Logging.LevelOrOff(system.Settings.StdoutLogLevel) is { } level)
            Add(system, typeof(ErrorStreamLogger), "stdout", level);
        if (Logging.LevelOrOff(system.Settings.LogLevel) is not { } least)
            return;
        var number = 0;
        foreach (var name in system.Settings.Loggers)
        {
            number++;
            var isDefault = name.Split(',')[0].Trim() == DefaultLogger;
            if (isDefault && Logging.LevelOrOff(system.Settings.StdoutLogLevel) is not null)
                continue;
            var type = isDefault ? typeof(ErrorStreamLogger) : Type.GetType(name) ?? throw new Configuration.ConfigurationException(
                $"akka.loggers names {name}, which is no class of this process; write it as \"Namespace.Class, Assembly\"");
            Add(system, type, $"log{number}-{type.Name}", least);
        }

        if (system.Settings.DebugUnhandledMessage)
            system.EventStream.Subscribe(
                system.SystemActorOf(Props.Create<UnhandledLogger>(), "UnhandledMessageForwarder"), typeof(UnhandledMessage));
    }

    private static void Add(ActorSystemImpl system, Type type, string name, LogLevel least)
    {
        var logger = system.SystemActorOf(Props.Create(type), name);
        var ready = logger.Ask<LoggerInitialized>(new InitializeLogger(system.EventStream), system.Settings.LoggerStartTimeout);
        try
        {
            system.Dispatcher.Await(ready);
        }
        catch (AggregateException e)
        {
            throw new Configuration.ConfigurationException(
                $"Logger {type} did not answer InitializeLogger with LoggerInitialized: {e.InnerException!.Message}", e.InnerException);
        }

        for (var level = least; level <= LogLevel.ErrorLevel; level++)
            system.EventStream.Subscribe(logger, Logging.ClassFor(level));
    }

    private sealed class UnhandledLogger : ReceiveActor
    {
        public UnhandledLogger()
        {
            var log = Context.GetLogger();
            Receive<UnhandledMessage>(m => log.Debug("Unhandled message from {0} to {1} : {2}", m.Sender, m.Recipient, m.Message));
        }
    }
}

/// <summary>Writes entries to standard error, so that standard output stays the program's own.</summary>
internal sealed class ErrorStreamLogger : ReceiveActor
{
    public ErrorStreamLogger()
    {
        Receive<InitializeLogger>(_ => Sender.Tell(new LoggerInitialized()));
        Receive<LogEvent>(entry => Console.Error.WriteLine(entry));
    }
}
