using Flyscan.Actors.Remote;
using Xunit;

namespace Flyscan.Tests.Actors.Remote;

public sealed class ReliableEndTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Whatever_a_network_loses_repeats_and_mixes_up_each_message_is_received_once_in_order(int seed)
    {
        var draw = new Seeded((ulong)seed);
        var (near, far) = (new ReliableEnd(1), new ReliableEnd(1));
        var (toFar, toNear) = (new List<ChannelFrame>(), new List<ChannelFrame>());
        var received = new List<object>();
        for (var step = 0; step < 100_000 && (step < 100 || near.UnheardSinceNs is not null); step++)
        {
            if (step < 100)
                toFar.Add(near.Send(step, step));
            else if (toFar.Count == 0)
                toFar.AddRange(near.Again(step));
            if (Arriving(draw, toFar) is { } frame)
            {
                if (far.Receive(frame) is { } message)
                    received.Add(message);
                toNear.Add(far.Acknowledgement);
            }
            if (Arriving(draw, toNear) is { } heard)
                near.Receive(heard);
        }

        Assert.Null(near.UnheardSinceNs);
        Assert.Equal(Enumerable.Range(0, 100), received.Cast<int>());
    }

    [Fact]
    public void What_is_not_acknowledged_is_sent_again_only_after_a_while()
    {
        var end = new ReliableEnd(7);
        end.Send("first", 100);
        end.Send("second", 150);

        Assert.Empty(end.Again(99));
        Assert.Equal(["first", "second"], end.Again(100).Select(f => f.Message));
        Assert.False(end.WasHeard);

        end.Receive(new ChannelFrame(7, 0, 1, null));

        Assert.True(end.WasHeard);
        Assert.Equal(150, end.UnheardSinceNs);
        Assert.Equal(["second"], end.Again(150).Select(f => f.Message));
    }

    [Fact]
    public void A_message_after_a_gap_waits_until_it_comes_again()
    {
        var end = new ReliableEnd(1);

        Assert.Null(end.Receive(new ChannelFrame(1, 2, 0, "second")));
        Assert.Equal("first", end.Receive(new ChannelFrame(1, 1, 0, "first")));
        Assert.Null(end.Receive(new ChannelFrame(1, 1, 0, "first")));
        Assert.Equal("second", end.Receive(new ChannelFrame(1, 2, 0, "second")));
        Assert.Equal(2, end.Acknowledgement.HeardTo);
    }

    /// <summary>One of what is on its way, taken or left there to come again; some are lost.</summary>
    private static ChannelFrame? Arriving(Seeded draw, List<ChannelFrame> onItsWay)
    {
        if (onItsWay.Count == 0 || draw.Next(3) == 0)
            return null;
        var at = draw.Next(Math.Min(3, onItsWay.Count));
        var frame = onItsWay[at];
        if (draw.Next(5) > 0)
            onItsWay.RemoveAt(at);
        return draw.Next(5) == 0 ? null : frame;
    }
}
