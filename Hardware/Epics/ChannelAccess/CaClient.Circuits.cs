using System.Net;
using Flyscan.Hardware.Contracts;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Epics.ChannelAccess;

public sealed partial class CaClient
{
    /// <summary>A datagram came: perhaps answers to a search.</summary>
    private void Heard(ReadOnlyMemory<byte> bytes, IPEndPoint from)
    {
        lock (_gate)
        {
            if (_isDisposed)
                return;
            while (CaHeader.TryRead(bytes.Span, out var header) is var length and > 0 && header.Size <= bytes.Length - length)
            {
                var message = CaMessage.FromServer(header, bytes.Slice(length, (int)header.Size));
                bytes = bytes[(length + (int)header.Size)..];
                if (message is CaMessage.SearchReply reply)
                    Found(reply, from.Address);
            }
            Schedule();
        }
        Deliver();
    }

    private void Found(CaMessage.SearchReply reply, IPAddress from)
    {
        if (!_channels.TryGetValue(reply.Cid, out var channel) || reply.Port == 0)
            return;
        var address = reply.Address is uint.MaxValue or 0
            ? from
            : new IPAddress([(byte)(reply.Address >> 24), (byte)(reply.Address >> 16), (byte)(reply.Address >> 8), (byte)reply.Address]);
        var server = new IPEndPoint(address, reply.Port);
        if (!_search.Remove(reply.Cid))
        {
            if (channel.Circuit is { } other && !other.Server.Equals(server))
                _deliveries.Enqueue(new Delivery { Text = $"{channel.Name} is served by {other.Server}, and {server} says so too" });
            return;
        }
        var circuit = CircuitTo(server);
        channel.Circuit = circuit;
        channel.State = PvState.Connecting;
        circuit.Core.Create(channel);
        Tell(channel);
        Flush(circuit);
    }

    private Circuit CircuitTo(IPEndPoint server)
    {
        if (_circuits.TryGetValue(server, out var circuit))
            return circuit;
        circuit = new Circuit(server, new CaCircuit(_circuitSettings, NowNs));
        _circuits[server] = circuit;
        _ = ConnectAsync(circuit);
        return circuit;
    }

    private async Task ConnectAsync(Circuit circuit)
    {
        using var late = new CancellationTokenSource();
        using var wake = _around.Clock.WakeAt(NowNs + ConnectWithinNs, late.Cancel);
        try
        {
            var connection = await _around.Connector.ConnectAsync(circuit.Server.Address.ToString(), circuit.Server.Port, late.Token);
            lock (_gate)
            {
                if (circuit.Core.IsFaulted)
                {
                    connection.Dispose();
                    return;
                }
                circuit.Connection = connection;
                connection.Start(bytes => Received(circuit, bytes), cause => Closed(circuit, cause?.Message ?? "closed by the server"));
                Flush(circuit);
            }
        }
        catch (Exception failed) when (failed is IOException or OperationCanceledException)
        {
            Closed(circuit, failed is IOException ? failed.Message : $"no answer within {ConnectWithinNs / 1e9} s");
        }
    }

    private void Received(Circuit circuit, ReadOnlyMemory<byte> bytes)
    {
        lock (_gate)
        {
            var receivedNs = (_around.Time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;
            circuit.Core.Receive(bytes, NowNs, receivedNs);
            Drain(circuit);
            Flush(circuit);
            Schedule();
        }
        Deliver();
    }

    private void Closed(Circuit circuit, string reason)
    {
        lock (_gate)
        {
            circuit.Core.Break(reason);
            Drain(circuit);
            Schedule();
        }
        Deliver();
    }

    /// <summary>Acts on what a circuit has to tell.</summary>
    private void Drain(Circuit circuit)
    {
        while (circuit.Core.TryTake(out var output))
            switch (output.Kind)
            {
                case CaOutputKind.Up:
                    Up(circuit, (CaChannel)output.Link!);
                    break;
                case CaOutputKind.Rights:
                    var changed = (CaChannel)output.Link!;
                    changed.Info = InfoOf(circuit, changed);
                    Tell(changed);
                    break;
                case CaOutputKind.Gone:
                    SearchAgain((CaChannel)output.Link!, RetryNs);
                    break;
                case CaOutputKind.Answered:
                    _deliveries.Enqueue(new Delivery { Request = output.Request, Outcome = output.Outcome });
                    break;
                case CaOutputKind.Ready:
                    _deliveries.Enqueue(new Delivery { Monitor = (CaMonitor)output.Subscription! });
                    break;
                case CaOutputKind.WriteRefused:
                    _deliveries.Enqueue(new Delivery { Channel = (CaChannel)output.Link!, Text = output.Text });
                    break;
                case CaOutputKind.Found:
                    Found(output.Found!, circuit.Server.Address);
                    break;
                case CaOutputKind.Fault:
                    Lose(circuit);
                    break;
                default:
                    throw new System.Diagnostics.UnreachableException();
            }
    }

    private void Up(Circuit circuit, CaChannel channel)
    {
        channel.State = PvState.Connected;
        channel.Info = InfoOf(circuit, channel);
        foreach (var waiter in channel.Waiters)
        {
            _waiters.Remove(waiter);
            waiter.Done.TrySetResult(new Outcome<PvChannelInfo>.Completed(channel.Info));
        }
        channel.Waiters.Clear();
        foreach (var subscription in channel.Subscriptions)
            circuit.Core.Subscribe(subscription);
        Tell(channel);
    }

    private static PvChannelInfo InfoOf(Circuit circuit, CaChannel channel) => new(
        circuit.Server.ToString(), Dbr.FieldNameOf(channel.Type), (int)Math.Min(channel.Count, int.MaxValue), channel.CanRead,
        channel.CanWrite);

    private void Lose(Circuit circuit)
    {
        _circuits.Remove(circuit.Server);
        circuit.Connection?.Dispose();
        if (_isDisposed)
            return;
        foreach (var link in circuit.Core.Links)
            SearchAgain((CaChannel)link, circuit.Connection is null ? RetryNs : 0);
    }

    private void SearchAgain(CaChannel channel, long delayNs)
    {
        channel.State = channel.State == PvState.Connected ? PvState.Lost : PvState.Searching;
        (channel.Circuit, channel.Info, channel.Rights) = (null, null, 0);
        _search.Add(channel.Cid, channel.Name, NowNs, eager: true, delayNs);
        Tell(channel);
    }

    private void Remove(CaChannel channel)
    {
        if (!_channels.Remove(channel.Cid))
            return;
        _search.Remove(channel.Cid);
        if (channel.Circuit is { } circuit)
        {
            circuit.Core.Clear(channel);
            Flush(circuit);
            if (circuit.Core.Links.Count == 0 && !circuit.IsNameServer)
            {
                circuit.Core.Break("its last channel was closed");
                Drain(circuit);
            }
        }
        channel.State = PvState.Closed;
        (channel.Circuit, channel.Info) = (null, null);
        channel.Subscriptions.Clear();
        foreach (var waiter in channel.Waiters)
        {
            _waiters.Remove(waiter);
            waiter.Done.TrySetResult(new Outcome<PvChannelInfo>.Refused($"{channel.Name} was closed"));
        }
        Tell(channel);
    }

    private void SendSearches() => _search.Send(NowNs, _datagram, datagram =>
    {
        foreach (var to in _searched)
            _port.Send(datagram.Written, to);
        foreach (var server in _nameServers)
        {
            var circuit = CircuitTo(server);
            circuit.IsNameServer = true;
            datagram.Written[CaHeader.Length..].CopyTo(circuit.Core.Outgoing.Append(datagram.Count - CaHeader.Length));
            Flush(circuit);
        }
    });

    /// <summary>Sends what a circuit has, unless more of it is coming at once.</summary>
    private void Flush(Circuit circuit)
    {
        var outgoing = circuit.Core.Outgoing;
        if (outgoing.Count == 0 || circuit.Connection is null || _batches > 0 || _delivering == Environment.CurrentManagedThreadId)
            return;
        circuit.Connection.Send(outgoing.Written);
        outgoing.Clear();
    }

    /// <summary>One wake-up serves many deadlines: when it comes too early for the present one, it is set again.</summary>
    private void Schedule()
    {
        if (_isDisposed)
            return;
        var next = Math.Min(_waiterNs, _search.NextDeadline ?? long.MaxValue);
        foreach (var circuit in _circuits.Values)
            next = Math.Min(next, circuit.Core.NextDeadline);
        if (next >= _wakeNs)
            return;
        _wake?.Dispose();
        _wakeNs = next;
        _wake = _around.Clock.WakeAt(next, Wake);
    }

    private void Wake()
    {
        lock (_gate)
        {
            if (_isDisposed)
                return;
            var now = NowNs;
            (_wake, _wakeNs) = (null, long.MaxValue);
            SendSearches();
            foreach (var circuit in _circuits.Values.ToList())
            {
                circuit.Core.Tick(now);
                Drain(circuit);
                Flush(circuit);
            }
            if (now >= _waiterNs)
                TimeOutWaiters(now);
            Schedule();
        }
        Deliver();
    }

    private void TimeOutWaiters(long nowNs)
    {
        foreach (var late in _waiters.Where(w => w.DeadlineNs <= nowNs || w.Done.Task.IsCompleted).ToList())
        {
            _waiters.Remove(late);
            late.Channel.Waiters.Remove(late);
            late.TimeOut();
        }
        _waiterNs = _waiters.Count == 0 ? long.MaxValue : _waiters.Min(w => w.DeadlineNs);
    }

    private void Tell(CaChannel channel) => _deliveries.Enqueue(new Delivery { Channel = channel, State = channel.State });

    /// <summary>Tells users what happened. One thread at a time, so that the order stays; what they ask for meanwhile goes out
    /// together.</summary>
    private void Deliver()
    {
        while (true)
        {
            Delivery delivery;
            lock (_gate)
            {
                var me = Environment.CurrentManagedThreadId;
                if (_delivering != 0 && _delivering != me)
                    return;
                if (!_deliveries.TryDequeue(out delivery))
                {
                    if (_delivering == 0)
                        return;
                    _delivering = 0;
                    foreach (var circuit in _circuits.Values)
                        Flush(circuit);
                    return;
                }
                _delivering = me;
            }
            delivery.Tell(this);
        }
    }

    private readonly record struct Delivery
    {
        public CaRequest? Request { get; init; }

        public Outcome<DbrData>? Outcome { get; init; }

        public CaMonitor? Monitor { get; init; }

        public CaChannel? Channel { get; init; }

        public PvState State { get; init; }

        public string? Text { get; init; }

        public void Tell(CaClient client)
        {
            if (Request is not null)
                Request.Complete(Outcome!, (client._around.Time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100);
            else if (Monitor is not null)
                Monitor.Tell();
            else if (Channel is null)
                client.Warned?.Invoke(Text!);
            else if (Text is not null)
                Channel.TellRefused(Text);
            else
                Channel.TellChanged(State);
        }
    }

    /// <summary>A circuit and its connection, which is null while it is being made.</summary>
    internal sealed class Circuit(IPEndPoint server, CaCircuit core)
    {
        public IPEndPoint Server => server;

        public CaCircuit Core => core;

        public IConnection? Connection { get; set; }

        /// <summary>Kept without channels.</summary>
        public bool IsNameServer { get; set; }
    }
}
