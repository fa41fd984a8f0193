using Flyscan.Hardware.Contracts;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Simulation.Line;

/// <summary>Address of one device's line and what bounds its waits.</summary>
/// <remarks>TimeScale: wall seconds per beamline second.</remarks>
internal sealed record LineAddress(string Device, string Host, int Port, double TimeScale)
{
    /// <summary>What every wait gets on top of what it plans for, and short requests altogether, in nanoseconds.</summary>
    public const long MarginNs = 10_000_000_000;

    /// <summary>Wall time allowed for something that takes this long in the beamline.</summary>
    public long Allow(long beamNs) => (long)(beamNs * TimeScale) + MarginNs;
}

/// <summary>One client connection of the line protocol: a pump between the core, the connection and the clock.</summary>
internal sealed class LineLink(LineAddress address, IClock clock, IConnector connector) : IDisposable
{
    private readonly object _gate = new();
    private readonly Dictionary<long, TaskCompletionSource<Outcome<EquatableArray<string>>>> _replies = [];
    private LineClientProtocol? _protocol;
    private IConnection? _connection;
    private TaskCompletionSource<Outcome<Nothing>>? _opening;
    private IDisposable? _wake;
    private string? _fault;
    private bool _isOpen;

    /// <summary>Raised for what the devices say unasked, in order.</summary>
    public event Action<LineNotification>? Notified;

    /// <summary>Raised once when a connection that was open is gone.</summary>
    public event Action<string>? Lost;

    /// <summary>Connects and reads the version line; at once when connected already.</summary>
    public async Task<Outcome<Nothing>> OpenAsync(CancellationToken cancel)
    {
        lock (_gate)
            if (_isOpen)
                return new Outcome<Nothing>.Completed(Nothing.Value);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        using var wake = clock.WakeAt(clock.NowNs + LineAddress.MarginNs, limit.Cancel);
        try
        {
            var connection = await connector.ConnectAsync(address.Host, address.Port, limit.Token);
            var opening = Begin(connection);
            using var given = limit.Token.Register(() => opening.TrySetResult(new Outcome<Nothing>.Cancelled()));
            var opened = await opening.Task;
            if (opened is Outcome<Nothing>.Completed)
                return opened;
            Drop(connection);
            return GaveUp(opened, cancel);
        }
        catch (IOException error)
        {
            return new Outcome<Nothing>.Failed($"{address.Device}: {error.Message}");
        }
        catch (OperationCanceledException)
        {
            return GaveUp(new Outcome<Nothing>.Cancelled(), cancel);
        }
    }

    /// <summary>Sends a request of this link's device and waits for its reply.</summary>
    /// <param name="allowedNs">Wall nanoseconds allowed for the reply.</param>
    public async Task<Outcome<EquatableArray<string>>> AskAsync(
        string verb, IReadOnlyList<string> arguments, long allowedNs, CancellationToken cancel, byte[]? block = null)
    {
        if (cancel.IsCancellationRequested)
            return new Outcome<EquatableArray<string>>.Cancelled();
        var reply = new TaskCompletionSource<Outcome<EquatableArray<string>>>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            if (!_isOpen)
                return new Outcome<EquatableArray<string>>.Failed(
                    $"{address.Device}: not connected to {address.Host}:{address.Port}: connect first");
            try
            {
                _replies.Add(_protocol!.Send(address.Device, verb, arguments, block, clock.NowNs, allowedNs), reply);
            }
            catch (InvalidOperationException error)
            {
                return new Outcome<EquatableArray<string>>.Refused($"{address.Device}: {error.Message}");
            }
        }
        Pump();
        using var given = cancel.Register(() => reply.TrySetResult(new Outcome<EquatableArray<string>>.Cancelled()));
        return await reply.Task;
    }

    public void Dispose()
    {
        IConnection? connection;
        lock (_gate)
            connection = _connection;
        if (connection is not null)
            Drop(connection);
    }

    private Outcome<Nothing> GaveUp(Outcome<Nothing> outcome, CancellationToken cancel) =>
        outcome is Outcome<Nothing>.Cancelled && !cancel.IsCancellationRequested
            ? new Outcome<Nothing>.TimedOut($"{address.Device}: connecting to {address.Host}:{address.Port}", LineAddress.MarginNs)
            : outcome;

    private TaskCompletionSource<Outcome<Nothing>> Begin(IConnection connection)
    {
        var opening = new TaskCompletionSource<Outcome<Nothing>>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            _connection?.Dispose();
            (_connection, _protocol, _opening, _fault) = (connection, new LineClientProtocol(new LineLimits()), opening, null);
        }
        connection.Start(bytes => Receive(connection, bytes), cause => Closed(connection, cause));
        return opening;
    }

    private void Receive(IConnection connection, ReadOnlyMemory<byte> bytes)
    {
        lock (_gate)
        {
            if (_connection != connection)
                return;
            _protocol!.Receive(bytes.Span);
        }
        Pump();
    }

    private void Wake()
    {
        lock (_gate)
            _protocol?.Tick(clock.NowNs);
        Pump();
    }

    /// <summary>Carries out what the core wants: sends under the lock, in order; tells others outside of it.</summary>
    private void Pump()
    {
        List<Action> tell = [];
        lock (_gate)
        {
            while (_protocol is not null && _protocol.TryTake(out var output))
                CarryOut(output, tell);
            _wake?.Dispose();
            _wake = _protocol?.NextDeadlineNs is { } deadline ? clock.WakeAt(deadline, Wake) : null;
        }
        foreach (var action in tell)
            action();
    }

    private void CarryOut(LineOutput output, List<Action> tell)
    {
        switch (output)
        {
            case LineOutput.Transmit transmit:
                _connection!.Send(transmit.Bytes.Span);
                break;
            case LineOutput.Opened:
                _isOpen = true;
                var opening = _opening!;
                tell.Add(() => opening.TrySetResult(new Outcome<Nothing>.Completed(Nothing.Value)));
                break;
            case LineOutput.Reply { Message: var message }:
                if (_replies.Remove(message.Id, out var asked))
                    tell.Add(() => asked.TrySetResult(OutcomeOf(message)));
                break;
            case LineOutput.Notification { Message: { Device: "server" } message }:
                _fault = message.Values.Count > 0 ? message.Values[0] : message.Topic;
                break;
            case LineOutput.Notification { Message: var message }:
                tell.Add(() => Notified?.Invoke(message));
                break;
            case LineOutput.Expired expired:
                if (_replies.Remove(expired.Id, out var waiting))
                    tell.Add(() => waiting.TrySetResult(new Outcome<EquatableArray<string>>.TimedOut(expired.What, expired.AllowedNs)));
                break;
            case LineOutput.Fault fault:
                _fault = $"the virtual beamline broke the protocol: {fault.Reason}";
                var connection = _connection!;
                tell.Add(connection.Dispose);
                break;
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    private Outcome<EquatableArray<string>> OutcomeOf(LineReply reply)
    {
        var reason = $"{address.Device}: {(reply.Values.Count > 0 ? reply.Values[0] : "no reason given")}";
        return reply.Ending switch
        {
            LineEnding.Ok => new Outcome<EquatableArray<string>>.Completed(reply.Values),
            LineEnding.Refused => new Outcome<EquatableArray<string>>.Refused(reason),
            LineEnding.Failed => new Outcome<EquatableArray<string>>.Failed(reason),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }

    private void Closed(IConnection connection, Exception? cause)
    {
        var text = $"{address.Device}: connection to {address.Host}:{address.Port} lost: {cause?.Message ?? "closed by the other end"}";
        if (Forget(connection, ref text))
            Lost?.Invoke(text);
    }

    private void Drop(IConnection connection)
    {
        var text = $"{address.Device}: connection to {address.Host}:{address.Port} given up";
        Forget(connection, ref text);
        connection.Dispose();
    }

    /// <summary>Fails what is pending; true when the connection was open and in use until now.</summary>
    private bool Forget(IConnection connection, ref string text)
    {
        List<TaskCompletionSource<Outcome<EquatableArray<string>>>> pending;
        TaskCompletionSource<Outcome<Nothing>>? opening;
        bool wasOpen;
        lock (_gate)
        {
            if (_connection != connection)
                return false;
            if (_fault is not null)
                text = $"{address.Device}: connection to {address.Host}:{address.Port} lost: {_fault}";
            (pending, opening, wasOpen) = ([.. _replies.Values], _opening, _isOpen);
            _replies.Clear();
            _wake?.Dispose();
            (_connection, _protocol, _opening, _wake, _isOpen) = (null, null, null, null, false);
        }
        var reason = text;
        opening?.TrySetResult(new Outcome<Nothing>.Failed(reason));
        foreach (var reply in pending)
            reply.TrySetResult(new Outcome<EquatableArray<string>>.Failed(reason));
        return wasOpen;
    }
}
