using System.Text;
using Flyscan.Hardware.PandA.Driver;
using Flyscan.Hardware.PandA.Protocol;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.PandA.Layouts;

/// <summary>The whole configuration of a box, as text that is also what has to be sent to restore it.</summary>
/// <remarks>One <c>NAME=value</c> a line; a table or a text of several lines as <c>NAME&lt;B</c> or <c>NAME&lt;</c>, its lines, an empty
/// line. Lines that begin with <c>#</c> are comments. <b>Source</b> recorded session 09.</remarks>
public sealed class PandALayout
{
    private readonly List<(string Name, string Value)> _values = [];
    private readonly List<(string Name, EquatableArray<string> Lines)> _bodies = [];

    private PandALayout(string identity) => Identity = identity;

    /// <summary>What the box called itself.</summary>
    public string Identity { get; private set; }

    /// <summary>Settings, units before the rest.</summary>
    internal IEnumerable<(string Name, string Value)> Values => _values.OrderBy(v => IsUnits(v.Name) ? 0 : IsAttribute(v.Name) ? 1 : 2);

    /// <summary>Tables (their name ends in <c>.TABLE</c> or the like) and texts (their name begins with a star).</summary>
    internal IReadOnlyList<(string Name, EquatableArray<string> Lines)> Bodies => _bodies;

    /// <summary>Reads a saved layout.</summary>
    /// <remarks><b>Errors</b> <see cref="FormatException"/> naming the line.</remarks>
    public static PandALayout Parse(string text)
    {
        var layout = new PandALayout("");
        var lines = text.ReplaceLineEndings("\n").Split('\n');
        for (var i = 0; i < lines.Length; i++)
        {
            var line = lines[i];
            var at = line.AsSpan().IndexOfAny('=', '<');
            if (line.StartsWith("# PandA ", StringComparison.Ordinal))
                layout.Identity = line[2..];
            if (line.Length == 0 || line[0] == '#')
                continue;
            if (at <= 0 || line[at] == '<' && line[at..] is not ("<" or "<B"))
                throw new FormatException($"line {i + 1}: {line}: must be NAME=value, NAME<B (a table) or NAME< (a text)");
            if (line[at] == '=')
            {
                layout._values.Add((line[..at], line[(at + 1)..]));
                continue;
            }
            var end = Array.IndexOf(lines, "", i + 1);
            if (end < 0)
                throw new FormatException($"line {i + 1}: {line}: the empty line that ends it is missing");
            layout._bodies.Add((line[..at], lines[(i + 1)..end].ToEquatableArray()));
            i = end;
        }
        return layout;
    }

    /// <summary>What the box's groups of changes say, with the content of what they only name.</summary>
    internal static PandALayout Of(
        string identity, IEnumerable<PandAChange> changes, IReadOnlyDictionary<string, EquatableArray<string>> bodies)
    {
        var layout = new PandALayout(identity);
        foreach (var change in changes)
            switch (change)
            {
                // How much of a stream is queued is a state, not a setting.
                case PandAChange.Value value when !value.Name.EndsWith(".QUEUED_LINES", StringComparison.Ordinal):
                    layout._values.Add((value.Name, value.Text));
                    break;
                case PandAChange.Table table:
                    layout._bodies.Add((table.Name, bodies[table.Name]));
                    break;
            }
        return layout;
    }

    /// <summary>As it is saved: sorted, so that two files compare line by line.</summary>
    public string ToText()
    {
        var text = new StringBuilder();
        text.Append("# A PandA's configuration, as `flyscan panda save` found it; `flyscan panda load` restores it.\n");
        text.Append("# ").Append(Identity).Append('\n');
        foreach (var (name, value) in Values.OrderBy(v => IsUnits(v.Name) ? 0 : IsAttribute(v.Name) ? 1 : 2)
            .ThenBy(v => v.Name, StringComparer.Ordinal))
            text.Append(name).Append('=').Append(value).Append('\n');
        foreach (var (name, lines) in _bodies.OrderBy(b => b.Name, StringComparer.Ordinal))
        {
            text.Append(name).Append(IsText(name) ? "<" : "<B").Append('\n');
            foreach (var line in lines)
                text.Append(line).Append('\n');
            text.Append('\n');
        }
        return text.ToString();
    }

    /// <summary>What differs, one line each: in the file, in the box.</summary>
    public static IReadOnlyList<string> Differences(PandALayout file, PandALayout box)
    {
        var found = new SortedDictionary<string, string>(StringComparer.Ordinal);
        var held = box._values.ToLookup(v => v.Name, v => v.Value);
        foreach (var (name, value) in file._values)
            if (!held.Contains(name))
                found[name] = $"{name}: {value} in the file, the box has no such field";
            else if (!PandABoxControl.Same(value, held[name].First()))
                found[name] = $"{name}: {value} in the file, {held[name].First()} in the box";
        var saved = file._values.Select(v => v.Name).Concat(file._bodies.Select(b => b.Name)).ToHashSet(StringComparer.Ordinal);
        foreach (var (name, value) in box._values.Where(v => !saved.Contains(v.Name)))
            found[name] = $"{name}: not in the file, {value} in the box";
        var bodies = box._bodies.ToDictionary(b => b.Name, b => b.Lines, StringComparer.Ordinal);
        foreach (var (name, lines) in file._bodies)
            if (!bodies.TryGetValue(name, out var there))
                found[name] = $"{name}: {lines.Count} lines in the file, the box has none such";
            else if (string.Concat(there) != string.Concat(lines))
                found[name] = $"{name}: differs ({lines.Count} lines in the file, {there.Count} in the box)";
        foreach (var (name, lines) in box._bodies.Where(b => !saved.Contains(b.Name)))
            found[name] = $"{name}: not in the file, {lines.Count} lines in the box";
        return [.. found.Values];
    }

    internal static bool IsText(string name) => name.StartsWith('*');

    internal static bool IsEnable(string name) => name.EndsWith(".ENABLE", StringComparison.Ordinal);

    private static bool IsUnits(string name) => name.EndsWith(".UNITS", StringComparison.Ordinal);

    private static bool IsAttribute(string name) => !name.StartsWith('*') && name.Split('.').Length > 2;
}
