using System.CommandLine;
using Flyscan.Hardware.PandA.Layouts;
using Flyscan.Hardware.Transport;
using Flyscan.Host.Time;

namespace Flyscan.Host.Cli;

/// <summary><c>flyscan panda save</c>, <c>load</c>, <c>diff</c>, <c>show</c>: the configuration of one box.</summary>
internal static class PandALayoutVerbs
{
    private const int ControlPort = 8888;
    private const int LastPort = 65535;

    public static Command Save()
    {
        var (host, file) = (Host(), LayoutFile("Write it here. Default: standard output"));
        var command = new VerbCommand(
            "save", "Saves what a PandA is set to: every setting, table and label.", "flyscan panda save bl22-panda -f layout.panda")
        {
            host, file,
        };
        command.SetVerb(null, async (parsed, output) =>
        {
            var layout = await ReadAsync(parsed.GetValue(host)!);
            if (parsed.GetValue(file) is not { } path)
                output.Line(layout.ToText().TrimEnd('\n'));
            else
                Write(path, layout.ToText());
            return ExitCode.Finished;
        });
        return command;
    }

    public static Command Load()
    {
        var (host, file) = (Host(), LayoutFile("The saved layout.", required: true));
        var command = new VerbCommand(
            "load", "Restores a saved layout, units before values, and reads it back.", "flyscan panda load bl22-panda -f layout.panda")
        {
            host, file,
        };
        command.SetVerb(null, async (parsed, output) =>
        {
            var layout = ReadFile(parsed.GetValue(file)!);
            var wrong = RefusedException.Unless(await Client(parsed.GetValue(host)!).RestoreAsync(layout, CancellationToken.None));
            foreach (var line in wrong)
                output.Line(line);
            return wrong.Count == 0
                ? ExitCode.Finished
                : output.Failed(null, $"{wrong.Count} settings are not as the layout has them.", ExitCode.Faulted);
        });
        return command;
    }

    public static Command Diff()
    {
        var (host, file) = (Host(), LayoutFile("The saved layout.", required: true));
        var command = new VerbCommand(
            "diff", "Says in what a PandA differs from a saved layout.", "flyscan panda diff bl22-panda -f layout.panda")
        {
            host, file,
        };
        command.SetVerb(null, async (parsed, output) =>
        {
            var differences = PandALayout.Differences(ReadFile(parsed.GetValue(file)!), await ReadAsync(parsed.GetValue(host)!));
            foreach (var line in differences)
                output.Line(line);
            return differences.Count == 0
                ? ExitCode.Finished
                : output.Failed(null, $"{differences.Count} settings differ.", ExitCode.Faulted);
        });
        return command;
    }

    public static Command Show()
    {
        var host = Host();
        var command = new VerbCommand(
            "show", "Says what a PandA is and does: firmware, blocks, capture, clients.", "flyscan panda show bl22-panda")
        {
            host,
        };
        command.SetVerb(null, async (parsed, output) =>
        {
            foreach (var line in RefusedException.Unless(await Client(parsed.GetValue(host)!).DescribeAsync(CancellationToken.None)))
                output.Line(line);
            return ExitCode.Finished;
        });
        return command;
    }

    private static Argument<string> Host() => new("HOST")
    {
        Description = $"The box, as HOST or HOST:PORT of its control port. Default port {ControlPort}.",
    };

    private static Option<string?> LayoutFile(string description, bool required = false) => new("--file", "-f")
    {
        Description = description,
        HelpName = "FILE",
        Required = required,
    };

    private static PandALayoutClient Client(string address)
    {
        var colon = address.LastIndexOf(':');
        var port = ControlPort;
        if (colon >= 0 && (!int.TryParse(address.AsSpan(colon + 1), out port) || port is < 1 or > LastPort))
            throw new RefusedException($"{address}: must be HOST or HOST:PORT with a port from 1 to {LastPort}");
        return new PandALayoutClient(new TcpConnector(), new SystemClock(), colon < 0 ? address : address[..colon], port);
    }

    private static async Task<PandALayout> ReadAsync(string address) =>
        RefusedException.Unless(await Client(address).ReadAsync(CancellationToken.None));

    private static PandALayout ReadFile(string path)
    {
        try
        {
            return PandALayout.Parse(File.ReadAllText(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RefusedException($"{path} cannot be read: {e.Message}");
        }
        catch (FormatException e)
        {
            throw new RefusedException($"{path}: {e.Message}");
        }
    }

    private static void Write(string path, string text)
    {
        try
        {
            File.WriteAllText(path, text);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RefusedException($"{path} cannot be written: {e.Message}");
        }
    }
}
