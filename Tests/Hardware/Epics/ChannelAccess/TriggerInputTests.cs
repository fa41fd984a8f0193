using Flyscan.Hardware.Epics.ChannelAccess.Server;
using Xunit;

namespace Flyscan.Tests.Hardware.Epics.ChannelAccess;

public sealed class TriggerInputTests
{
    [Theory]
    [InlineData("12 3400 1", 12, 3400, true)]
    [InlineData("0 0 0", 0, 0, false)]
    [InlineData("-1 5 0", -1, 5, false)]
    public void A_line_is_a_pulse_s_number_time_and_level(string line, long number, long timeNs, bool rises)
    {
        Assert.True(TriggerInput.TryRead(line, out var edge));
        Assert.Equal((number, timeNs, rises), edge);
    }

    [Theory]
    [InlineData("")]
    [InlineData("GET / HTTP/1.1")]
    [InlineData("1 2 3")]
    [InlineData("1 2")]
    [InlineData("a 2 1")]
    [InlineData("1 -2 1")]
    public void Anything_else_is_none(string line) => Assert.False(TriggerInput.TryRead(line, out _));
}
