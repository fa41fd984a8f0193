using System.Text.RegularExpressions;
using Flyscan.Host.Cli;
using Flyscan.Host.Composition;
using Flyscan.Persistence.Codecs;
using Flyscan.Scanning.Runs;
using Xunit;

namespace Flyscan.Tests.Architecture;

/// <summary>The documentation says what the code says.</summary>
public sealed partial class DocsTests
{
    private const string Cli = "docs/reference/cli.md";
    private const string Events = "docs/reference/journal-events.md";
    private const string BeamlineFile = "docs/reference/beamline-file.md";

    [SourceFact]
    public void Every_relative_link_leads_somewhere() => SourceTree.AssertNone(
        from file in SourceTree.Files("*.md")
        from link in LinksOf(file)
        where !link.Contains("://", StringComparison.Ordinal) && !link.StartsWith("mailto:", StringComparison.Ordinal)
        let problem = ProblemOf(file, link)
        where problem is not null
        select $"{file}: ({link}): {problem}");

    [SourceFact]
    public void Every_page_of_docs_is_reached_from_an_index()
    {
        var linked = SourceTree.Files("*.md").SelectMany(file => LinksOf(file)
                .Where(link => !link.Contains("://", StringComparison.Ordinal) && !link.StartsWith('#'))
                .Select(link => Target(file, link.Split('#')[0])))
            .ToHashSet(StringComparer.Ordinal);
        SourceTree.AssertNone(
            from page in SourceTree.Files("*.md")
            where page.StartsWith("docs/", StringComparison.Ordinal) && page != "docs/decisions/template.md"
            where !linked.Contains(Path.Combine(SourceTree.Root!, page))
            select $"{page}: no page links to it");
    }

    [SourceFact]
    public void Every_verb_named_in_the_reference_exists()
    {
        var launched = SourceTree.Lines("flyscan")
            .Select(line => LauncherVerb().Match(line)).Where(m => m.Success).Select(m => m.Groups[1].Value);
        var verbs = CommandLine.Create().Subcommands.Select(c => c.Name).Concat(launched).ToHashSet(StringComparer.Ordinal);
        SourceTree.AssertNone(
            from line in SourceTree.Lines(Cli)
            from Match match in Verb().Matches(line)
            let verb = match.Groups[1].Value
            where !verbs.Contains(verb)
            select $"{Cli}: flyscan {verb}: there is no such verb; there are {string.Join(", ", verbs)}");
    }

    [SourceFact]
    public void Every_verb_and_each_of_its_options_is_in_the_reference() => SourceTree.AssertNone(
        from command in CommandLine.Create().Subcommands
        let section = SectionOf(Cli, $"## flyscan {command.Name}")
        from missing in section.Length == 0
            ? ["the section itself"]
            : command.Options.SelectMany(o => o.Aliases.Prepend(o.Name))
                .Concat(command.Arguments.Select(a => a.Name))
                .Where(word => !section.Contains($"`{word}", StringComparison.Ordinal))
        select $"{Cli}, flyscan {command.Name}: {missing} is missing");

    [SourceFact]
    public void Every_journal_event_is_in_the_reference_with_its_manifest_and_members()
    {
        var cases = typeof(ScanEvent).GetNestedTypes().Where(t => t.IsSubclassOf(typeof(ScanEvent))).ToList();
        Assert.Equal(ScanEventCodec.Manifests.Select(m => m.Split('/')[0]).Distinct().Count(), cases.Count);
        SourceTree.AssertNone(
            from type in cases
            let section = SectionOf(Events, $"### {type.Name}")
            from missing in section.Length == 0
                ? ["the section itself"]
                : type.GetProperties().Select(p => p.Name).Where(name => name is not ("AtNs" or "EqualityContract"))
                    .Select(name => $"`{char.ToLowerInvariant(name[0])}{name[1..]}`")
                    .Where(member => !section.Contains(member, StringComparison.Ordinal))
            select $"{Events}, {type.Name}: {missing} is missing");
        var text = Text(Events);
        SourceTree.AssertNone(ScanEventCodec.Manifests.Where(m => !text.Contains($"`{m}`", StringComparison.Ordinal)));
    }

    [SourceFact]
    public void Every_kind_of_device_is_in_the_reference() => SourceTree.AssertNone(
        from factory in DeviceCatalogue.OfHardware().Factories
        where SectionOf(BeamlineFile, $"### {factory.Kind}").Length == 0
        select $"{BeamlineFile}: kind {factory.Kind} has no section");

    [SourceFact]
    public void Every_exit_code_is_in_the_reference()
    {
        var page = Text("docs/reference/exit-codes-and-json.md");
        SourceTree.AssertNone(
            from field in typeof(ExitCode).GetFields()
            let code = (int)field.GetRawConstantValue()!
            where !page.Contains($"| {code} |", StringComparison.Ordinal)
            select $"exit code {code} ({field.Name}) is missing");
    }

    [SourceFact]
    public void Every_decision_is_in_the_index()
    {
        var index = Text("docs/decisions/README.md");
        SourceTree.AssertNone(
            from file in SourceTree.Files("*.md")
            where file.StartsWith("docs/decisions/0", StringComparison.Ordinal)
            where !index.Contains($"({Path.GetFileName(file)})", StringComparison.Ordinal) || SourceTree.Lines(file).Length > 40
            select $"{file}: not in the index, or longer than 40 lines");
    }

    [Fact]
    public void A_heading_becomes_the_anchor_that_forges_make_of_it() =>
        Assert.Equal("what-is-not-there-yet-041", Anchor("## What is *not* there yet (0.4/1)"));

    private static string Text(string file) => string.Join('\n', SourceTree.Lines(file));

    /// <summary>Text from a heading to the next of its level or above; empty where there is no such heading.</summary>
    private static string SectionOf(string file, string heading)
    {
        var level = heading.IndexOf(' ');
        var lines = SourceTree.Lines(file)
            .SkipWhile(line => line != heading && !line.StartsWith(heading + " ", StringComparison.Ordinal)).ToList();
        return string.Join('\n', lines.Take(1).Concat(lines.Skip(1).TakeWhile(line => !IsHeading(line, level))));
    }

    private static bool IsHeading(string line, int most) =>
        line.IndexOf(' ') is > 0 and var level && level <= most && line.AsSpan(0, level).Trim('#').IsEmpty;

    /// <summary>Links outside of code.</summary>
    private static IEnumerable<string> LinksOf(string file)
    {
        var isCode = false;
        foreach (var line in SourceTree.Lines(file))
        {
            if (line.StartsWith("```", StringComparison.Ordinal))
                isCode = !isCode;
            if (isCode)
                continue;
            foreach (Match match in Link().Matches(Code().Replace(line, "")))
                yield return match.Groups[1].Value;
        }
    }

    private static string? ProblemOf(string file, string link)
    {
        var parts = link.Split('#', 2);
        var target = parts[0].Length == 0 ? Path.Combine(SourceTree.Root!, file) : Target(file, parts[0]);
        if (!File.Exists(target) && !Directory.Exists(target))
            return "there is no such file";
        var isAnchored = parts.Length == 1 || File.ReadLines(target).Any(l => l.StartsWith('#') && Anchor(l) == parts[1]);
        return isAnchored ? null : "the file has no such heading";
    }

    private static string Target(string file, string path) =>
        Path.GetFullPath(path, Path.GetDirectoryName(Path.Combine(SourceTree.Root!, file))!);

    private static string Anchor(string heading)
    {
        var letters = heading.TrimStart('#').Trim().ToLowerInvariant().Where(c => char.IsLetterOrDigit(c) || c is ' ' or '-' or '_');
        return string.Concat(letters).Replace(' ', '-');
    }

    [GeneratedRegex(@"!?\[[^\]]*\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex("`[^`]*`")]
    private static partial Regex Code();

    [GeneratedRegex(@"(?:`|## |\$ |\./)flyscan ([a-z]+)")]
    private static partial Regex Verb();

    /// <summary>What the launcher does itself: the cases of its script.</summary>
    [GeneratedRegex(@"^  ([a-z]+)\)$")]
    private static partial Regex LauncherVerb();
}
