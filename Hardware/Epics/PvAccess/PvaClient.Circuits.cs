using System.Net;
using Flyscan.Hardware.Contracts;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Epics.PvAccess;

public sealed partial class PvaClient
{
    /// <summary>A datagram came: perhaps answers to a search.</summary>
    private void Heard(ReadOnlyMemory<byte> bytes, IPEndPoint from)
    {
        lock (_gate)
        {
            if (_isDisposed)
                return;
            while (PvaHeader.TryRead(bytes.Span, out var header) && (header.IsControl || header.Size <= bytes.Length - PvaHeader.Length))
            {
                var size = header.IsControl ? 0 : (int)header.Size;
                var message = PvaMessage.FromServer(header, bytes.Slice(PvaHeader.Length, size).Span, _noTypes);
                bytes = bytes[(PvaHeader.Length + size)..];
                if (message is PvaMessage.SearchReply reply)
                    Found(reply, from.Address);
            }
            Schedule();
        }
        Deliver();
    }

    private void Found(PvaMessage.SearchReply reply, IPAddress from)
    {
        if (!reply.IsFound || reply.Port == 0 || reply.Protocol != PvaMessage.Tcp)
            return;
        var isSender = reply.Address.Equals(IPAddress.Any) || reply.Address.Equals(IPAddress.IPv6Any);
        var server = new IPEndPoint(isSender ? from : reply.Address, reply.Port);
        foreach (var cid in reply.Cids)
            if (_channels.TryGetValue(cid, out var channel))
                Found(channel, server);
    }

    private void Found(PvaChannel channel, IPEndPoint server)
    {
        if (!_search.Remove(channel.Cid))
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
        circuit = new Circuit(server, new PvaCircuit(_circuitSettings, NowNs));
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
                case PvaOutputKind.Up:
                    Up(circuit, (PvaChannel)output.Link!);
                    break;
                case PvaOutputKind.Gone:
                    SearchAgain((PvaChannel)output.Link!, RetryNs);
                    break;
                case PvaOutputKind.Answered:
                    _deliveries.Enqueue(new Delivery { Request = output.Request, Outcome = output.Outcome });
                    break;
                case PvaOutputKind.Ready:
                    _deliveries.Enqueue(new Delivery { Monitor = (PvaMonitor)output.Subscription! });
                    break;
                case PvaOutputKind.WriteRefused:
                    _deliveries.Enqueue(new Delivery { Channel = (PvaChannel)output.Link!, Text = output.Text });
                    break;
                case PvaOutputKind.Warning:
                    _deliveries.Enqueue(new Delivery { Text = output.Text });
                    break;
                case PvaOutputKind.Found:
                    Found(output.Found!, circuit.Server.Address);
                    break;
                case PvaOutputKind.Fault:
                    Lose(circuit);
                    break;
                default:
                    throw new System.Diagnostics.UnreachableException();
            }
    }

    private void Up(Circuit circuit, PvaChannel channel)
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

    /// <summary>The protocol does not say who may read and write: a write that is refused is told when it is made.</summary>
    private static PvChannelInfo InfoOf(Circuit circuit, PvaChannel channel) =>
        new(circuit.Server.ToString(), PvaNormative.NameOf(channel.Type), 1, true, true);

    private void Lose(Circuit circuit)
    {
        _circuits.Remove(circuit.Server);
        circuit.Connection?.Dispose();
        if (_isDisposed)
            return;
        foreach (var link in circuit.Core.Links)
            SearchAgain((PvaChannel)link, circuit.Connection is null ? RetryNs : 0);
    }

    private void SearchAgain(PvaChannel channel, long delayNs)
    {
        channel.State = channel.State == PvState.Connected ? PvState.Lost : PvState.Searching;
        (channel.Circuit, channel.Info, channel.Type) = (null, null, null);
        _search.Add(channel.Cid, channel.Name, NowNs, eager: true, delayNs);
        Tell(channel);
    }

    private void Remove(PvaChannel channel)
    {
        if (!_channels.Remove(channel.Cid))
            return;
        _search.Remove(channel.Cid);
        if (channel.Circuit is { } circuit)
        {
            circuit.Core.Clear(channel);
            Drain(circuit);
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

    private void SendSearches() => _search.Send(NowNs, _port.Port, search =>
    {
        PvaSearch.Write(search, _datagram);
        foreach (var to in _searched)
        {
            Span<byte> bytes = [.. _datagram.Written];
            // A server that is asked alone passes the question on to the others of its machine.
            bytes[PvaSearch.FlagsAt] = _broadcasts.Contains(to.Address) ? (byte)0 : PvaMessage.UnicastFlag;
            _port.Send(bytes, to);
        }
        foreach (var server in _nameServers)
        {
            var circuit = CircuitTo(server);
            circuit.IsNameServer = true;
            circuit.Core.Search(search);
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

    private void Tell(PvaChannel channel) => _deliveries.Enqueue(new Delivery { Channel = channel, State = channel.State });

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
        public PvaRequest? Request { get; init; }

        public Outcome<PvaAnswer>? Outcome { get; init; }

        public PvaMonitor? Monitor { get; init; }

        public PvaChannel? Channel { get; init; }

        public PvState State { get; init; }

        public string? Text { get; init; }

        public void Tell(PvaClient client)
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
    internal sealed class Circuit(IPEndPoint server, PvaCircuit core)
    {
        public IPEndPoint Server => server;

        public PvaCircuit Core => core;

        public IConnection? Connection { get; set; }

        /// <summary>Kept without channels.</summary>
        public bool IsNameServer { get; set; }
    }
}
