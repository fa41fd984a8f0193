using System.Text;
using Flyscan.Hocon;
using Xunit;

namespace Flyscan.Tests.Hocon;

/// <summary>Cases of the HOCON specification's section on substitutions, and what makes them go on for ever.</summary>
public sealed class HoconSubstitutionTests
{
    [Theory]
    [InlineData("a = ${b}, b = 1", "a = 1, b = 1")]
    [InlineData("a = ${?b}", "")]
    [InlineData("a = 1, a = ${?b}", "a = 1")]
    [InlineData("a = x${?b}y", "a = xy")]
    [InlineData("a = ${?b} ${?c}", "")]
    [InlineData("a = ${b} and ${b}, b = 2", "a = \"2 and 2\", b = 2")]
    [InlineData("a = [1, ${?b}, 2]", "a = [1, 2]")]
    [InlineData("a = ${b} [3], b = [1, 2]", "a = [1, 2, 3], b = [1, 2]")]
    [InlineData("a = ${b} { y = 2 }, b { x = 1 }", "a { x = 1, y = 2 }, b { x = 1 }")]
    [InlineData("a = ${b} ${c}, b { x = 1 }, c { x = 2 }", "a { x = 2 }, b { x = 1 }, c { x = 2 }")]
    [InlineData("a = null, b = ${a}", "a = null, b = null")]
    [InlineData("path = \"a:b\", path = ${path}\":c\"", "path = \"a:b:c\"")]
    [InlineData("a = ${?a}foo", "a = foo")]
    [InlineData("a = [1], a = ${a} [2], a = ${a} [3]", "a = [1, 2, 3]")]
    [InlineData("a = [1], a = [${a}, 2]", "a = [[1], 2]")]
    [InlineData("bar { foo = 42, baz = ${bar.foo} }", "bar { foo = 42, baz = 42 }")]
    [InlineData("bar { foo = 42, baz = ${bar.foo} }, bar { foo = 43 }", "bar { foo = 43, baz = 43 }")]
    [InlineData("bar { a = ${foo.d}, b = 1 }, bar.b = 3, foo { c = ${bar.b}, d = 2 }, foo.d = 4",
        "bar { a = 4, b = 3 }, foo { c = 3, d = 4 }")]
    [InlineData("foo { a { c = 1 } }, foo = ${foo.a}, foo { a = 2 }", "foo { a = 2, c = 1 }")]
    [InlineData("a = 1, b = 2, a = ${b}, b = ${a}", "a = 1, b = 1")]
    [InlineData("a { b = 1 }, a { b = ${a.b}2 }", "a { b = 12 }")]
    [InlineData("b { l = [1] }, a = ${b}, a.l += 2", "b { l = [1] }, a { l = [1, 2] }")]
    [InlineData("a = ${b}, b { x = 1 }, a { x = 2 }, c = ${a.x}", "a { x = 2 }, b { x = 1 }, c = 2")]
    [InlineData("a = ${b}, b { p { x = 1 } }, a { p { y = 2 } }, c = ${a.p}",
        "a { p { x = 1, y = 2 } }, b { p { x = 1 } }, c { x = 1, y = 2 }")]
    [InlineData("a { p = 1 }, a = ${b}, b { q = 2 }, c = ${?a.p.z}, d = ${a.q}", "a { p = 1, q = 2 }, b { q = 2 }, d = 2")]
    [InlineData("a = ${HOME}/x", "a = the-home/x")]
    [InlineData("HOME = ${HOME}2", "HOME = the-home2")]
    [InlineData("a = ${?ABSENT}", "")]
    [InlineData("a = ${\"x.y\"}, \"x.y\" = 1", "a = 1, \"x.y\" = 1")]
    public void Substitutions_resolve_to(string text, string same) =>
        Assert.Equal(HoconConfiguration.Parse(same, "same", Options), HoconConfiguration.Parse(text, "text", Options));

    [Theory]
    [InlineData("a = ${b}", "t:1:5: ${b} is not set anywhere, nor in the environment; write ${?b} if it may be absent.")]
    [InlineData("a = ${a}", "t:1:5: ${a} refers back to what is being defined here, and nothing was set before it.")]
    [InlineData("a = ${b}, b = ${a}", "t:1:15: ${a} refers back to what is being defined here, and nothing was set before it.")]
    [InlineData("a { b = ${a} }", "t:1:3: this object contains itself, through a substitution in one of its fields.")]
    [InlineData("a = ${b} { x = 1 }, b = 3", "t:1:5: ${b} is 3, but it is joined with an object.")]
    [InlineData("a = ${b}x, b = [1]", "t:1:9: x is joined with an array, but is none.")]
    [InlineData("a = x${b}, b = [1]", "t:1:6: [1] cannot be joined with a text.")]
    public void What_cannot_be_resolved_is_refused_with_its_place(string text, string message) =>
        Assert.Equal(message, Assert.Throws<HoconException>(() => HoconConfiguration.Parse(text, "t", Options)).Message);

    [Theory]
    [InlineData("${x}${x}")]
    [InlineData("[${x}, ${x}]")]
    [InlineData("{ l = ${x}, r = ${x} }")]
    public void Texts_that_double_at_each_step_are_refused(string doubled)
    {
        var text = new StringBuilder("a0 = 1\n");
        for (var i = 1; i < 60; i++)
            text.Append($"a{i} = {doubled.Replace("x", $"a{i - 1}")}\n");
        var error = Assert.Throws<HoconException>(() => HoconConfiguration.Parse(text.ToString(), "t"));
        Assert.Contains("larger than", error.Message);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Long_chains_of_substitutions_are_refused(bool forwards)
    {
        var lines = Enumerable.Range(1, 50_000).Select(i => $"a{i} = {{ x = ${{a{i - 1}}} }}\n").Prepend("a0 = 1\n");
        var text = string.Concat(forwards ? lines : lines.Reverse());
        Assert.Contains("deep", Assert.Throws<HoconException>(() => HoconConfiguration.Parse(text, "t")).Message);
    }

    private static readonly HoconOptions Options = new() { Environment = name => name == "HOME" ? "the-home" : null };
}
