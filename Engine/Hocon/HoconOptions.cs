namespace Flyscan.Hocon;

/// <summary>One text to be read, and the name it goes by in messages.</summary>
public sealed record HoconSource(string File, string Text);

/// <summary>What reading a configuration needs from outside, and how much it may take.</summary>
/// <remarks>Environment: the value of a variable, null when unset; asked for <c>${X}</c> that no file sets.
/// Include: the source for the name in <c>include "name"</c> and the file that says so; null when there is none.</remarks>
public sealed record HoconOptions
{
    public static readonly HoconOptions Default = new();

    public Func<string, string?> Environment { get; init; } = static _ => null;

    public Func<string, string, HoconSource?> Include { get; init; } = static (_, _) => null;

    /// <summary>Deepest nesting of objects and arrays, and of includes.</summary>
    public int MaxDepth { get; init; } = 100;

    /// <summary>Most characters in all texts together, and most of characters, fields and items in the result.</summary>
    public int MaxSize { get; init; } = 4_000_000;
}
