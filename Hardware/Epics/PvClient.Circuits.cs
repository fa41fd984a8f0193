using System.Diagnostics;
using System.Net;
using Flyscan.Hardware.Contracts;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Epics;

public abstract partial class PvClient
{
    private void Heard(ReadOnlyMemory<byte> bytes, IPEndPoint from)
    {
        lock (_gate)
        {
            if (_isDisposed)
                return;
            Read(bytes, from.Address);
            Schedule();
        }
        Deliver();
    }

    /// <summary>A server says that it has names.</summary>
    private protected void Found(PvFound found, IPAddress from)
    {
        var server = new IPEndPoint(found.Address ?? from, found.Port);
        foreach (var cid in found.Cids)
            if (_channels.TryGetValue(cid, out var channel))
                Found(channel, server);
    }

    private void Found(PvChannel channel, IPEndPoint server)
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

    private Circuit NameServer(IPEndPoint server)
    {
        var circuit = CircuitTo(server);
        circuit.IsNameServer = true;
        return circuit;
    }

    private Circuit CircuitTo(IPEndPoint server)
    {
        if (_circuits.TryGetValue(server, out var circuit))
            return circuit;
        circuit = new Circuit(server, NewCircuit(NowNs));
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
            circuit.Core.Receive(bytes, NowNs, StampNs);
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
                case PvOutputKind.Up:
                    Up(circuit, output.Channel!);
                    break;
                case PvOutputKind.Rights:
                    output.Channel!.Info = output.Channel.InfoOf(circuit.Server.ToString());
                    Tell(output.Channel);
                    break;
                case PvOutputKind.Gone:
                    SearchAgain(output.Channel!, RetryNs);
                    break;
                case PvOutputKind.Answered:
                    _deliveries.Enqueue(new Delivery { Request = output.Request });
                    break;
                case PvOutputKind.Ready:
                    _deliveries.Enqueue(new Delivery { Monitor = output.Monitor });
                    break;
                case PvOutputKind.WriteRefused:
                    _deliveries.Enqueue(new Delivery { Channel = output.Channel, Text = output.Text });
                    break;
                case PvOutputKind.Warning:
                    _deliveries.Enqueue(new Delivery { Text = output.Text });
                    break;
                case PvOutputKind.Found:
                    Found(output.Found!, circuit.Server.Address);
                    break;
                case PvOutputKind.Fault:
                    Lose(circuit);
                    break;
                default:
                    throw new UnreachableException();
            }
    }

    private void Up(Circuit circuit, PvChannel channel)
    {
        channel.State = PvState.Connected;
        channel.Info = channel.InfoOf(circuit.Server.ToString());
        Answer(channel, new Outcome<PvChannelInfo>.Completed(channel.Info));
        foreach (var monitor in channel.Monitors)
            circuit.Core.Subscribe(monitor);
        Tell(channel);
    }

    private void Lose(Circuit circuit)
    {
        _circuits.Remove(circuit.Server);
        circuit.Connection?.Dispose();
        if (_isDisposed)
            return;
        foreach (var channel in circuit.Core.Channels)
            SearchAgain(channel, circuit.Connection is null ? RetryNs : 0);
    }

    private void SearchAgain(PvChannel channel, long delayNs)
    {
        channel.State = channel.State == PvState.Connected ? PvState.Lost : PvState.Searching;
        (channel.Circuit, channel.Info) = (null, null);
        channel.Reset();
        _search.Add(channel.Cid, channel.Name, NowNs, eager: true, delayNs);
        Tell(channel);
    }

    private void Remove(PvChannel channel)
    {
        if (!_channels.Remove(channel.Cid))
            return;
        _search.Remove(channel.Cid);
        if (channel.Circuit is { } circuit)
        {
            circuit.Core.Clear(channel);
            Drain(circuit);
            Flush(circuit);
            if (circuit.Core.Channels.Count == 0 && !circuit.IsNameServer)
            {
                circuit.Core.Break("its last channel was closed");
                Drain(circuit);
            }
        }
        channel.State = PvState.Closed;
        (channel.Circuit, channel.Info) = (null, null);
        channel.Monitors.Clear();
        Answer(channel, new Outcome<PvChannelInfo>.Refused($"{channel.Name} was closed"));
        Tell(channel);
    }

    private void Answer(PvChannel channel, Outcome<PvChannelInfo> outcome)
    {
        foreach (var waiter in channel.Waiters)
        {
            _waiters.Remove(waiter);
            waiter.Done.TrySetResult(outcome);
        }
        channel.Waiters.Clear();
    }

    private void SendSearches() => _search.Send(NowNs, () =>
    {
        foreach (var to in _searched)
            _port.Send(_search.DatagramTo(to), to);
        foreach (var server in _nameServers)
        {
            var circuit = NameServer(server);
            _search.Ask(circuit.Core);
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

    /// <summary>A circuit and its connection, which is null while it is being made.</summary>
    internal sealed class Circuit(IPEndPoint server, PvCircuit core)
    {
        public IPEndPoint Server => server;

        public PvCircuit Core => core;

        public IConnection? Connection { get; set; }

        /// <summary>Kept without channels.</summary>
        public bool IsNameServer { get; set; }
    }
}
