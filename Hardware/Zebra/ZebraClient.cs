using System.Numerics;
using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Transport;
using Flyscan.Hardware.Zebra.Protocol;
using Output = Flyscan.Hardware.Zebra.Protocol.ZebraClientProtocol.Output;

namespace Flyscan.Hardware.Zebra;

/// <summary>A box's own serial line, behind a terminal server or at this machine.</summary>
internal sealed class ZebraSerialLine(ZebraSettings settings, IClock clock, IConnector connector) : IZebraLine
{
    public async Task<IZebraLink> OpenAsync(IZebraListener listener, Action reached, CancellationToken cancel)
    {
        var connection = await connector.ConnectAsync(settings.Host, settings.Port, cancel);
        reached();
        return new ZebraClient(connection, clock, new ZebraLimits(settings.ReplyWithinNs), listener);
    }
}

/// <summary>One line to a Zebra: pumps bytes and wake-ups through the protocol, and completes a task per request.</summary>
internal sealed class ZebraClient : IZebraLink
{
    private readonly IConnection _connection;
    private readonly IClock _clock;
    private readonly IZebraListener _listener;
    private readonly ZebraClientProtocol _protocol;
    private readonly object _gate = new();
    private readonly Queue<TaskCompletionSource<ZebraReply>> _asked = new();
    private IDisposable? _wake;
    private Exception? _dead;

    public ZebraClient(IConnection connection, IClock clock, ZebraLimits limits, IZebraListener listener)
    {
        (_connection, _clock, _listener) = (connection, clock, listener);
        _protocol = new ZebraClientProtocol(limits);
        connection.Start(Receive, Closed);
    }

    /// <summary>What is read was asked of the box itself.</summary>
    public long StatusLagNs => 0;

    public void Expect(ushort bitCap)
    {
        lock (_gate)
            _protocol.Expect(BitOperations.PopCount(bitCap));
    }

    /// <summary>The value of a register.</summary>
    /// <remarks><b>Errors</b> <see cref="IOException"/> when the connection is lost or the box refuses, <see cref="TimeoutException"/> when
    /// it is silent.</remarks>
    public async Task<ushort> ReadAsync(byte address, CancellationToken cancel) =>
        await SendAsync(new ZebraRequest.Read(address), cancel) is ZebraReply.Value value ? value.Word : throw Odd($"R{address:X2}");

    public async Task<ushort[]> ReadAsync(IReadOnlyList<byte> addresses, CancellationToken cancel)
    {
        List<Task<ushort>> asked = [.. addresses.Select(a => ReadAsync(a, cancel))];
        var values = new ushort[asked.Count];
        for (var i = 0; i < values.Length; i++)
            values[i] = await asked[i];
        return values;
    }

    /// <summary>A 32-bit quantity: LO at the address, HI behind it. Read again while it changes under the reading.</summary>
    public async Task<uint> ReadPairAsync(byte address, CancellationToken cancel)
    {
        var high = await ReadAsync((byte)(address + 1), cancel);
        while (true)
        {
            var low = await ReadAsync(address, cancel);
            var again = await ReadAsync((byte)(address + 1), cancel);
            if (again == high)
                return (uint)high << 16 | low;
            high = again;
        }
    }

    public async Task WriteAsync(ZebraWord word, CancellationToken cancel)
    {
        foreach (var (address, value) in word.Writes)
            if (await SendAsync(new ZebraRequest.Write(address, value), cancel) is not ZebraReply.Done)
                throw Odd($"W{address:X2}{value:X4}");
    }

    public async Task<bool> IsHighAsync(int bus, long sinceNs, CancellationToken cancel) =>
        (await ReadAsync((byte)(ZebraRegister.SysStat1Lo + bus / 16), cancel) >> (bus % 16) & 1) != 0;

    public Task<bool> IsArmedAsync(CancellationToken cancel) => IsHighAsync(ZebraRegister.BusArm, _clock.NowNs, cancel);

    public Task<uint> CapturedAsync(CancellationToken cancel) => ReadPairAsync(ZebraRegister.PcNumCap, cancel);

    public Task PullAsync(CancellationToken cancel) => Task.CompletedTask;

    public Task<IReadOnlyList<DeviceFact>> InspectAsync(CancellationToken cancel) => Task.FromResult<IReadOnlyList<DeviceFact>>([]);

    /// <summary>Its loss is reported by the client itself.</summary>
    public void AskHealth() => _ = SendAsync(new ZebraRequest.Read(ZebraRegister.SysVer), CancellationToken.None);

    /// <summary>One request; the answer, or why there is none.</summary>
    public Task<ZebraReply> SendAsync(ZebraRequest request, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        var done = new TaskCompletionSource<ZebraReply>(TaskCreationOptions.RunContinuationsAsynchronously);
        string? lost;
        lock (_gate)
        {
            if (_dead is not null)
                return Task.FromException<ZebraReply>(_dead);
            _asked.Enqueue(done);
            _protocol.Send(request, _clock.NowNs);
            lost = Drain();
        }
        Report(lost);
        return NamedAsync(request, done.Task, cancel);
    }

    public void Dispose()
    {
        lock (_gate)
            Die(new IOException("the connection was closed"));
    }

    private static async Task<ZebraReply> NamedAsync(ZebraRequest request, Task<ZebraReply> reply, CancellationToken cancel) =>
        await reply.OrCancelled(cancel) is var answer && answer is ZebraReply.Refused refused
            ? throw new IOException($"{ZebraText.Of(request)} was refused: {refused.Line}")
            : answer;

    private static IOException Odd(string request) => new($"{request} was answered in a way that it has no answer of");

    private void Receive(ReadOnlyMemory<byte> bytes)
    {
        string? lost;
        lock (_gate)
        {
            _protocol.Receive(bytes.Span, _clock.NowNs);
            lost = Drain();
        }
        Report(lost);
    }

    private void Closed(Exception? cause)
    {
        var text = $"the connection was lost: {cause?.Message ?? "closed by the other side"}";
        lock (_gate)
        {
            if (_dead is not null)
                return;
            Die(new IOException(text));
        }
        _listener.Lost(text);
    }

    private void Wake()
    {
        string? lost;
        lock (_gate)
        {
            _wake = null;
            if (_dead is not null)
                return;
            _protocol.Tick(_clock.NowNs);
            lost = Drain();
        }
        Report(lost);
    }

    private void Report(string? lost)
    {
        if (lost is not null)
            _listener.Lost(lost);
    }

    /// <summary>Acts on what the protocol wants; returns why the connection was lost, if it was.</summary>
    private string? Drain()
    {
        while (_dead is null && _protocol.TryTake(out var output))
        {
            if (output is Output.Fault fault)
            {
                Die(fault.TimedOut ? new TimeoutException(fault.Reason) : new IOException(fault.Reason));
                return fault.Reason;
            }
            Act(output);
        }
        if (_dead is null && _wake is null && _protocol.NextDeadline is { } deadline)
            _wake = _clock.WakeAt(deadline, Wake);
        return null;
    }

    private void Act(Output output)
    {
        switch (output)
        {
            case Output.Transmit transmit:
                _connection.Send(transmit.Bytes);
                break;
            case Output.Replied replied:
                _asked.Dequeue().TrySetResult(replied.Reply);
                break;
            case Output.Armed:
                _listener.Armed();
                break;
            case Output.Sample sample:
                _listener.Sample(sample.Words);
                break;
            case Output.Damaged damaged:
                _listener.Damaged(damaged.Line);
                break;
            case Output.Disarmed:
                _listener.Disarmed();
                break;
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    private void Die(Exception cause)
    {
        if (_dead is not null)
            return;
        _dead = cause;
        _wake?.Dispose();
        foreach (var asked in _asked)
            asked.TrySetException(cause);
        _asked.Clear();
        _connection.Dispose();
    }
}
