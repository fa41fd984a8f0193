using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Epics.ChannelAccess.Server;
using Flyscan.Hardware.PandA.Protocol;

namespace Flyscan.Hardware.PandA.Simulator;

/// <summary>An IOC's connection to the control port of its box: commands out, and an action for their replies.</summary>
/// <remarks>Guarded by the server's lock: everything here runs under it.</remarks>
internal sealed class PandAIocBoxLine : IDisposable
{
    /// <summary>A box in the same world answers or is gone; a world on a busy machine makes leaps of a second.</summary>
    private const long LongestReplyNs = 600_000_000_000;

    private readonly IConnection _connection;
    private readonly IServerTime _time;
    private readonly Action _lost;
    private readonly PandAControlProtocol _protocol = new(new PandAControlLimits(MostPending: 100_000, ReplyWithinNs: LongestReplyNs));
    private readonly Queue<Batch> _batches = new();
    private IDisposable? _wake;
    private bool _isDead;

    /// <param name="connection">Not started.</param>
    /// <param name="time">Of the server whose records are behind it.</param>
    /// <param name="run">Runs an action under the server's lock, where its clock may be used.</param>
    /// <param name="lost">Called once, unless it was disposed of before.</param>
    public PandAIocBoxLine(IConnection connection, IServerTime time, Action<Action> run, Action lost)
    {
        (_connection, _time, _lost) = (connection, time, lost);
        connection.Start(
            bytes =>
            {
                var copy = bytes.ToArray();
                run(() => Receive(copy));
            },
            _ => run(Lose));
    }

    /// <summary>Sends commands in one piece.</summary>
    /// <param name="commands">Each of one line that the server takes.</param>
    /// <param name="replied">Gets the replies in their order, or null where the connection was lost before all had come.</param>
    public void Ask(IReadOnlyList<PandACommand> commands, Action<PandAReply[]?> replied)
    {
        if (_isDead)
        {
            replied(null);
            return;
        }
        if (commands.Count == 0)
        {
            replied([]);
            return;
        }
        _batches.Enqueue(new Batch(new PandAReply[commands.Count], replied));
        _protocol.Send(commands, _time.NowNs);
        Drain();
    }

    public void Dispose()
    {
        if (_isDead)
            return;
        _isDead = true;
        _wake?.Dispose();
        _connection.Dispose();
        while (_batches.TryDequeue(out var batch))
            batch.Replied(null);
    }

    private void Receive(byte[] bytes)
    {
        if (_isDead)
            return;
        _protocol.Receive(bytes);
        Drain();
    }

    private void Drain()
    {
        while (!_isDead && _protocol.TryTake(out var output))
            switch (output)
            {
                case PandAControlProtocol.Output.Transmit transmit:
                    _connection.Send(transmit.Bytes);
                    break;
                case PandAControlProtocol.Output.Replied replied:
                    Add(replied.Reply);
                    break;
                case PandAControlProtocol.Output.Fault:
                    Lose();
                    return;
            }
        if (!_isDead && _wake is null && _protocol.NextDeadline is { } deadline)
            _wake = _time.At(deadline, () =>
            {
                _wake = null;
                if (_isDead)
                    return;
                _protocol.Tick(_time.NowNs);
                Drain();
            });
    }

    private void Add(PandAReply reply)
    {
        var batch = _batches.Peek();
        batch.Replies[batch.Count++] = reply;
        if (batch.Count < batch.Replies.Length)
            return;
        _batches.Dequeue();
        batch.Replied(batch.Replies);
    }

    private void Lose()
    {
        if (_isDead)
            return;
        Dispose();
        _lost();
    }

    private sealed class Batch(PandAReply[] replies, Action<PandAReply[]?> replied)
    {
        public PandAReply[] Replies => replies;

        public Action<PandAReply[]?> Replied => replied;

        public int Count { get; set; }
    }
}
