using Xunit;

namespace Flyscan.Tests;

/// <summary>Data that others wrote, read from the folder <c>shared</c> beside the tree where there is one.</summary>
internal static class SharedData
{
    /// <summary>The folder, or null where it is absent.</summary>
    public static string? Root { get; } = Find();

    /// <summary>A file's path below the folder.</summary>
    public static string PathOf(string relative) =>
        Path.Combine(Root ?? throw new DirectoryNotFoundException("../shared is absent"), relative);

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

/// <summary>A fact that needs <see cref="SharedData"/>.</summary>
internal sealed class SharedFactAttribute : FactAttribute
{
    public SharedFactAttribute() => Skip = SharedData.Root is null ? "../shared is absent" : null;
}

/// <summary>A theory that needs <see cref="SharedData"/>.</summary>
internal sealed class SharedTheoryAttribute : TheoryAttribute
{
    public SharedTheoryAttribute() => Skip = SharedData.Root is null ? "../shared is absent" : null;
}
