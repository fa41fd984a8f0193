namespace Flyscan.Scanning.Specs;

/// <summary>Finds what a mistyped name was probably meant to be.</summary>
internal static class NameSuggestion
{
    /// <summary>", did you mean 'x'?" for the nearest of the names, or nothing where none is near.</summary>
    public static string For(string name, IEnumerable<string> names)
    {
        var nearest = names.Select(n => (Name: n, Distance: Distance(name, n))).OrderBy(n => n.Distance).FirstOrDefault();
        return nearest.Name is not null && nearest.Distance <= Math.Max(1, name.Length / 3) ? $", did you mean '{nearest.Name}'?" : "";
    }

    private static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var change = char.ToLowerInvariant(a[i - 1]) == char.ToLowerInvariant(b[j - 1]) ? 0 : 1;
                (diagonal, row[j]) = (row[j], Math.Min(diagonal + change, Math.Min(row[j], row[j - 1]) + 1));
            }
        }
        return row[^1];
    }
}
