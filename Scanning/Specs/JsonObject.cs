using System.Globalization;
using System.Text.Json;
using Flyscan.Scanning.Units;

namespace Flyscan.Scanning.Specs;

/// <summary>Reads the members of one JSON object, and says of each what is wrong with it and where.</summary>
internal sealed class JsonObject
{
    private readonly Dictionary<string, JsonElement> _members = new(StringComparer.Ordinal);
    private readonly List<KeyValuePair<string, JsonElement>> _inOrder = [];

    public JsonObject(JsonElement element, string at, string what)
    {
        At = at;
        if (element.ValueKind != JsonValueKind.Object)
            throw new SpecException($"is {Show(element)}, but must be {what}", at);
        foreach (var member in element.EnumerateObject())
        {
            var name = NameOf(member, at);
            if (!_members.TryAdd(name, member.Value))
                throw new SpecException("stands twice in the same object; remove one", PathOf(name));
            _inOrder.Add(new(name, member.Value));
        }
    }

    public string At { get; }

    /// <summary>The members in the order of the document.</summary>
    public IReadOnlyList<KeyValuePair<string, JsonElement>> Members => _inOrder;

    public bool Has(string name) => _members.ContainsKey(name);

    /// <summary>Refuses members that are not among the known ones.</summary>
    public void Only(string what, params ReadOnlySpan<string> known)
    {
        var allKnown = true;
        foreach (var (name, _) in _inOrder)
            allKnown &= known.Contains(name);
        if (allKnown)
            return;
        foreach (var name in _members.Keys.Order(StringComparer.Ordinal))
        {
            if (known.Contains(name))
                continue;
            var names = known.ToArray();
            var hint = NameSuggestion.For(name, names);
            var rest = hint == "" ? $"; it has {string.Join(", ", names)}" : hint;
            throw new SpecException($"{what} has no member '{name}'{rest}", PathOf(name));
        }
    }

    public JsonElement Required(string name) =>
        _members.TryGetValue(name, out var value) ? value : throw new SpecException("is missing", PathOf(name));

    public JsonElement? Optional(string name) => _members.TryGetValue(name, out var value) ? value : null;

    // The place is put together only for an error: most documents have none.
    public double Number(string name)
    {
        var value = Required(name);
        return value.ValueKind == JsonValueKind.Number && value.GetDouble() is var number && double.IsFinite(number)
            ? number
            : AsNumber(value, PathOf(name));
    }

    public double Number(string name, Func<double> otherwise) => Has(name) ? Number(name) : otherwise();

    public long Whole(string name)
    {
        var value = Required(name);
        return value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var whole) ? whole : AsWhole(value, PathOf(name));
    }

    public long Whole(string name, long otherwise) => Has(name) ? Whole(name) : otherwise;

    public string Text(string name) => AsText(Required(name), PathOf(name));

    public bool Flag(string name, bool otherwise)
    {
        if (Optional(name) is not { } value)
            return otherwise;
        return value.ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => throw new SpecException($"is {Show(value)}, but must be true or false", PathOf(name)),
        };
    }

    public static double AsNumber(JsonElement value, string at)
    {
        if (value.ValueKind != JsonValueKind.Number)
            throw new SpecException($"is {Show(value)}, but must be a number", at);
        var number = value.GetDouble();
        return double.IsFinite(number) ? number : throw new SpecException($"is {Show(value)}, but must be at most 1.8e308 in size", at);
    }

    public static long AsWhole(JsonElement value, string at)
    {
        if (value.ValueKind != JsonValueKind.Number)
            throw new SpecException($"is {Show(value)}, but must be a whole number", at);
        if (value.TryGetInt64(out var whole))
            return whole;
        var number = value.GetDouble();
        if (number != Math.Floor(number))
            throw new SpecException($"is {Show(value)}, but must be a whole number", at);
        if (Math.Abs(number) > SpecLimits.Frames)
            throw new SpecException($"is {Show(value)}, but must be at most {SpecLimits.Frames}", at);
        return (long)number;
    }

    public static string AsText(JsonElement value, string at) =>
        value.ValueKind == JsonValueKind.String
            ? TextOf(value, at)
            : throw new SpecException($"is {Show(value)}, but must be text", at);

    /// <summary>An array of numbers, or one number where that is allowed to stand for it.</summary>
    public EquatableArray<double> Numbers(string name, bool orOne = false)
    {
        var value = Required(name);
        if (orOne && value.ValueKind == JsonValueKind.Number)
            return [AsNumber(value, PathOf(name))];
        if (value.ValueKind != JsonValueKind.Array)
            throw new SpecException($"is {Show(value)}, but must be {(orOne ? "a number or " : "")}an array of numbers", PathOf(name));
        return value.EnumerateArray().Select((item, i) => AsNumber(item, $"{PathOf(name)}[{i}]")).ToEquatableArray();
    }

    public EquatableArray<string> Texts(string name)
    {
        var value = Required(name);
        if (value.ValueKind != JsonValueKind.Array)
            throw new SpecException($"is {Show(value)}, but must be an array of names", PathOf(name));
        return value.EnumerateArray().Select((item, i) => AsText(item, $"{PathOf(name)}[{i}]")).ToEquatableArray();
    }

    /// <summary>Text that may be left out or null.</summary>
    public string? TextOrNull(string name) => Optional(name) is { ValueKind: not JsonValueKind.Null } ? Text(name) : null;

    private string PathOf(string name) => At == "" ? name : $"{At}.{name}";

    // An escaped surrogate without its partner is valid JSON but no text, and is found only when it is read.
    private static string TextOf(JsonElement value, string at)
    {
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw HalfPair(at);
        }
    }

    private static string NameOf(JsonProperty member, string at)
    {
        try
        {
            return member.Name;
        }
        catch (InvalidOperationException)
        {
            throw HalfPair(at);
        }
    }

    private static SpecException HalfPair(string at) => new("holds half of a surrogate pair (\\ud800 to \\udfff), which is no text", at);

    /// <summary>The value as it stands in the document, shortened.</summary>
    public static string Show(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => string.Create(CultureInfo.InvariantCulture, $"an array of {value.GetArrayLength()}"),
        JsonValueKind.String => $"the text {Short(value.GetRawText())}",
        _ => Short(value.GetRawText()),
    };

    private static string Short(string text) => text.Length <= 60 ? text : text[..57] + "...";
}
