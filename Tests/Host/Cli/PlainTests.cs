using Flyscan.Host.Cli;
using Spectre.Console;
using Xunit;

namespace Flyscan.Tests.Host.Cli;

public sealed class PlainTests
{
    [Theory]
    [InlineData("VIRTUAL:ZEBRA:PC_ARM")]
    [InlineData("BL:CAMERA:ROCKET:[1] a")]
    [InlineData("MOT:X.VAL [mm]")]
    [InlineData("12:30:05")]
    [InlineData("")]
    public void A_record_s_name_is_shown_as_it_is(string text)
    {
        var shown = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.No,
            Out = new AnsiConsoleOutput(shown),
        });
        console.Profile.Width = 80;
        console.Write(new Table().Border(TableBorder.None).HideHeaders().AddColumn("name").AddRow(Plain.Of(text)));
        Assert.Equal(text, shown.ToString().Trim());
    }
}
