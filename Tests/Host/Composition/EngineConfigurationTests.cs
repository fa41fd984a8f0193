using Flyscan.Hardware.Contracts;
using Flyscan.Hocon;
using Flyscan.Host.Composition;
using Xunit;

namespace Flyscan.Tests.Host.Composition;

public sealed class EngineConfigurationTests
{
    [Fact]
    public void The_shipped_files_resolve_with_the_journal_in_place()
    {
        var text = EngineConfiguration.ResolveFolder(AppContext.BaseDirectory, EngineConfiguration.JournalIn("/data/my runs/journal.db"));
        var akka = HoconConfiguration.Parse(text, "resolved");
        Assert.Equal(["akka"], akka.Fields.Select(f => f.Key));
        foreach (var store in (string[])["journal", "snapshot-store"])
        {
            var id = $"akka.persistence.{store}.sql";
            Assert.Equal(id, Text(akka, $"akka.persistence.{store}.plugin"));
            Assert.Equal("Data Source=\"/data/my runs/journal.db\"", Text(akka, $"{id}.connection-string"));
            Assert.Equal("SQLite.MS", Text(akka, $"{id}.provider-name"));
            Assert.Equal("on", Text(akka, $"{id}.auto-initialize"));
        }
        Assert.Equal("OFF", Text(akka, "akka.stdout-loglevel"));
        Assert.DoesNotContain("${", text);
    }

    [Fact]
    public void Overrides_stand_above_the_root_file_and_the_engine_file_below()
    {
        var text = EngineConfiguration.Resolve(
            "akka { a = root, b = root, c = ${x.y} }, x.y = 1, other = 2",
            "akka { a = engine, d = engine }",
            new Dictionary<string, string> { ["akka.b"] = "say \"${z}\"", ["x.y"] = "2" });
        Assert.Equal("akka {\n  a = root\n  d = engine\n  b = \"say \\\"${z}\\\"\"\n  c = 2\n}\n", text);
    }

    [Fact]
    public void A_journal_that_nobody_placed_is_refused_by_the_line_that_needs_it()
    {
        var none = new Dictionary<string, string>();
        var error = Assert.Throws<SettingsException>(() => EngineConfiguration.ResolveFolder(AppContext.BaseDirectory, none));
        Assert.Contains($"${{{EngineConfiguration.JournalKey}}} is not set anywhere", error.Message);
    }

    private static string Text(HoconObject root, string path) => Assert.IsType<HoconText>(root.Find(path)).Text;
}
