using System.Globalization;
using System.Text.Json;
using Flyscan.Scanning.Units;

namespace Flyscan.Scanning.Specs;

/// <summary>Reads the members of one JSON object, and says of each what is wrong with it and where.</summary>
internal sealed class JsonObject
{
    // A spec has few members, and comparing them all costs less than a table of hashes.
    private const int FewMembers = 16;

    private readonly KeyValuePair<string, JsonElement>[] _inOrder;
    private readonly Dictionary<string, int>? _places;

    public JsonObject(JsonElement element, string at, string what)
    {
        At = at;
        if (element.ValueKind != JsonValueKind.Object)
            throw new SpecException($"is {Show(element)}, but must be {what}", at);
        _inOrder = new KeyValuePair<string, JsonElement>[element.GetPropertyCount()];
        _places = _inOrder.Length > FewMembers ? new(_inOrder.Length, StringComparer.Ordinal) : null;
        var count = 0;
        foreach (var member in element.EnumerateObject())
        {
            var name = NameOf(member, at);
            if (PlaceOf(name, count) >= 0)
                throw new SpecException("stands twice in the same object; remove one", PathOf(name));
            _places?.Add(name, count);
            _inOrder[count++] = new(name, member.Value);
        }
    }

    public string At { get; }

    /// <summary>The members in the order of the document.</summary>
    public IReadOnlyList<KeyValuePair<string, JsonElement>> Members => _inOrder;

    public bool Has(string name) => PlaceOf(name, _inOrder.Length) >= 0;

    /// <summary>Refuses members that are not among the known ones.</summary>
    public void Only(string what, params ReadOnlySpan<string> known)
    {
        var allKnown = true;
        foreach (var (name, _) in _inOrder)
            allKnown &= known.Contains(name);
        if (allKnown)
            return;
        foreach (var name in _inOrder.Select(m => m.Key).Order(StringComparer.Ordinal))
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
        Optional(name) ?? throw new SpecException("is missing", PathOf(name));

    public JsonElement? Optional(string name) => PlaceOf(name, _inOrder.Length) is >= 0 and var place ? _inOrder[place].Value : null;

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

    public string Text(string name)
    {
        var value = Required(name);
        return value.ValueKind == JsonValueKind.String && TryText(value) is { } text ? text : AsText(value, PathOf(name));
    }

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

    /// <summary>Among the first members; -1 where there is no such one.</summary>
    private int PlaceOf(string name, int count)
    {
        if (_places is not null)
            return _places.GetValueOrDefault(name, -1);
        for (var i = 0; i < count; i++)
        {
            if (_inOrder[i].Key == name)
                return i;
        }
        return -1;
    }

    private string PathOf(string name) => At == "" ? name : $"{At}.{name}";

    // An escaped surrogate without its partner is valid JSON but no text, and is found only when it is read.
    private static string TextOf(JsonElement value, string at) => TryText(value) ?? throw HalfPair(at);

    private static string? TryText(JsonElement value)
    {
        try
        {
            return value.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
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
