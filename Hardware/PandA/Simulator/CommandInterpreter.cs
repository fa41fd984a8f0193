using Flyscan.Hardware.PandA.Protocol;

namespace Flyscan.Hardware.PandA.Simulator;

/// <summary>Carries out commands of the control port and words the replies as the real server does.</summary>
/// <remarks><b>Source</b> recorded sessions 01 to 12, 50.</remarks>
internal sealed class CommandInterpreter(BlockNames names, SystemCommands system, BoxEngine engine)
{
    public string Execute(PandAControlServerProtocol.Request request, ControlSession session)
    {
        engine.Enter();
        var line = request.Line;
        var at = line.AsSpan().IndexOfAny('?', '=', '<');
        if (at < 0)
            return ServerReply.Error("Unknown command");
        var (name, kind, rest) = (line[..at], line[at], line[(at + 1)..]);
        if (kind == '?' && rest.Length > 0)
            return ServerReply.Error("Unexpected text after command");
        if (request.Malformed)
            return ServerReply.Error("Malformed UTF-8 encoding");
        var reply = name.StartsWith('*')
            ? system.Execute(new(name[1..], kind, rest, request), session)
            : ExecuteField(request, session, name, kind, rest);
        if (kind != '?')
            engine.Settle();
        return reply;
    }

    /// <summary>The table that a command such as <c>SEQ1.TABLE&lt;</c> writes; null: none.</summary>
    public TableField? FindTable(string head)
    {
        var at = head.IndexOf('<');
        return names.Find(head[..at], out var found) is null && found.Words.Length == 1
            ? found.Block?.Find(found.Words[0]) as TableField
            : null;
    }

    private string ExecuteField(
        PandAControlServerProtocol.Request request, ControlSession session, string name, char operation, string rest)
    {
        if (names.Find(name, out var found) is { } problem)
            return ServerReply.Error(problem);
        var words = found.Words;
        if (words.Length == 0)
            return ServerReply.Error("Missing field name");
        if (words[0] == "*")
            return operation == '?' ? ServerReply.Lines(found.Kind.FieldLines) : ServerReply.Error("Field not writeable");
        var any = found.Kind.Instances[0].Find(words[0]);
        if (any is null)
            return ServerReply.Error("No such field");
        if (words is [_, "*"])
            return operation == '?' ? ServerReply.Lines(any.Attributes) : ServerReply.Error("Field not writeable");
        if (found.Block is null)
            return ServerReply.Error("Missing block number");
        var field = found.Block.Find(words[0])!;
        if (words.Length > 1)
            return ApplyAttribute(field, words[1], operation, rest) ?? ServerReply.Error("No such attribute");
        return operation switch
        {
            '?' => field.Get(),
            '=' => field.Set(rest),
            _ => field is TableField table
                ? table.Write(rest, request.Body, request.BodyLines, session)
                : ServerReply.Error("Field is not a table"),
        };
    }

    private static string? ApplyAttribute(BoxField field, string name, char operation, string rest) => operation switch
    {
        '?' => field.GetAttribute(name),
        '=' => field.SetAttribute(name, rest),
        _ => ServerReply.Error("Attribute is not a table"),
    };
}

/// <summary>What a name on the control port means; Block null: the name has no number though there are several.</summary>
internal readonly record struct NamedBlock(BoxBlockKind Kind, BoxBlock? Block, string[] Words);

/// <summary>Finds what <c>BLOCKn.FIELD.ATTRIBUTE</c> means.</summary>
internal sealed class BlockNames(IReadOnlyList<BoxBlockKind> kinds)
{
    private readonly Dictionary<string, BoxBlockKind> _kinds = kinds.ToDictionary(k => k.Name);

    /// <summary>Null, or the server's error text.</summary>
    public string? Find(string name, out NamedBlock found)
    {
        found = default;
        if (Split(name, out var block, out var number, out var words) is { } problem)
            return problem;
        var kind = _kinds.GetValueOrDefault(block);
        if (kind is null)
            return "No such block";
        if (number is < 1 || number > kind.Instances.Length)
            return "Invalid block number";
        var instance = number is not null || kind.Instances.Length == 1 ? kind.Instances[(number ?? 1) - 1] : null;
        found = new NamedBlock(kind, instance, words);
        return null;
    }

    private static string? Split(string name, out string block, out int? number, out string[] words)
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
