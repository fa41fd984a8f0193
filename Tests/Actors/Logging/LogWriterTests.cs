using Akka.Event;
using Flyscan.Actors.Logging;
using Flyscan.Host.Logging;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Flyscan.Tests.Actors.Logging;

public sealed class LogWriterTests : PatientTestKit
{
    private readonly string _path = Path.Combine(Directory.CreateTempSubdirectory("flyscan-log-").FullName, "flyscan.log");

    [Fact]
    public void What_actors_log_stands_in_the_file_and_errors_on_standard_error_too()
    {
        var error = new StringWriter();
        using var loggers = LoggerFactory.Create(to => to.AddProvider(new LogFile(_path, TimeProvider.System, error)));
        var writer = Sys.ActorOf(LogWriter.Props(loggers));
        writer.Tell(new Warning("akka://flyscan/user/device-cam", typeof(LogWriterTests), "cam is lost: connection reset"), TestActor);
        writer.Tell(new Error(new IOException("disk full"), "akka://flyscan/user/scan-7", typeof(LogWriterTests), "no journal"), TestActor);
        AwaitAssert(() => Assert.Contains("disk full", File.ReadAllText(_path)));
        var lines = File.ReadAllLines(_path);
        Assert.EndsWith("Z warning akka://flyscan/user/device-cam: cam is lost: connection reset", lines[0]);
        Assert.EndsWith("Z error akka://flyscan/user/scan-7: no journal", lines[1]);
        Assert.Equal("flyscan: no journal" + Environment.NewLine, error.ToString());
        File.Delete(_path);
    }

    [Fact]
    public void It_hears_what_the_system_logs()
    {
        using var loggers = LoggerFactory.Create(to => to.AddProvider(new LogFile(_path, TimeProvider.System, TextWriter.Null)));
        Sys.ActorOf(LogWriter.Props(loggers), "log");
        AwaitAssert(() =>
        {
            Sys.Log.Warning("the {0} is slow", "disk");
            Assert.Contains("the disk is slow", File.Exists(_path) ? File.ReadAllText(_path) : "");
        });
        File.Delete(_path);
    }
}
