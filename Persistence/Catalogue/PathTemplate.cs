using System.Globalization;
using System.Text.RegularExpressions;
using Flyscan.Scanning.Units;

namespace Flyscan.Persistence.Catalogue;

/// <summary>Names of run folders from templates such as <c>{visit}/{scan}-{uid}</c>.</summary>
/// <remarks>Nothing leaves the data folder: no absolute path, no <c>..</c>, only ASCII letters, digits and <c>. _ + = @ -</c>.</remarks>
public static partial class PathTemplate
{
    private const int LongestName = 200;

    /// <summary>The folder below the data folder, or why the template or one of its values cannot be used.</summary>
    public static Outcome<string> Expand(string template, PathValues values)
    {
        string? problem = null;
        var path = Placeholder().Replace(template, match =>
        {
            var (value, complaint) = Value(match.Groups[1].Value, values);
            problem ??= complaint;
            return value;
        });
        problem ??= path.Split('/').Select(name => Complaint(name, path)).FirstOrDefault(c => c is not null);
        return problem is null
            ? new Outcome<string>.Completed(path)
            : new Outcome<string>.Refused($"path template '{template}': {problem}");
    }

    private static (string Value, string? Problem) Value(string name, PathValues values)
    {
        string? value;
        switch (name)
        {
            case "uid":
                value = values.Uid;
                break;
            case "visit":
                value = values.Visit;
                break;
            case "scan":
                value = values.Scan?.ToString(CultureInfo.InvariantCulture);
                break;
            case "operator":
                value = values.Operator;
                break;
            default:
                return ("", $"{{{name}}} is not known; there are {{visit}} {{scan}} {{operator}} {{uid}}");
        }
        if (string.IsNullOrEmpty(value))
            return ("", $"the request gives no {name}; add it, or leave {{{name}}} out");
        var odd = value.FirstOrDefault(c => !IsPlain(c));
        return odd == default && Complaint(value, value) is null
            ? (value, null)
            : ("", $"{name} is '{value}'; a folder's name has only letters, digits and . _ + = @ - and begins with no dot and no minus");
    }

    private static string? Complaint(string name, string path)
    {
        if (name.Length == 0)
            return $"'{path}' is absolute, empty, or has an empty name in it; give names below the data folder";
        if (name.FirstOrDefault(c => !IsPlain(c)) is var odd && odd != default)
            return $"'{odd}' in '{name}' cannot be used; a folder's name has only letters, digits and . _ + = @ -";
        if (name[0] is '.' or '-')
            return $"'{name}' begins with '{name[0]}', which could lead out of the data folder or be taken for an option";
        return name.Length > LongestName ? $"'{name}' has {name.Length} characters; at most {LongestName} are allowed" : null;
    }

    private static bool IsPlain(char c) => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '+' or '=' or '@' or '-';

    [GeneratedRegex(@"\{([^{}/]*)\}")]
    private static partial Regex Placeholder();
}
