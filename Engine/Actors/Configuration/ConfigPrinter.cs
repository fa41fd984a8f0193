namespace Akka.Configuration;

/// <summary>Writes a tree as text that the parser reads back.</summary>
internal static class ConfigPrinter
{
    internal static string Print(ConfigValue value) => value switch
    {
        ConfigValue.Tree tree => "{ " + string.Join(", ", tree.Keys.Select(key => $"{Quote(key)} : {Print(tree.Get(key)!)}")) + " }",
        ConfigValue.List list => "[" + string.Join(", ", list.Items.Select(Print)) + "]",
        ConfigValue.Text { Quoted: false } text => text.Content.Length == 0 ? "\"\"" : text.Content,
        ConfigValue.Text text => Quote(text.Content),
        _ => "",
    };

    private static string Quote(string text) => "\"" + text.Replace("\\", "\\\\").Replace("\"", "\\\"").Replace("\n", "\\n") + "\"";
}
