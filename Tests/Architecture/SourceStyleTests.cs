using System.Text.RegularExpressions;
using Xunit;

namespace Flyscan.Tests.Architecture;

public sealed partial class SourceStyleTests
{
    private const int MostLines = 400;
    private const int LongestLine = 140;

    private static readonly string[] AkkaFolders = ["Actors/", "Host/", "Engine/", "Tests/"];

    // Put together here, so that this file does not find itself.
    private static readonly string[] Unfinished = ["TO" + "DO", "FIX" + "ME", "XX" + "X:", "HA" + "CK:"];

    [SourceFact]
    public void Files_have_at_most_400_lines() => SourceTree.AssertNone(
        from file in SourceTree.Files("*.cs")
        let lines = SourceTree.Lines(file).Length
        where lines > MostLines
        select $"{file}: {lines} lines, at most {MostLines}");

    [SourceFact]
    public void Lines_have_at_most_140_characters() => SourceTree.AssertNone(
        Matching(SourceTree.Files("*.cs"), line => line.Length > LongestLine ? $"{line.Length} characters, at most {LongestLine}" : null));

    [SourceFact]
    public void Nothing_is_marked_as_unfinished() => SourceTree.AssertNone(
        Matching(
            SourceTree.Files("*.cs").Concat(SourceTree.Files("*.hocon")).Concat(SourceTree.Files("*.csproj")),
            line => Unfinished.FirstOrDefault(mark => line.Contains(mark, StringComparison.Ordinal))));

    [SourceFact]
    public void Akka_is_used_only_where_actors_live() => SourceTree.AssertNone(
        Matching(
            SourceTree.Files("*.cs").Where(f => !AkkaFolders.Any(folder => f.StartsWith(folder, StringComparison.Ordinal))),
            line => UsesAkka().IsMatch(line) ? "uses Akka" : null));

    [SourceFact]
    public void The_configuration_library_knows_nothing_of_Akka() => SourceTree.AssertNone(
        Matching(SourceTree.Files("*.cs").Where(InHocon), line => UsesAkka().IsMatch(line) ? "uses Akka" : null));

    [SourceFact]
    public void Devices_are_scanned_for_in_one_place() => Assert.Equal(
        ["Host/Composition/DeviceCatalogue.cs"],
        SourceTree.Files("*.cs").Where(f => !f.StartsWith("Tests/", StringComparison.Ordinal))
            .Where(f => SourceTree.Lines(f).Any(line => line.Contains(".GetTypes()", StringComparison.Ordinal))));

    private static bool InHocon(string file) => file.StartsWith("Engine/Hocon/", StringComparison.Ordinal);

    private static IEnumerable<string> Matching(IEnumerable<string> files, Func<string, string?> problem) =>
        from file in files
        from line in SourceTree.Lines(file).Select((text, index) => (Problem: problem(text), Number: index + 1))
        where line.Problem is not null
        select $"{file}:{line.Number}: {line.Problem}";

    [GeneratedRegex(@"^\s*(global\s+)?using\s+(static\s+)?(\w+\s*=\s*)?(global::)?Akka\b")]
    private static partial Regex UsesAkka();
}
