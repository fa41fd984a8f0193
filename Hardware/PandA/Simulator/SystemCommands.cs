using Flyscan.Hardware.PandA.Protocol;

namespace Flyscan.Hardware.PandA.Simulator;

/// <summary>A command that began with a star: its name without it, what is asked, what followed.</summary>
internal sealed record SystemCommand(string Name, char Operation, string Rest, PandAControlServerProtocol.Request Request);

/// <summary>Commands that begin with a star.</summary>
internal sealed class SystemCommands(
    IReadOnlyList<BoxBlockKind> kinds, BoxBuses buses, IReadOnlyList<(string Name, CapturableField Field)> capturables, PandASimulator box,
    BoxMetadata metadata, ChangeLog log)
{
    private const string NotWriteable = "Command not writeable";
    private const string Unexpected = "Unexpected character after input";

    private readonly FieldDescriptions _descriptions = new(new BlockNames(kinds));
    private readonly ChangeReport _changes = new(kinds, metadata, log);

    public string Execute(SystemCommand command, ControlSession session)
    {
        var (name, operation, rest) = (command.Name, command.Operation, command.Rest);
        if (name.Length == 0)
            return ServerReply.Error("No name found");
        var end = name.AsSpan().IndexOfAny('.', ' ');
        var (word, tail) = end < 0 ? (name, "") : (name[..end], name[end..]);
        return word switch
        {
            "ECHO" => Echo(tail, operation),
            "CAPTURE" => Capture(tail, operation, rest),
            "PCAP" => Pcap(tail, operation, rest),
            "ENUMS" => operation == '?' ? _descriptions.Enums(tail) : ServerReply.Error(NotWriteable),
            "DESC" => operation == '?' ? _descriptions.Describe(tail) : ServerReply.Error(NotWriteable),
            "CHANGES" => _changes.Execute(tail, operation, rest, session.Changes),
            "METADATA" => metadata.Execute(tail, operation, rest, command.Request.Body),
            "SAVESTATE" => Action(tail, operation, rest.Length > 0 ? Unexpected : null),
            "VERBOSE" => Action(tail, operation, rest is "0" or "1" ? null : "Invalid bit value"),
            "IDN" => Query(tail, operation, () => ServerReply.Value(BoxDefinition.Identity)),
            "CLOCK_FREQ" => Query(tail, operation, () => ServerReply.Value($"{1_000_000_000 / PandASimulator.TickNs}")),
            "BLOCKS" => Query(tail, operation, () => ServerReply.Lines(kinds.Select(k => $"{k.Name} {k.Instances.Length}"))),
            "WHO" => Query(tail, operation, () => ServerReply.Lines(box.Who())),
            "BITS" => Query(tail, operation, () => ServerReply.Lines(buses.BitNames)),
            "POSITIONS" => Query(tail, operation, () => ServerReply.Lines(buses.PositionNames)),
            _ => ServerReply.Error("Unknown command"),
        };
    }

    private static string Query(string tail, char operation, Func<string> reply)
    {
        if (operation != '?')
            return ServerReply.Error(NotWriteable);
        return tail.Length > 0 ? ServerReply.Error(Unexpected) : reply();
    }

    private static string Action(string tail, char operation, string? problem)
    {
        if (operation != '=')
            return ServerReply.Error("Command not readable");
        problem = tail.Length > 0 ? Unexpected : problem;
        return problem is null ? ServerReply.Ok : ServerReply.Error(problem);
    }

    private static string Echo(string tail, char operation)
    {
        if (operation != '?')
            return ServerReply.Error(NotWriteable);
        return tail.StartsWith(' ') ? ServerReply.Value(tail[1..]) : ServerReply.Error("Character ' ' expected");
    }

    private string Capture(string tail, char operation, string rest)
    {
        if (operation == '?')
            return tail switch
            {
                "" => ServerReply.Lines(capturables.Where(c => c.Field.Capture.Count > 0).Select(c => $"{c.Name} {c.Field.CaptureText}")),
                ".*" => ServerReply.Lines(capturables.Select(c => c.Name)),
                ".OPTIONS" => ServerReply.Lines(PosOutField.AllOptions),
                ".ENUMS" => ServerReply.Lines(PosOutField.AllEnums),
                _ => ServerReply.Error("Invalid *CAPTURE option"),
            };
        if (operation != '=' || tail.Length > 0)
            return ServerReply.Error(NotWriteable);
        if (rest.Length > 0)
            return ServerReply.Error(Unexpected);
        foreach (var (_, field) in capturables)
            field.StopCapture();
        return ServerReply.Ok;
    }

    private string Pcap(string tail, char operation, string rest)
    {
        switch (tail, operation)
        {
            case (".STATUS", '?'):
                return ServerReply.Value(box.Status());
            case (".CAPTURED", '?'):
                return ServerReply.Value($"{box.Capture.Captured}");
            case (".COMPLETION", '?'):
                return ServerReply.Value(box.Capture.Completion);
            case (".ARM" or ".DISARM", '=') when rest.Length > 0:
                return ServerReply.Error(Unexpected);
            case (".ARM", '='):
                return box.Arm() is { } problem ? ServerReply.Error(problem) : ServerReply.Ok;
            case (".DISARM", '='):
                box.Capture.Disarm();
                return ServerReply.Ok;
            default:
                return ServerReply.Error("Invalid *PCAP field");
        }
    }
}

/// <summary>What has changed, by group and connection.</summary>
/// <remarks><b>Source</b> recorded sessions 03 and 09.</remarks>
internal sealed class ChangeReport
{
    private readonly List<ChangeEntry> _entries = [];
    private readonly ChangeLog _log;

    public ChangeReport(IEnumerable<BoxBlockKind> kinds, BoxMetadata metadata, ChangeLog log)
    {
        _log = log;
        foreach (var kind in kinds)
            foreach (var field in kind.Definition.Fields)
            {
                var instances = kind.Instances.Select(i => i.Find(field.Name)!.Changes).ToArray();
                for (var i = 0; i < instances[0].Count; i++)
                    _entries.AddRange(instances.Select(changes => changes[i]));
            }
        _entries.AddRange(metadata.Changes);
    }

    /// <summary>A command; <paramref name="tail"/> is what followed <c>*CHANGES</c>.</summary>
    public string Execute(string tail, char operation, string rest, ChangeCursor cursor)
    {
        ChangeGroup[] groups = Enum.GetValues<ChangeGroup>();
        if (tail.Length > 0)
        {
            groups = [.. groups.Where(g => tail == $".{g.ToString().ToUpperInvariant()}")];
            if (groups.Length == 0)
                return ServerReply.Error("Unknown changes selection");
        }
        if (operation == '=')
            return Reset(groups, rest, cursor);
        if (operation != '?')
            return ServerReply.Error("Command is not a table");
        Poll(groups);
        var lines = _entries.Where(e => groups.Contains(e.Group) && e.Changed > cursor[e.Group]).Select(e => e.Line).ToList();
        foreach (var group in groups)
            cursor[group] = _log.Last;
        return ServerReply.Lines(lines);
    }

    private string Reset(ChangeGroup[] groups, string to, ChangeCursor cursor)
    {
        if (to is not ("" or "E" or "S"))
            return ServerReply.Error("Invalid reset option");
        Poll(groups);
        foreach (var group in groups)
            cursor[group] = to == "S" ? 0 : _log.Last;
        return ServerReply.Ok;
    }

    private void Poll(ChangeGroup[] groups)
    {
        foreach (var entry in _entries)
            if (groups.Contains(entry.Group))
                entry.Poll();
    }
}
