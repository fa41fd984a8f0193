using Xunit;

namespace Flyscan.Tests.Architecture;

/// <summary>The sources that these tests were built from.</summary>
internal static class SourceTree
{
    /// <summary>The folder of <c>flyscan.sln</c>, found upwards from the tests; null where only binaries are.</summary>
    public static string? Root { get; } = FindRoot();

    /// <summary>Every file of a kind that is source, as path relative to the root, with '/'.</summary>
    public static IReadOnlyList<string> Files(string pattern) =>
        [.. Directory.EnumerateFiles(Root!, pattern, SearchOption.AllDirectories)
            .Select(f => Path.GetRelativePath(Root!, f).Replace('\\', '/'))
            .Where(f => !f.Split('/').SkipLast(1).Any(folder => folder is "artifacts" or "bin" or "obj" or ".git"))
            .Order(StringComparer.Ordinal)];

    public static string[] Lines(string file) => File.ReadAllLines(Path.Combine(Root!, file));

    /// <summary>Fails with all violations, one a line.</summary>
    public static void AssertNone(IEnumerable<string> violations)
    {
        var found = violations.ToList();
        Assert.True(found.Count == 0, $"{found.Count} found:\n{string.Join('\n', found)}");
    }

    private static string? FindRoot()
    {
        for (var folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
            if (File.Exists(Path.Combine(folder, "flyscan.sln")))
                return folder;
        return null;
    }
}

/// <summary>A fact about the sources, skipped where they are absent.</summary>
public sealed class SourceFactAttribute : FactAttribute
{
    public SourceFactAttribute()
    {
        if (SourceTree.Root is null)
            Skip = "the sources (flyscan.sln) are absent";
    }
}

/// <summary>A theory about the sources, skipped where they are absent.</summary>
public sealed class SourceTheoryAttribute : TheoryAttribute
{
    public SourceTheoryAttribute()
    {
        if (SourceTree.Root is null)
            Skip = "the sources (flyscan.sln) are absent";
    }
}
