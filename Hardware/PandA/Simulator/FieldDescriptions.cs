namespace Flyscan.Hardware.PandA.Simulator;

/// <summary>Answers <c>*DESC</c> and <c>*ENUMS</c>.</summary>
internal sealed class FieldDescriptions(BlockNames names)
{
    private const string ColumnMark = "[].";

    private static readonly Dictionary<string, string> Attributes = new()
    {
        ["INFO"] = "Type of the field",
        ["B"] = "Table in base-64 representation",
        ["MAX_LENGTH"] = "Greatest length of the table in words",
        ["LENGTH"] = "Length of the table in words",
        ["ROW_WORDS"] = "Words of a row of the table",
        ["FIELDS"] = "Fields of a row of the table",
        ["MODE"] = "How the table was written",
        ["QUEUED_LINES"] = "Rows of a streamed table that wait",
        ["UNITS"] = "Units of the value",
        ["SCALE"] = "Scale of the value",
        ["OFFSET"] = "Offset of the value",
        ["SCALED"] = "Value with scale and offset",
        ["RAW"] = "Value without scale",
        ["CAPTURE"] = "What is captured",
        ["CAPTURE_WORD"] = "What to capture for this bit",
        ["BITS"] = "Bits of this word",
        ["DELAY"] = "Delay of the input in clock ticks",
        ["MAX_DELAY"] = "Greatest delay of the input",
        ["MAX"] = "Greatest value",
    };

    /// <summary><paramref name="tail"/> is what followed <c>*DESC</c>.</summary>
    public string Describe(string tail)
    {
        if (Find(tail, out var found, out var column) is { } problem)
            return ServerReply.Error(problem);
        if (found.Words.Length == 0)
            return ServerReply.Value(found.Kind.Definition.Description);
        if (Field(found) is not { } definition)
            return ServerReply.Error("No such field");
        if (column is not null)
            return Column(definition, column) is { } known ? ServerReply.Value(known.Description) : ServerReply.Error("No such field");
        if (found.Words is not [_, var attribute])
            return ServerReply.Value(definition.Description);
        return found.Kind.Instances[0].Find(definition.Name)!.Attributes.Contains(attribute)
            ? ServerReply.Value(Attributes[attribute])
            : ServerReply.Error("No such attribute");
    }

    /// <summary><paramref name="tail"/> is what followed <c>*ENUMS</c>.</summary>
    public string Enums(string tail)
    {
        if (Find(tail, out var found, out var column) is { } problem)
            return ServerReply.Error(problem);
        if (found.Words.Length == 0)
            return ServerReply.Error("Missing field name");
        if (Field(found) is not { } definition)
            return ServerReply.Error("No such field");
        var labels = column is not null
            ? Column(definition, column)?.Labels
            : found.Kind.Instances[0].Find(definition.Name)!.Enums(found.Words.ElementAtOrDefault(1));
        return labels is not null && labels.Any() ? ServerReply.Lines(labels) : ServerReply.Error("Field is not an enumeration");
    }

    private static FieldDefinition? Field(NamedBlock found) =>
        found.Kind.Definition.Fields.FirstOrDefault(f => f.Name == found.Words[0]);

    private static ColumnDefinition? Column(FieldDefinition field, string name) => field.Columns.FirstOrDefault(c => c.Name == name);

    private string? Find(string tail, out NamedBlock found, out string? column)
    {
        (found, column) = (default, null);
        if (!tail.StartsWith('.'))
            return "Character '.' expected";
        var name = tail[1..];
        var mark = name.IndexOf(ColumnMark, StringComparison.Ordinal);
        if (mark >= 0)
            (name, column) = (name[..mark], name[(mark + ColumnMark.Length)..]);
        return names.Find(name, out found);
    }
}
