namespace Flyscan.Hardware.Epics.ChannelAccess.Server;

/// <summary>The server's side of one virtual circuit. Without I/O.</summary>
/// <param name="find">The field that a name means; null where it is not served.</param>
/// <param name="dirty">Called when there is something to send after there was nothing.</param>
/// <param name="port">Of this server.</param>
/// <param name="nowNs">Nanoseconds since 1970.</param>
internal sealed class CaServerCircuit(Func<string, ServedPv?> find, Action<ServerCircuit> dirty, ushort port, Func<long> nowNs)
    : ServerCircuit(dirty)
{
    private const int LargestMessage = 64 * 1024 * 1024;
    private const int MostChannels = 1_000_000;

    private readonly MessageStream<CaHeader> _stream = new(LargestMessage);
    private readonly Dictionary<uint, Served> _channels = [];
    private readonly Dictionary<uint, ServedSubscription> _subscriptions = [];
    private readonly CaBuffer _outgoing = new();
    private uint _nextSid = 1;

    public override OutgoingBytes Outgoing => _outgoing;

    public bool EventsAreOff { get; private set; }

    public override string? Fault => _stream.Fault;

    public override void Receive(ReadOnlyMemory<byte> bytes)
    {
        while (_stream.TryTake(ref bytes, out var header, out var payload))
        {
            if (header.Command == CaCommand.ReadNotify)
                Read(header);
            else
                Handle(CaMessage.FromClient(header, payload), header);
        }
    }

    public override void End()
    {
        foreach (var subscription in _subscriptions.Values)
            subscription.Pv.Unsubscribe(subscription);
        _subscriptions.Clear();
    }

    /// <summary>Tells the client that a field is served no more.</summary>
    public void Withdraw(ServedPv pv)
    {
        foreach (var (sid, channel) in _channels.Where(c => c.Value.Pv == pv).ToList())
        {
            _channels.Remove(sid);
            // Its client subscribes under the same numbers when it has found it again.
            EndSubscriptions(sid);
            Send(new CaMessage.ServerDisconnect(channel.Cid));
        }
    }

    /// <summary>Tells the client of its rights.</summary>
    public void SendRights(ServedPv pv)
    {
        foreach (var (_, channel) in _channels.Where(c => c.Value.Pv == pv))
            Send(new CaMessage.AccessRights(channel.Cid, Rights(pv)));
    }

    /// <summary>A field's value in the form asked for, or the status that says why not.</summary>
    public void SendValue(ushort command, ServedPv pv, ushort type, uint count, uint id, ServedFilter? filter = null)
    {
        Touch();
        var data = filter is null ? pv.Data : filter.Of(pv.Data, nowNs());
        if (type == Dbr.ClassName)
        {
            EpicsText.Write(pv.Record.Type, _outgoing.Message(command, Dbr.StringLength, type, 1, CaStatus.Normal, id));
            return;
        }
        var wanted = count == 0 ? data.Value.Count : (int)Math.Min(count, int.MaxValue);
        var status = !Dbr.IsKnown(type) ? CaStatus.BadType
            : wanted > pv.Most && wanted > data.Value.Count ? CaStatus.BadCount
            : CaStatus.Normal;
        if (status == CaStatus.Normal)
        {
            var length = (int)Dbr.LengthOf(type, wanted);
            var before = _outgoing.Count;
            var payload = _outgoing.Message(command, length, type, (uint)wanted, CaStatus.Normal, id);
            if (DbrWriter.Write(payload, type, wanted, data, pv.Metadata))
                return;
            _outgoing.Truncate(before);
            status = CaStatus.GetFail;
        }
        _outgoing.Message(command, 0, type, count, status, id);
    }

    private static uint Rights(ServedPv pv) => pv.IsWritable ? 3u : 1u;

    private void Send(CaMessage message)
    {
        Touch();
        message.WriteTo(_outgoing);
    }

    private void Handle(CaMessage message, in CaHeader header)
    {
        switch (message)
        {
            case CaMessage.Version:
                Send(new CaMessage.Version(0, CaMessage.Minor, 0));
                break;
            case CaMessage.Search m when find(m.Name) is not null:
                Send(new CaMessage.SearchReply(port, uint.MaxValue, m.Cid, CaMessage.Minor));
                break;
            case CaMessage.Search { AnswerIfAbsent: true } m:
                Send(new CaMessage.NotFound(m.Cid, 10, m.MinorVersion));
                break;
            case CaMessage.CreateChannel m:
                Create(m);
                break;
            case CaMessage.Write m:
                Write(m, header);
                break;
            case CaMessage.WriteNotify m:
                WriteNotify(m);
                break;
            case CaMessage.EventAdd m:
                Subscribe(m, header);
                break;
            case CaMessage.EventCancel m:
                Cancel(m);
                break;
            case CaMessage.EventsOff:
                EventsAreOff = true;
                break;
            case CaMessage.EventsOn:
                EventsAreOff = false;
                foreach (var subscription in _subscriptions.Values)
                    subscription.SendOwed();
                break;
            case CaMessage.ClearChannel m:
                Clear(m);
                break;
            case CaMessage.Echo m:
                Send(m);
                break;
        }
    }

    private void Create(CaMessage.CreateChannel m)
    {
        if (find(m.Name) is not { } pv || _channels.Count >= MostChannels || !ServedFilter.TryRead(m.Name, out var filter))
        {
            Send(new CaMessage.CreateFailed(m.Cid));
            return;
        }
        var sid = _nextSid++;
        _channels[sid] = new Served(pv, m.Cid, filter);
        Send(new CaMessage.AccessRights(m.Cid, Rights(pv)));
        Send(new CaMessage.ChannelCreated(pv.Native, (uint)pv.Most, m.Cid, sid));
    }

    private void Read(in CaHeader h)
    {
        if (_channels.TryGetValue(h.P1, out var channel))
            SendValue(CaCommand.ReadNotify, channel.Pv, h.Type, h.Count, h.P2, channel.Filter);
        else
            Send(new CaMessage.Error(0, CaStatus.BadChannel, h, "no such channel"));
    }

    private void Write(CaMessage.Write m, in CaHeader header)
    {
        if (!_channels.TryGetValue(m.Sid, out var channel))
        {
            Send(new CaMessage.Error(0, CaStatus.BadChannel, header, "no such channel"));
            return;
        }
        var status = Check(channel.Pv, m.Type, m.Count, m.Data.Span, out var value);
        if (status == CaStatus.Normal)
            status = channel.Pv.Write(value!, () => { });
        if (status != CaStatus.Normal)
            Send(new CaMessage.Error(channel.Cid, status, header, channel.Pv.Record.Name));
    }

    private void WriteNotify(CaMessage.WriteNotify m)
    {
        if (!_channels.TryGetValue(m.Sid, out var channel))
        {
            Send(new CaMessage.WriteReply(m.Type, m.Count, CaStatus.BadChannel, m.Ioid));
            return;
        }
        var status = Check(channel.Pv, m.Type, m.Count, m.Data.Span, out var value);
        if (status == CaStatus.Normal)
            channel.Pv.Record.PutWithCompletion(
                channel.Pv, value!, ended => Send(new CaMessage.WriteReply(m.Type, m.Count, ended, m.Ioid)));
        else
            Send(new CaMessage.WriteReply(m.Type, m.Count, status, m.Ioid));
    }

    private static uint Check(ServedPv pv, ushort type, uint count, ReadOnlySpan<byte> data, out PvValue? value)
    {
        value = null;
        if (!pv.IsWritable)
            return CaStatus.NoWriteAccess;
        if (type >= Dbr.PutAckTransient || Dbr.FormOf(type) != DbrForm.Plain)
            return CaStatus.BadType;
        if (count == 0 || count > pv.Most)
            return CaStatus.BadCount;
        value = DbrReader.Read(type, count, data)?.Value;
        return value is null ? CaStatus.BadCount : CaStatus.Normal;
    }

    private void Subscribe(CaMessage.EventAdd m, in CaHeader header)
    {
        if (!_channels.TryGetValue(m.Sid, out var channel) || !Dbr.IsKnown(m.Type) || _subscriptions.ContainsKey(m.Subscription))
        {
            var status = channel is null ? CaStatus.BadChannel : CaStatus.BadType;
            Send(new CaMessage.Error(channel?.Cid ?? 0, status, header, "no subscription"));
            return;
        }
        var subscription = new ServedSubscription(this, channel.Pv, m) { Filter = channel.Filter?.Fresh() };
        _subscriptions[m.Subscription] = subscription;
        channel.Pv.Subscribe(subscription);
        subscription.Send();
    }

    private void Cancel(CaMessage.EventCancel m)
    {
        if (!_subscriptions.Remove(m.Subscription, out var subscription))
            return;
        subscription.Pv.Unsubscribe(subscription);
        Send(new CaMessage.Event(m.Type, m.Count, m.Sid, m.Subscription, default));
    }

    private void Clear(CaMessage.ClearChannel m)
    {
        if (_channels.Remove(m.Sid, out _))
            EndSubscriptions(m.Sid);
        Send(m);
    }

    private void EndSubscriptions(uint sid)
    {
        foreach (var (id, subscription) in _subscriptions.Where(s => s.Value.Request.Sid == sid).ToList())
        {
            _subscriptions.Remove(id);
            subscription.Pv.Unsubscribe(subscription);
        }
    }

    private sealed record Served(ServedPv Pv, uint Cid, ServedFilter? Filter);
}
