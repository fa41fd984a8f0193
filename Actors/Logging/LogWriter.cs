using Akka.Actor;
using Akka.Event;
using Microsoft.Extensions.Logging;

namespace Flyscan.Actors.Logging;

/// <summary>Passes what actors log on to Microsoft.Extensions.Logging, with the actor's path as category.</summary>
/// <remarks>Listens to the system's event stream, so that it is the same on both engines. Supervision: restarted, it listens
/// again.</remarks>
public sealed partial class LogWriter : ReceiveActor
{
    private readonly ILoggerFactory _loggers;

    public LogWriter(ILoggerFactory loggers)
    {
        _loggers = loggers;
        Receive<Akka.Event.LogEvent>(Write);
    }

    public static Props Props(ILoggerFactory loggers) => Akka.Actor.Props.Create(() => new LogWriter(loggers));

    protected override void PreStart()
    {
        Context.System.EventStream.Subscribe(Self, typeof(Error));
        Context.System.EventStream.Subscribe(Self, typeof(Warning));
        Context.System.EventStream.Subscribe(Self, typeof(Info));
        base.PreStart();
    }

    private void Write(LogEvent entry)
    {
        var logger = _loggers.CreateLogger(entry.LogSource);
        var text = entry.Message?.ToString() ?? "";
        switch (entry)
        {
            case Error error:
                LogError(logger, text, error.Cause);
                break;
            case Warning warning:
                LogWarning(logger, text, warning.Cause);
                break;
            default:
                LogInformation(logger, text);
                break;
        }
    }

    [LoggerMessage(EventId = 1, Level = Microsoft.Extensions.Logging.LogLevel.Error, Message = "{Text}")]
    private static partial void LogError(ILogger logger, string text, Exception? cause);

    [LoggerMessage(EventId = 2, Level = Microsoft.Extensions.Logging.LogLevel.Warning, Message = "{Text}")]
    private static partial void LogWarning(ILogger logger, string text, Exception? cause);

    [LoggerMessage(EventId = 3, Level = Microsoft.Extensions.Logging.LogLevel.Information, Message = "{Text}")]
    private static partial void LogInformation(ILogger logger, string text);
}
