using Flyscan.Persistence.Catalogue;
using Flyscan.Scanning.Units;
using Xunit;

namespace Flyscan.Tests.Persistence.Catalogue;

public sealed class PathTemplateTests
{
    private static readonly PathValues Values = new("7d1c", "cm12345-1", 42, "ab");

    [Theory]
    [InlineData("runs/{uid}", "runs/7d1c")]
    [InlineData("{visit}/{operator}/scan-{scan}-{uid}", "cm12345-1/ab/scan-42-7d1c")]
    [InlineData("plain", "plain")]
    [InlineData("a..b/{scan}{scan}", "a..b/4242")]
    public void A_template_becomes_a_folder_below_the_data_folder(string template, string path) =>
        Assert.Equal(new Outcome<string>.Completed(path), PathTemplate.Expand(template, Values));

    [Theory]
    [InlineData("/data/{uid}", "is absolute")]
    [InlineData("", "is absolute, empty")]
    [InlineData("a//b", "has an empty name")]
    [InlineData("a/", "has an empty name")]
    [InlineData("../{uid}", "'..' begins with '.'")]
    [InlineData("a/../../{uid}", "'..' begins with '.'")]
    [InlineData("./{uid}", "'.' begins with '.'")]
    [InlineData(".hidden/{uid}", "'.hidden' begins with '.'")]
    [InlineData("-rf", "'-rf' begins with '-'")]
    [InlineData("a b", "' ' in 'a b'")]
    [InlineData("a\\b", "'\\' in 'a\\b'")]
    [InlineData("a\n", "in 'a\n'")]
    [InlineData("~/x", "'~' in '~'")]
    [InlineData("µ", "'µ' in 'µ'")]
    [InlineData("{year}/x", "{year} is not known; there are {visit} {scan} {operator} {uid}")]
    [InlineData("{uid", "'{' in '{uid'")]
    public void A_template_that_leads_elsewhere_is_refused_by_name(string template, string problem) =>
        AssertRefused(problem, PathTemplate.Expand(template, Values));

    [Theory]
    [InlineData("../x", "visit is '../x'")]
    [InlineData("..", "visit is '..'")]
    [InlineData("a/b", "visit is 'a/b'")]
    [InlineData("a b", "visit is 'a b'")]
    [InlineData("-x", "visit is '-x'")]
    [InlineData("{uid}", "visit is '{uid}'")]
    [InlineData("", "the request gives no visit")]
    [InlineData(null, "the request gives no visit")]
    public void A_value_that_cannot_be_a_name_is_refused_by_name(string? visit, string problem) =>
        AssertRefused(problem, PathTemplate.Expand("{visit}/{uid}", Values with { Visit = visit }));

    [Fact]
    public void A_name_that_is_too_long_is_refused_with_its_length_and_the_limit() =>
        AssertRefused("has 201 characters; at most 200", PathTemplate.Expand(new string('a', 201), Values));

    private static void AssertRefused(string problem, Outcome<string> outcome) =>
        Assert.Contains(problem, Assert.IsType<Outcome<string>.Refused>(outcome).Reason);
}
