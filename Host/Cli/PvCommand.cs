using System.CommandLine;
using System.Globalization;
using System.Runtime.InteropServices;
using Flyscan.Hardware.Epics;
using Flyscan.Hardware.Epics.PvAccess;
using Flyscan.Host.Composition;
using Flyscan.Scanning.Units;

namespace Flyscan.Host.Cli;

/// <summary><c>flyscan pv</c>: what can be done with one EPICS process variable, for diagnosis.</summary>
internal static class PvCommand
{
    private const int ShownItems = 20;

    public static Command Create() => new VerbCommand(
        "pv", "Verbs for one EPICS process variable: get, put, monitor, info, tree.",
        "flyscan pv get BL22I-MO-STAGE-01:Z.RBV", "flyscan pv put --wait BL22I-MO-STAGE-01:Z 1.5",
        "flyscan pv get pva://BL22I-EA-DET-01:PVA:IMAGE")
    {
        Verb("get", "Reads a process variable once, with alarm and time stamp.", "flyscan pv get RING:CURRENT", [], async (call) =>
        {
            var reading = Need(await call.Channel.GetAsync(call.WithinNs, CancellationToken.None, PvAs.Text));
            // Numbers lose digits as text; only choices need it.
            if (call.Channel.Info!.NativeType != "DBF_ENUM")
                reading = Need(await call.Channel.GetAsync(call.WithinNs, CancellationToken.None));
            call.Output.Line($"{call.Channel.Name} {Line(reading)}");
        }),
        Put(),
        Verb("monitor", "Prints each change of a process variable until Ctrl-C.", "flyscan pv monitor RING:CURRENT", [], MonitorAsync),
        Verb("info", "Says what is known of it: server, type, rights, limits, choices.", "flyscan pv info Z.VAL", [], InfoAsync),
        Verb("tree", "Lists the signals of a device that describes itself (PVI).", "flyscan pv tree pva://PANDA:PVI", [], TreeAsync),
    };

    private static Command Put()
    {
        var value = new Argument<string>("VALUE") { Description = "A number, a choice's text or index, or a text." };
        var wait = new Option<bool>("--wait") { Description = "Wait until the record says that all it set off is complete." };
        return Verb("put", "Writes a process variable.", "flyscan pv put --wait Z 1.5", [value, wait], async call =>
        {
            var written = ValueOf(call.Parsed.GetValue(value)!, call.Channel.Info!);
            if (call.Parsed.GetValue(wait))
            {
                Need(await call.Channel.PutAndWaitAsync(written, call.WithinNs, CancellationToken.None));
            }
            else
            {
                var refused = new TaskCompletionSource<string>();
                call.Channel.WriteRefused += reason => refused.TrySetResult(reason);
                Need(call.Channel.Put(written));
                // The answer to a read that follows comes after a refusal.
                Need(await call.Channel.GetAsync(call.WithinNs, CancellationToken.None));
                if (refused.Task.IsCompleted)
                    throw new RefusedException(await refused.Task);
            }
            var now = Need(await call.Channel.GetAsync(call.WithinNs, CancellationToken.None, PvAs.Text));
            call.Output.Line($"{call.Channel.Name} {Line(now)}");
        });
    }

    private static VerbCommand Verb(string name, string description, string example, Symbol[] more, Func<Call, Task> run)
    {
        var variable = new Argument<string>("NAME")
        {
            Description = "The process variable: a record, or record.FIELD; over pvAccess as pva://NAME.",
        };
        var beamline = new Option<string?>("--beamline", "-b")
        {
            Description = "Beamline file whose epics section says where to search. Default: the environment (EPICS_CA_…, EPICS_PVA_…), "
                + "else this machine.",
            HelpName = "FILE",
        };
        var within = new Option<double>("--within")
        {
            Description = "Seconds that connecting, and each request, may take. Default 5",
            HelpName = "S",
            DefaultValueFactory = _ => 5,
        };
        var command = new VerbCommand(name, description, example) { variable };
        foreach (var symbol in more)
        {
            if (symbol is Argument argument)
                command.Add(argument);
            else
                command.Add((Option)symbol);
        }
        command.Add(beamline);
        command.Add(within);
        command.SetVerb(null, async (parsed, output) =>
        {
            var file = parsed.GetValue(beamline);
            var settings = file is null ? EpicsClient.Read(null) : RunPreparation.LoadBeamline(file).Epics;
            var seconds = parsed.GetValue(within);
            if (!(seconds > 0 && seconds <= 86_400))
                throw new RefusedException($"--within {seconds}: it must be more than 0 and at most 86400 seconds");
            await using var client = new EpicsClient(settings);
            using var channel = Open(client.Get(), parsed.GetValue(variable)!);
            var withinNs = (long)(seconds * 1e9);
            Need(await channel.ConnectAsync(withinNs, CancellationToken.None));
            await run(new Call(parsed, output, client.Get(), parsed.GetValue(variable)!, channel, withinNs));
            return ExitCode.Finished;
        });
        return command;
    }

    private static IPvChannel Open(IPvClient client, string name)
    {
        try
        {
            return client.Open(name);
        }
        catch (ArgumentException wrong)
        {
            throw new RefusedException(wrong.Message);
        }
    }

    private static async Task MonitorAsync(Call call)
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, End);
        using var end = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End);
        call.Channel.Changed += state => call.Output.Line($"{call.Channel.Name} *** {state.ToString().ToLowerInvariant()}");
        var told = 0L;
        using var monitor = call.Channel.Monitor(new PvMonitorOptions { Capacity = 1000 }, waiting =>
        {
            while (waiting.TryTake(out var reading))
                call.Output.Line($"{call.Channel.Name} {Line(reading!)}");
            if (waiting.Dropped > told)
                call.Output.Line($"{call.Channel.Name} *** {waiting.Dropped - told} values dropped: they came faster than printed");
            told = waiting.Dropped;
        });
        await ended.Task;

        void End(PosixSignalContext context)
        {
            context.Cancel = true;
            ended.TrySetResult();
        }
    }

    private static async Task InfoAsync(Call call)
    {
        var (info, output) = (call.Channel.Info!, call.Output);
        output.Line($"server     {info.Server}");
        output.Line($"type       {info.NativeType}, {info.Count} element{(info.Count == 1 ? "" : "s")}");
        output.Line($"access     {(info.CanRead ? "read" : "no read")}, {(info.CanWrite ? "write" : "no write")}");
        var reading = Need(await call.Channel.GetAsync(call.WithinNs, CancellationToken.None));
        output.Line($"value      {Line(reading)}");
        var metadata = Need(await call.Channel.GetMetadataAsync(call.WithinNs, CancellationToken.None));
        if (metadata.Units.Length > 0)
            output.Line($"units      {metadata.Units}");
        if (metadata.Precision is { } precision)
            output.Line($"precision  {precision}");
        foreach (var (name, range) in new[]
        {
            ("display", metadata.Display), ("control", metadata.Control), ("warning", metadata.WarningLimits),
            ("alarm", metadata.AlarmLimits),
        })
            if (!double.IsNaN(range.Low) && range.Low != range.High)
                output.Line(string.Create(CultureInfo.InvariantCulture, $"{name,-10} {range.Low:G9} to {range.High:G9}"));
        for (var i = 0; i < metadata.Choices.Count; i++)
            output.Line($"choice {i,-3} {metadata.Choices[i]}");
    }

    private static async Task TreeAsync(Call call)
    {
        foreach (var signal in Need(await PviTree.ReadAsync(call.Client, call.Name, call.WithinNs, CancellationToken.None)))
            call.Output.Line($"{signal.Path,-40} {signal.Access,-2} {signal.Pv}");
    }

    /// <summary>What the user typed, as the record's type wants it.</summary>
    private static PvValue ValueOf(string text, PvChannelInfo info) => info.NativeType switch
    {
        "DBF_DOUBLE" or "DBF_FLOAT" or "DBF_LONG" or "DBF_SHORT"
            when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) => new PvValue.Number(number),
        _ => new PvValue.Text(text),
    };

    private static string Line(PvReading reading)
    {
        var stamp = reading.StampNs is { } ns
            ? DateTimeOffset.UnixEpoch.AddTicks(ns / 100).ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss.ffffff", CultureInfo.InvariantCulture)
            : "<never processed>";
        var alarm = reading.Alarm.Severity == PvSeverity.None ? "" : $" {reading.Alarm.StatusName} {reading.Alarm.SeverityName}";
        return $"{stamp} {Shown(reading.Value)}{alarm}";
    }

    private static string Shown(PvValue value) => value switch
    {
        PvValue.Array<byte> or PvValue.Array<sbyte> or PvValue.Structure or PvValue.Array<string> or PvValue.Array<PvValue> =>
            value.AsText(),
        PvValue.Table table => string.Concat(table.Columns.Select(c => $"\n  {c.Label,-16} {Shown(c.Values)}")),
        PvValue.Image image => $"{image.AsText()}: {Shown(image.Pixels)}",
        _ when value.Count <= ShownItems => value.AsText(),
        _ => $"[{value.Count}] {string.Join(' ', value.AsNumbers().Take(ShownItems).Select(Short))} …",
    };

    private static string Short(double number) => number.ToString("G9", CultureInfo.InvariantCulture);

    private static T Need<T>(Outcome<T> outcome) => outcome is Outcome<T>.Completed { Value: var value }
        ? value
        : throw new RefusedException(outcome.Problem!);

    /// <summary>One use of a verb, connected.</summary>
    private sealed record Call(
        ParseResult Parsed, Output Output, IPvClient Client, string Name, IPvChannel Channel, long WithinNs);
}
