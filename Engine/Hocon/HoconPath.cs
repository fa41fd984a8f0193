namespace Flyscan.Hocon;

/// <summary>Dotted paths of keys.</summary>
public static class HoconPath
{
    /// <summary>The keys of a dotted path; a key with other than letters, digits, <c>-</c> and <c>_</c> is quoted.</summary>
    /// <remarks><b>Errors</b> <see cref="HoconException"/> for a path that is none.</remarks>
    public static IReadOnlyList<string> Parse(string path)
    {
        var cursor = new Cursor(path, "path");
        var keys = TextScanner.ReadPath(cursor, "a path");
        return cursor.AtEnd ? keys : throw cursor.Error($"expected the end of the path, found {cursor.Found}.");
    }

    /// <summary>The keys as one dotted path, quoted where needed.</summary>
    public static string Render(IEnumerable<string> keys) => string.Join('.', keys.Select(RenderKey));

    /// <summary>One key, quoted where needed.</summary>
    public static string RenderKey(string key) => IsPlain(key) ? key : HoconRenderer.Quote(key);

    private static bool IsPlain(string key) =>
        key.Length > 0 && key != "include" && key.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_');
}
