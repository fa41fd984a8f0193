namespace Flyscan.Actors.Remote;

/// <summary>What crosses between a supervisor's side and a device's host.</summary>
/// <remarks>Channel: the supervisor's epoch. Number: of the message, from 1; 0 for a frame that only acknowledges. HeardTo: number of the
/// last message received in order.</remarks>
public sealed record ChannelFrame(long Channel, long Number, long HeardTo, object? Message);

/// <summary>Whoever was written to knows no such channel: it was started anew, or a newer supervisor is in charge.</summary>
public sealed record ChannelUnknown(long Channel);

/// <summary>Asks for an acknowledgement, so that silence is noticed.</summary>
public sealed record ChannelPing;

/// <summary>One end of a channel over a network that delays, repeats and loses: each message is received once, in order.</summary>
/// <remarks>Pure: whoever owns it sends the frames and calls when time has passed.</remarks>
internal sealed class ReliableEnd(long channel)
{
    private readonly Queue<(long Number, long AtNs, object Message)> _unheard = new();
    private long _sent;
    private long _received;

    /// <summary>Whether the other end has ever acknowledged anything.</summary>
    public bool WasHeard { get; private set; }

    /// <summary>When the oldest message was sent that is not acknowledged; null where all are.</summary>
    /// <remarks><b>Units</b> nanoseconds.</remarks>
    public long? UnheardSinceNs => _unheard.TryPeek(out var oldest) ? oldest.AtNs : null;

    public ChannelFrame Send(object message, long nowNs)
    {
        _unheard.Enqueue((++_sent, nowNs, message));
        return new ChannelFrame(channel, _sent, _received, message);
    }

    /// <summary>Takes a frame in; returns its message where it is the next in order, null where it came before, too early or
    /// empty.</summary>
    public object? Receive(ChannelFrame frame)
    {
        while (_unheard.TryPeek(out var oldest) && oldest.Number <= frame.HeardTo)
        {
            _unheard.Dequeue();
            WasHeard = true;
        }
        if (frame.Number != _received + 1)
            return null;
        _received++;
        return frame.Message;
    }

    /// <summary>Says what has been received so far.</summary>
    public ChannelFrame Acknowledgement => new(channel, 0, _received, null);

    /// <summary>Everything that is not acknowledged, once more, where the oldest of it was sent by that time.</summary>
    public IEnumerable<ChannelFrame> Again(long sentByNs) => UnheardSinceNs <= sentByNs
        ? _unheard.Select(m => new ChannelFrame(channel, m.Number, _received, m.Message))
        : [];
}
