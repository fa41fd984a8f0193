using Flyscan.Hocon;
using Xunit;

namespace Flyscan.Tests.Hocon;

public sealed class HoconParsingTests
{
    [Theory]
    [InlineData("a = 1\nb = 2", "a = 1, b = 2")]
    [InlineData("a : 1, b : 2", "a = 1, b = 2")]
    [InlineData("{ \"a\" : 1, \"b\" : [1, 2, 3], \"c\" : null }", "a = 1, b = [1, 2, 3], c = null")]
    [InlineData("a = [1\n2\n3,]", "a = [1, 2, 3]")]
    [InlineData("a.b.c = 1, a.b.d = 2", "a { b { c = 1, d = 2 } }")]
    [InlineData("a { b = 1 }\na { c = 2 }", "a { b = 1, c = 2 }")]
    [InlineData("a { b = 1 }\na = 2", "a = 2")]
    [InlineData("a { b = 1 }, a = null, a { c = 2 }", "a { c = 2 }")]
    [InlineData("a = 1 # one\nb = 2 // two\n# end", "a = 1, b = 2")]
    [InlineData("a = hello  world  ", "a = \"hello  world\"")]
    [InlineData("a = \"one\" two \"three\"", "a = \"one two three\"")]
    [InlineData("a = \"null\" ", "a = \"null\"")]
    [InlineData("\"a.b\".c = 1", "\"a.b\" { c = 1 }")]
    [InlineData("a b . c = 1", "\"a b\" { c = 1 }")]
    [InlineData("a = \"\"\"x\"y\\n\nz\"\"\"\"", "a = \"x\\\"y\\\\n\\nz\\\"\"")]
    [InlineData("a = \"\\u0041\\t\\/\"", "a = \"A\\t/\"")]
    [InlineData("a = [1, 2] [3]", "a = [1, 2, 3]")]
    [InlineData("a = { b = 1 } { b = 2, c = 3 }", "a { b = 2, c = 3 }")]
    [InlineData("a += 1, a += { b = 2 }", "a = [1, { b = 2 }]")]
    [InlineData("a = [0], a += 1, a += 2", "a = [0, 1, 2]")]
    [InlineData("x = [{ a += 1, a += 2 }]", "x = [{ a = [1, 2] }]")]
    [InlineData("a = 1e+5, b = -3.5, c = 127.0.0.1", "a = \"1e+5\", b = -3.5, c = \"127.0.0.1\"")]
    [InlineData("a = 5 ms, b=5ms, c = 64MiB", "a = \"5 ms\", b = 5ms, c = 64MiB")]
    [InlineData("a\n{ b =\n 1 }", "a { b = 1 }")]
    [InlineData("\uFEFFa = 1\r\nb = 2\r\n", "a = 1, b = 2")]
    [InlineData("", "")]
    public void Text_reads_as(string text, string same) =>
        Assert.Equal(HoconConfiguration.Parse(same, "same"), HoconConfiguration.Parse(text, "text"));

    [Theory]
    [InlineData("a = ", "t:1:5: expected a value, found the end of the text.")]
    [InlineData("a = ,", "t:1:5: expected a value, found ','.")]
    [InlineData("a 1", "t:1:4: expected '=', ':' or '{' after the key \"a 1\", found the end of the text.")]
    [InlineData("x {\n a = 1\n", "t:1:3: the '{' here has no closing '}'.")]
    [InlineData("a = 1 }", "t:1:7: this '}' closes nothing.")]
    [InlineData("a = [1, 2", "t:1:5: the '[' here has no closing ']'.")]
    [InlineData("a = \"abc\nb = 2", "t:1:5: the text that begins here has no closing quote before the end of the line.")]
    [InlineData("a = \"\"\"abc", "t:1:5: the text that begins here with \"\"\" has no closing \"\"\".")]
    [InlineData("a = \"\\x\"", "t:1:6: expected one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX; write \\\\ for a backslash.")]
    [InlineData("a = 1,, b = 2", "t:1:7: expected a key, found ','.")]
    [InlineData("a..b = 1", "t:1:3: expected a key, found '.'.")]
    [InlineData("url = http://x",
        "t:1:11: unexpected ':' in a value: text that holds it needs double quotes, or a new line or ',' is missing.")]
    [InlineData("a = [1] b", "t:1:9: only an array can be joined with an array; a new line or ',' may be missing.")]
    [InlineData("a { b = 1 } c = 2",
        "t:1:15: unexpected '=' in a value: text that holds it needs double quotes, or a new line or ',' is missing.")]
    [InlineData("a { b = 1 } c", "t:1:13: only an object can be joined with an object; a new line or ',' may be missing.")]
    [InlineData("[1]", "t:1:1: expected an object (keys and values), found '['.")]
    [InlineData("\n\n  a = ${b", "t:3:10: expected '}' after ${b, found the end of the text.")]
    [InlineData("include 3x", "t:1:11: expected '=', ':' or '{' after the key \"include 3x\", found the end of the text.")]
    [InlineData("include url(\"x\")",
        "t:1:9: expected the name of a file in quotes: include \"name\", file(\"name\") or required(\"name\").")]
    public void Wrong_text_is_refused_with_its_place(string text, string message) =>
        Assert.Equal(message, Assert.Throws<HoconException>(() => HoconConfiguration.Parse(text, "t")).Message);

    [Fact]
    public void Values_remember_where_they_were_written()
    {
        var root = HoconConfiguration.Parse("a {\n  b = 1\n  c = ${a.b}\n  d = [\n 7 ]\n}\na.e = 5", "f.hocon");
        Assert.Equal(new HoconOrigin("f.hocon", 2, 7), root.Find("a.b")!.Origin);
        Assert.Equal("f.hocon:2", root.Find("a.c")!.Origin.ToString());
        Assert.Equal("f.hocon:5", ((HoconArray)root.Find("a.d")!).Items[0].Origin.ToString());
        Assert.Equal("f.hocon:7", root.Find("a.e")!.Origin.ToString());
    }

    [Fact]
    public void Later_sources_override_and_may_be_referred_to_by_earlier_ones()
    {
        var root = HoconConfiguration.Parse(
            [new HoconSource("low", "a { x = ${b}, y = 1 }, b = 1"), new HoconSource("high", "b = 2, a.y = 3")]);
        Assert.Equal(HoconConfiguration.Parse("a { x = 2, y = 3 }, b = 2", "same"), root);
    }

    [Fact]
    public void Nesting_deeper_than_the_limit_is_refused()
    {
        var arrays = "a = " + new string('[', 100_000);
        var paths = string.Join('.', Enumerable.Repeat("a", 100_000)) + " = 1";
        foreach (var text in (string[])[arrays, paths])
            Assert.Contains("nested", Assert.Throws<HoconException>(() => HoconConfiguration.Parse(text, "t")).Message);
    }

    [Fact]
    public void Text_longer_than_the_limit_is_refused()
    {
        var options = new HoconOptions { MaxSize = 1000 };
        var error = Assert.Throws<HoconException>(() => HoconConfiguration.Parse(new string(' ', 1000), "t", options));
        Assert.Equal("t:1:1: the configuration has more than 1000 characters, with all it includes.", error.Message);
    }

    [Fact]
    public void Includes_merge_where_they_stand_and_find_their_own_paths_first()
    {
        var options = Files(("part", "x = 1\ny = ${x}\nz = ${top}"), ("other", "{ w = 4 }"));
        var root = HoconConfiguration.Parse(
            "top = 9, x = 7\na { include \"part\", x = 2 }\ninclude required(file(\"other\"))\ninclude \"absent\"", "main", options);
        Assert.Equal(HoconConfiguration.Parse("top = 9, x = 7, a { x = 2, y = 2, z = 9 }, w = 4", "same"), root);
    }

    [Theory]
    [InlineData("include required(\"absent\")", "main:1:1: the file \"absent\" that must be included here was not found.")]
    [InlineData("include \"bad\"", "bad:1:5: expected a value, found '}'.")]
    [InlineData("include file(\"bad\"", "main:1:19: expected ')' after the file's name, found the end of the text.")]
    public void Wrong_includes_are_refused(string text, string message)
    {
        var options = Files(("bad", "a = }"));
        Assert.Equal(message, Assert.Throws<HoconException>(() => HoconConfiguration.Parse(text, "main", options)).Message);
    }

    [Theory]
    [InlineData("include \"self\"")]
    [InlineData("include \"self\", include \"self\"")]
    [InlineData("a = [{ b = [{ include \"self\" }] }]")]
    public void A_file_that_includes_itself_is_refused(string text)
    {
        var error = Assert.Throws<HoconException>(() => HoconConfiguration.Parse(text, "self", Files(("self", text))));
        Assert.StartsWith("self:1:", error.Message);
    }

    [Theory]
    [InlineData("5 ms", 5_000_000)]
    [InlineData("5ms", 5_000_000)]
    [InlineData("10 min", 600_000_000_000)]
    [InlineData("40 us", 40_000)]
    [InlineData("0.5s", 500_000_000)]
    [InlineData("-1 ns", -1)]
    [InlineData("0 ms", 0)]
    [InlineData("1 day", 86_400_000_000_000)]
    public void Durations_are_read_in_nanoseconds(string text, long ns)
    {
        Assert.True(HoconUnits.TryDurationNs(text, out var read));
        Assert.Equal(ns, read);
    }

    [Theory]
    [InlineData("64MiB", 64L << 20)]
    [InlineData("64 MB", 64_000_000)]
    [InlineData("1.5 KiB", 1536)]
    [InlineData("12 B", 12)]
    public void Sizes_are_read_in_bytes(string text, long bytes)
    {
        Assert.True(HoconUnits.TryBytes(text, out var read));
        Assert.Equal(bytes, read);
    }

    [Theory]
    [InlineData("5")]
    [InlineData("ms")]
    [InlineData("")]
    [InlineData("5 parsecs")]
    [InlineData("0.1 ns")]
    [InlineData("1e3 ms")]
    [InlineData("300000 d")]
    [InlineData("99999999999999999999999999999999 ns")]
    public void What_is_no_duration_is_refused(string text) => Assert.False(HoconUnits.TryDurationNs(text, out _));

    [Theory]
    [InlineData(5_000_000, "5 ms")]
    [InlineData(600_000_000_000, "10 min")]
    [InlineData(1_500_000, "1500 us")]
    [InlineData(0, "0 ns")]
    public void Durations_are_written_in_the_largest_whole_unit(long ns, string text)
    {
        Assert.Equal(text, HoconUnits.FormatDuration(ns));
        Assert.True(HoconUnits.TryDurationNs(text, out var read) && read == ns);
    }

    private static HoconOptions Files(params (string Name, string Text)[] files) => new()
    {
        Include = (name, _) => files.Where(f => f.Name == name).Select(f => new HoconSource(name, f.Text)).FirstOrDefault(),
    };
}
