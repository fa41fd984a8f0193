namespace Flyscan.Hocon;

/// <summary>Reads configuration texts.</summary>
public static class HoconConfiguration
{
    /// <summary>Reads one text, resolves its substitutions and returns its fields.</summary>
    /// <remarks><b>Errors</b> <see cref="HoconException"/> with file, line and column.</remarks>
    public static HoconObject Parse(string text, string file, HoconOptions? options = null) =>
        Parse([new HoconSource(file, text)], options);

    /// <summary>Reads several texts as if written one below the other: later ones override and merge, then all is resolved.</summary>
    /// <remarks><b>Errors</b> <see cref="HoconException"/> with file, line and column.</remarks>
    public static HoconObject Parse(IReadOnlyList<HoconSource> sources, HoconOptions? options = null)
    {
        options ??= HoconOptions.Default;
        var budget = new ParseBudget(options);
        var root = new ObjectNode(new HoconOrigin(sources.Count > 0 ? sources[0].File : "empty", 1, 1));
        foreach (var source in sources)
            root.MergeFrom(new Parser(source, [], 0, budget).ParseFile());
        return new Resolver(root, options).Resolve();
    }
}
