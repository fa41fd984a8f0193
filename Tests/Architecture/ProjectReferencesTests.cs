using System.Xml.Linq;
using Xunit;

namespace Flyscan.Tests.Architecture;

public sealed class ProjectReferencesTests
{
    /// <summary>The arrows: what each project may refer to. Tests may refer to everything.</summary>
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Scanning"] = [],
        ["Hardware"] = ["Scanning"],
        ["Persistence"] = ["Scanning", "Hardware"],
        ["Hocon"] = [],
        ["Engine"] = ["Hocon"],
        ["TestKit"] = ["Engine"],
        ["Simulation"] = ["Engine"],
        ["Actors"] = ["Scanning", "Hardware", "Persistence", "Engine"],
        ["Host"] = ["Scanning", "Hardware", "Persistence", "Actors", "Hocon", "Engine"],
    };

    [SourceFact]
    public void Projects_refer_only_along_the_arrows()
    {
        var wrong =
            from file in SourceTree.Files("*.csproj")
            where !file.StartsWith("Tests/", StringComparison.Ordinal)
            let project = Path.GetFileNameWithoutExtension(file)
            let allowed = Allowed.GetValueOrDefault(project)
            from reference in References(file)
            where allowed is null || !allowed.Contains(reference)
            select $"{file} refers to {reference}; allowed: {(allowed is null ? "not listed here" : string.Join(", ", allowed))}";
        SourceTree.AssertNone(wrong);
    }

    [SourceFact]
    public void Every_project_outside_the_tests_has_its_arrows_listed() => Assert.Equal(
        Allowed.Keys.Order(),
        SourceTree.Files("*.csproj").Where(f => !f.StartsWith("Tests/", StringComparison.Ordinal))
            .Select(f => Path.GetFileNameWithoutExtension(f)).Order());

    [SourceFact]
    public void Scanning_and_Hocon_need_no_package_and_no_framework() => SourceTree.AssertNone(
        from file in (string[])["Scanning/Scanning.csproj", "Engine/Hocon/Hocon.csproj"]
        from element in Load(file).Descendants()
        where element.Name.LocalName is "PackageReference" or "FrameworkReference"
        select $"{file}: {element.Attribute("Include")?.Value}");

    private static IEnumerable<string> References(string file) => Load(file).Descendants("ProjectReference")
        .Select(r => Path.GetFileNameWithoutExtension(r.Attribute("Include")!.Value.Replace('\\', '/')));

    private static XDocument Load(string file) => XDocument.Load(Path.Combine(SourceTree.Root!, file));
}
