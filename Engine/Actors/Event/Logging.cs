using Akka.Actor;

namespace Akka.Event;

/// <summary>Writes log entries to the event stream.</summary>
public interface ILoggingAdapter
{
    ILogMessageFormatter Formatter { get; }

    bool IsDebugEnabled { get; }

    bool IsInfoEnabled { get; }

    bool IsWarningEnabled { get; }

    bool IsErrorEnabled { get; }

    bool IsEnabled(LogLevel logLevel);

    void Log(LogLevel logLevel, Exception? cause, LogMessage message);

    void Log(LogLevel logLevel, Exception? cause, string format);
}

/// <summary>Makes logging adapters, and knows the levels' names.</summary>
public static class Logging
{
    public static ILoggingAdapter GetLogger(this IActorContext context, ILogMessageFormatter? logMessageFormatter = null)
    {
        var cell = (ActorCell)context;
        var type = cell.Actor?.GetType() ?? cell.Props.Type;
        return new BusLogging(context.System.EventStream, cell.Self.Path.ToString(), type, logMessageFormatter);
    }

    public static ILoggingAdapter GetLogger(ActorSystem system, object logSourceObj, ILogMessageFormatter? logMessageFormatter = null) =>
        GetLogger(system.EventStream, logSourceObj, logMessageFormatter);

    public static ILoggingAdapter GetLogger(LoggingBus loggingBus, object logSourceObj, ILogMessageFormatter? logMessageFormatter = null)
    {
        var (source, type) = logSourceObj switch
        {
            string text => (text, typeof(string)),
            Type named => (SimpleName(named), named),
            IInternalActor actor => (actor.ActorContext.Self.Path.ToString(), actor.GetType()),
            IActorRef reference => (reference.Path.ToString(), reference.GetType()),
            _ => (SimpleName(logSourceObj), logSourceObj.GetType()),
        };
        return new BusLogging(loggingBus, source, type, logMessageFormatter);
    }

    public static string SimpleName(object o) => SimpleName(o.GetType());

    public static string SimpleName(Type t) => t.Name;

    public static string StringFor(LogLevel logLevel) => logLevel switch
    {
        LogLevel.DebugLevel => "DEBUG",
        LogLevel.InfoLevel => "INFO",
        LogLevel.WarningLevel => "WARNING",
        LogLevel.ErrorLevel => "ERROR",
        _ => throw new ArgumentException("Unknown LogLevel", nameof(logLevel)),
    };

    public static LogLevel LogLevelFor(string logLevel) => LevelOrOff(logLevel)
        ?? throw new ArgumentException($"Unknown LogLevel: \"{logLevel}\". Valid values are: DEBUG, INFO, WARNING, ERROR",
            nameof(logLevel));

    public static Type ClassFor(LogLevel logLevel) => logLevel switch
    {
        LogLevel.DebugLevel => typeof(Debug),
        LogLevel.InfoLevel => typeof(Info),
        LogLevel.WarningLevel => typeof(Warning),
        LogLevel.ErrorLevel => typeof(Error),
        _ => throw new ArgumentException("Unknown LogLevel", nameof(logLevel)),
    };

    /// <summary>The level, or null for OFF.</summary>
    internal static LogLevel? LevelOrOff(string name) => name.ToUpperInvariant() switch
    {
        "OFF" => null,
        "DEBUG" => LogLevel.DebugLevel,
        "INFO" => LogLevel.InfoLevel,
        "WARNING" => LogLevel.WarningLevel,
        "ERROR" => LogLevel.ErrorLevel,
        _ => throw new ArgumentException(
            $"Unknown LogLevel: \"{name}\". Valid values are: DEBUG, INFO, WARNING, ERROR, OFF", nameof(name)),
    };
}

internal sealed class BusLogging(LoggingBus bus, string source, Type type, ILogMessageFormatter? formatter) : ILoggingAdapter
{
    public ILogMessageFormatter Formatter { get; } = formatter ?? CompositeFormatter.Instance;

    public bool IsDebugEnabled => IsEnabled(LogLevel.DebugLevel);

    public bool IsInfoEnabled => IsEnabled(LogLevel.InfoLevel);

    public bool IsWarningEnabled => IsEnabled(LogLevel.WarningLevel);

    public bool IsErrorEnabled => IsEnabled(LogLevel.ErrorLevel);

    public bool IsEnabled(LogLevel logLevel) => bus.LogLevel is { } least && logLevel >= least;

    public void Log(LogLevel logLevel, Exception? cause, LogMessage message) => Write(logLevel, cause, message);

    public void Log(LogLevel logLevel, Exception? cause, string format) => Write(logLevel, cause, format);

    private void Write(LogLevel level, Exception? cause, object message)
    {
        if (!IsEnabled(level))
            return;
        bus.Publish(level switch
        {
            LogLevel.DebugLevel => new Debug(cause, source, type, message),
            LogLevel.InfoLevel => new Info(cause, source, type, message),
            LogLevel.WarningLevel => new Warning(cause, source, type, message),
            _ => new Error(cause, source, type, message),
        });
    }
}
