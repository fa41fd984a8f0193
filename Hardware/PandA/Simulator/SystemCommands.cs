namespace Flyscan.Hardware.PandA.Simulator;

/// <summary>Commands that begin with a star.</summary>
internal sealed class SystemCommands(
    List<BoxBlockKind> kinds, BoxBuses buses, IReadOnlyList<(string Name, CapturableField Field)> capturables, PandASimulator box)
{
    private const string Unknown = "Unknown command";

    public string Execute(string name, char operation, string rest)
    {
        if (name.Length == 0)
            return ServerReply.Error("No name found");
        var end = name.AsSpan().IndexOfAny('.', ' ');
        var (word, tail) = end < 0 ? (name, "") : (name[..end], name[end..]);
        return word switch
        {
            "ECHO" => Echo(tail, operation),
            "CAPTURE" => Capture(tail, operation, rest),
            "PCAP" => Pcap(tail, operation, rest),
            "ENUMS" => operation == '?' ? Enums(tail) : ServerReply.Error("Command not writeable"),
            "IDN" => Query(tail, operation, () => ServerReply.Value(BoxDefinition.Identity)),
            "CLOCK_FREQ" => Query(tail, operation, () => ServerReply.Value($"{1_000_000_000 / PandASimulator.TickNs}")),
            "BLOCKS" => Query(tail, operation, () => ServerReply.Lines(kinds.Select(k => $"{k.Name} {k.Instances.Length}"))),
            "WHO" => Query(tail, operation, () => ServerReply.Lines(box.Who())),
            "BITS" => Query(tail, operation, () => ServerReply.Lines(buses.BitNames)),
            "POSITIONS" => Query(tail, operation, () => ServerReply.Lines(buses.PositionNames)),
            _ => ServerReply.Error(Unknown),
        };
    }

    private static string Query(string tail, char operation, Func<string> reply)
    {
        if (operation != '?')
            return ServerReply.Error("Command not writeable");
        return tail.Length > 0 ? ServerReply.Error("Unexpected character after input") : reply();
    }

    private static string Echo(string tail, char operation)
    {
        if (operation != '?')
            return ServerReply.Error("Command not writeable");
        return tail.StartsWith(' ') ? ServerReply.Value(tail[1..]) : ServerReply.Error("Character ' ' expected");
    }

    private string Capture(string tail, char operation, string rest)
    {
        if (operation == '?')
            return tail switch
            {
                "" => ServerReply.Lines(capturables.Where(c => c.Field.Capture.Count > 0).Select(c => $"{c.Name} {c.Field.CaptureText}")),
                ".*" => ServerReply.Lines(capturables.Select(c => c.Name)),
                ".OPTIONS" => ServerReply.Lines(["Value", "Diff", "Sum", "Min", "Max", "Mean"]),
                ".ENUMS" => ServerReply.Lines(PosOutField.Enums),
                _ => ServerReply.Error("Invalid *CAPTURE option"),
            };
        if (operation != '=' || tail.Length > 0)
            return ServerReply.Error("Command not writeable");
        if (rest.Length > 0)
            return ServerReply.Error("Unexpected character after input");
        foreach (var (_, field) in capturables)
            field.StopCapture();
        return ServerReply.Ok;
    }

    private string Pcap(string tail, char operation, string rest) => (tail, operation) switch
    {
        (".STATUS", '?') => ServerReply.Value(box.Status()),
        (".CAPTURED", '?') => ServerReply.Value($"{box.Capture.Captured}"),
        (".COMPLETION", '?') => ServerReply.Value(box.Capture.Completion),
        (".ARM" or ".DISARM", '=') when rest.Length > 0 => ServerReply.Error("Unexpected character after input"),
        (".ARM", '=') => box.Arm() is { } problem ? ServerReply.Error(problem) : ServerReply.Ok,
        (".DISARM", '=') => Disarm(),
        _ => ServerReply.Error("Invalid *PCAP field"),
    };

    private string Disarm()
    {
        box.Capture.Disarm();
        return ServerReply.Ok;
    }

    private string Enums(string tail)
    {
        if (!tail.StartsWith('.'))
            return ServerReply.Error("Character '.' expected");
        if (tail.EndsWith(".TABLE[].TRIGGER", StringComparison.Ordinal))
            return ServerReply.Lines(TriggerNames());
        if (new NameReader(tail[1..]).Read(out var block, out var number, out var words) is { } problem)
            return ServerReply.Error(problem);
        if (CommandInterpreter.Find(kinds, block, number, out var kind, out _) is { } missing)
            return ServerReply.Error(missing);
        if (words.Length == 0)
            return ServerReply.Error("Missing field name");
        return kind.Instances[0].Find(words[0]) is { } field
            ? FieldEnums(field, words.ElementAtOrDefault(1))
            : ServerReply.Error("No such field");
    }

    private string FieldEnums(BoxField field, string? attribute) => (field, attribute) switch
    {
        (EnumField labelled, null) => ServerReply.Lines(labelled.Labels),
        (BitMuxField, null) => ServerReply.Lines([.. buses.BitNames, "ONE", "ZERO"]),
        (PosMuxField, null) => ServerReply.Lines([.. buses.PositionNames, "ZERO"]),
        (TimeField, "UNITS") => ServerReply.Lines(TimeField.UnitNames),
        (PosOutField, "CAPTURE") => ServerReply.Lines(PosOutField.Enums),
        (ExtOutField, "CAPTURE") => ServerReply.Lines(["No", "Value"]),
        _ => ServerReply.Error("Field is not an enumeration"),
    };

    private static IEnumerable<string> TriggerNames() =>
        new[] { "Immediate" }
            .Concat("ABC".SelectMany(c => new[] { $"BIT{c}=0", $"BIT{c}=1" }))
            .Concat("ABC".SelectMany(c => new[] { $"POS{c}>=POSITION", $"POS{c}<=POSITION" }));
}
