using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;

namespace Flyscan.Host.Logging;

/// <summary>Writes entries to one file, appended, and what a person must act on to standard error too.</summary>
/// <remarks>Beyond <see cref="MostBytes"/> the file is renamed to <c>.1</c>, replacing the one before, and begun anew. A disk that takes no
/// more entries loses them: a log never stops a scan.</remarks>
internal sealed class LogFile : ILoggerProvider
{
    private const long MostBytes = 16 * 1024 * 1024;

    private readonly object _gate = new();
    private readonly string _path;
    private readonly TimeProvider _time;
    private readonly TextWriter _error;

    public LogFile(string path, TimeProvider time, TextWriter error) => (_path, _time, _error) = (path, time, error);

    public ILogger CreateLogger(string categoryName) => new Writer(this, categoryName);

    public void Dispose()
    {
    }

    private void Append(LogLevel level, string category, string text, Exception? cause)
    {
        var line = string.Create(
            CultureInfo.InvariantCulture, $"{_time.GetUtcNow():yyyy-MM-ddTHH:mm:ss.fffZ} {Name(level)} {category}: {text}");
        if (cause is not null)
            line += $"\n    {cause.ToString().ReplaceLineEndings("\n    ")}";
        lock (_gate)
        {
            if (level >= LogLevel.Error)
                _error.WriteLine($"flyscan: {text}");
            try
            {
                if (File.Exists(_path) && new FileInfo(_path).Length > MostBytes)
                    File.Move(_path, _path + ".1", overwrite: true);
                File.AppendAllText(_path, line + "\n", new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
            }
            catch (Exception full) when (full is IOException or UnauthorizedAccessException)
            {
                _error.WriteLine($"flyscan: the log {_path} takes no entries ({full.Message}): {line}");
            }
        }
    }

    private static string Name(LogLevel level) => level switch
    {
        LogLevel.Error or LogLevel.Critical => "error",
        LogLevel.Warning => "warning",
        LogLevel.Information => "info",
        _ => "debug",
    };

    private sealed class Writer(LogFile file, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
                file.Append(logLevel, category, formatter(state, exception), exception);
        }
    }
}
