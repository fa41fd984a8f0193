using Spectre.Console;

namespace Flyscan.Host.Cli;

/// <summary>Texts of others in tables.</summary>
internal static class Plain
{
    /// <summary>The text as it is: brackets in it are no markup, and words between colons no pictures, as <c>:ZEBRA:</c> in a record's
    /// name.</summary>
    public static string Of(string text)
    {
        var escaped = Markup.Escape(text);
        // A style around nothing keeps the console from seeing the word.
        return Emoji.Replace(escaped) == escaped ? escaped : escaped.Replace(":", ":[default][/]", StringComparison.Ordinal);
    }
}
