using Request = Flyscan.Hardware.PandA.Protocol.PandAControlServerProtocol.Request;

namespace Flyscan.Hardware.PandA.Simulator;

/// <summary>Carries out commands of the control port and words the replies as the real server does.</summary>
/// <remarks><b>Source</b> recorded sessions 01, 04 to 07, 12, 50.</remarks>
internal sealed class CommandInterpreter(
    List<BoxBlockKind> kinds, BoxBuses buses, IReadOnlyList<(string Name, CapturableField Field)> capturables, PandASimulator box)
{
    private readonly SystemCommands _system = new(kinds, buses, capturables, box);

    public string Execute(Request request)
    {
        var line = request.Line;
        var at = line.AsSpan().IndexOfAny('?', '=', '<');
        if (at < 0)
            return ServerReply.Error("Unknown command");
        var (name, kind, rest) = (line[..at], line[at], line[(at + 1)..]);
        if (kind == '?' && rest.Length > 0)
            return ServerReply.Error("Unexpected text after command");
        if (request.Malformed)
            return ServerReply.Error("Malformed UTF-8 encoding");
        if (name.StartsWith('*'))
            return _system.Execute(name[1..], kind, rest);
        return new NameReader(name).Read(out var block, out var number, out var words) is { } problem
            ? ServerReply.Error(problem)
            : ExecuteField(request, kind, rest, block, number, words);
    }

    /// <summary>Finds a field's kind of block, and the instance where the number allows one.</summary>
    internal static string? Find(
        List<BoxBlockKind> kinds, string block, int? number, out BoxBlockKind kind, out BoxBlock? instance)
    {
        instance = null;
        kind = kinds.FirstOrDefault(k => k.Name == block)!;
        if (kind is null)
            return "No such block";
        if (number is < 1 || number > kind.Instances.Length)
            return "Invalid block number";
        if (number is not null || kind.Instances.Length == 1)
            instance = kind.Instances[(number ?? 1) - 1];
        return null;
    }

    private string ExecuteField(Request request, char operation, string rest, string blockName, int? number, string[] words)
    {
        if (Find(kinds, blockName, number, out var kind, out var block) is { } problem)
            return ServerReply.Error(problem);
        if (words.Length == 0)
            return ServerReply.Error("Missing field name");
        if (words[0] == "*")
            return operation == '?' ? ServerReply.Lines(kind.FieldLines) : ServerReply.Error("Field not writeable");
        var any = kind.Instances[0].Find(words[0]);
        if (any is null)
            return ServerReply.Error("No such field");
        if (words is [_, "*"])
            return operation == '?' ? ServerReply.Lines(any.Attributes) : ServerReply.Error("Field not writeable");
        if (block is null)
            return ServerReply.Error("Missing block number");
        var field = block.Find(words[0])!;
        return words.Length == 1
            ? Apply(field, operation, rest, request)
            : ApplyAttribute(field, words[1], operation, rest) ?? ServerReply.Error("No such attribute");
    }

    private static string Apply(BoxField field, char operation, string rest, Request request) => operation switch
    {
        '?' => field.Get(),
        '=' => field.Set(rest),
        _ => field is TableField table
            ? table.Write(rest, request.Body, request.BodyLines)
            : ServerReply.Error("Field is not a table"),
    };

    private static string? ApplyAttribute(BoxField field, string name, char operation, string rest) => operation switch
    {
        '?' => field.GetAttribute(name),
        '=' => field.SetAttribute(name, rest),
        _ => ServerReply.Error("Attribute is not a table"),
    };
}

/// <summary>Reads <c>BLOCKn.FIELD.ATTRIBUTE</c>.</summary>
internal readonly ref struct NameReader(string name)
{
    /// <summary>Null, or the server's error text. Number null: none was given.</summary>
    public string? Read(out string block, out int? number, out string[] words)
    {
        (block, number, words) = ("", null, []);
        var parts = name.Split('.');
        var length = parts[0].TakeWhile(IsNameCharacter).Count();
        if (length == 0)
            return "No name found";
        if (length < parts[0].Length)
            return "Unexpected character after input";
        var digits = parts[0].Length - parts[0].AsEnumerable().Reverse().TakeWhile(char.IsAsciiDigit).Count();
        block = parts[0][..digits];
        if (digits < parts[0].Length)
            number = int.TryParse(parts[0][digits..], out var value) ? value : int.MaxValue;
        words = parts[1..];
        foreach (var word in words)
            if (word != "*" && (word.Length == 0 || !word.All(IsNameCharacter)))
                return word.Length == 0 || !IsNameCharacter(word[0]) ? "No name found" : "Unexpected character after input";
        return null;
    }

    private static bool IsNameCharacter(char c) => char.IsAsciiLetterOrDigit(c) || c == '_';
}
