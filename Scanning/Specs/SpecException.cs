namespace Flyscan.Scanning.Specs;

/// <summary>A spec, or the request document around it, that a person must correct.</summary>
/// <remarks>The message says what, where, the value and the limit.</remarks>
public sealed class SpecException(string what, string? path = null, string? document = null, long? line = null, long? column = null)
    : Exception(Format(what, path, document, line, column))
{
    /// <summary>What is wrong, without the place.</summary>
    public string What { get; } = what;

    /// <summary>Where in the document, such as <c>spec.outer.num</c>; null for a syntax error.</summary>
    public string? Path { get; } = path;

    /// <summary>The file or other origin, as the caller named it.</summary>
    public string? Document { get; } = document;

    /// <summary>Line of a syntax error, counted from 1.</summary>
    public long? Line { get; } = line;

    /// <summary>Character of the line of a syntax error, counted from 1.</summary>
    public long? Column { get; } = column;

    internal SpecException In(string document) => new(What, Path, document, Line, Column);

    private static string Format(string what, string? path, string? document, long? line, long? column)
    {
        var place = line is null ? document : $"{document}:{line}:{column}";
        var start = place is null ? "" : $"{place}: ";
        return path is null ? start + what : $"{start}{path}: {what}";
    }
}
