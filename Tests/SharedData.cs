using Xunit;

namespace Flyscan.Tests;

/// <summary>Finds the data that the project shares and that is no part of it.</summary>
public static class SharedData
{
    /// <summary>The folder, or null where it is absent.</summary>
    public static string? Root { get; } = Find();

    public static string PathOf(string relative) =>
        Path.Combine(Root ?? throw new InvalidOperationException("../shared is absent"), relative);

    private static string? Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var shared = Path.Combine(folder.FullName, "shared");
            if (File.Exists(Path.Combine(shared, "design", "scan-model.md")))
                return shared;
        }

        return null;
    }
}

/// <summary>A test that needs the shared data and is skipped without it.</summary>
public sealed class SharedFactAttribute : FactAttribute
{
    public SharedFactAttribute()
    {
        if (SharedData.Root is null)
            Skip = "../shared is absent";
    }
}

/// <summary>A theory that needs the shared data and is skipped without it.</summary>
public sealed class SharedTheoryAttribute : TheoryAttribute
{
    public SharedTheoryAttribute()
    {
        if (SharedData.Root is null)
            Skip = "../shared is absent";
    }
}
