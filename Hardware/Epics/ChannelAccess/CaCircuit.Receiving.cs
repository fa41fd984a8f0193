using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Epics.ChannelAccess;

internal sealed partial class CaCircuit
{
    private static readonly DbrData Written = new(new PvValue.Integer(0));

    /// <summary>Bytes came. <paramref name="receivedNs"/>: nanoseconds since 1970, for readings.</summary>
    public void Receive(ReadOnlyMemory<byte> bytes, long nowNs, long receivedNs)
    {
        if (IsFaulted)
            return;
        (_heardNs, _echoSentNs) = (nowNs, null);
        Pace(bytes.Length, nowNs);
        while (!IsFaulted && _stream.TryTake(ref bytes, out var header, out var payload))
            Handle(header, payload, receivedNs);
        if (_stream.Fault is { } fault)
            Break(fault);
    }

    /// <summary>Whoever reads whole buffers one after the other is behind: the server's events then wait over there.</summary>
    private void Pace(int length, long nowNs)
    {
        if (length < FullSegment)
        {
            _fullSegments = 0;
            if (_eventsOffNs is not null)
                LetEventsCome();
        }
        else if (++_fullSegments == FullSegmentsBeforeOff && _subscriptions.Count > 0)
        {
            _eventsOffNs = nowNs;
            new CaMessage.EventsOff().WriteTo(Outgoing);
        }
    }

    private void Handle(in CaHeader h, ReadOnlyMemory<byte> payload, long receivedNs)
    {
        switch (h.Command)
        {
            case CaCommand.ReadNotify:
                ReadReply(h, payload.Span);
                break;
            case CaCommand.EventAdd:
                Event(h, payload.Span, receivedNs);
                break;
            case CaCommand.WriteNotify:
                if (_requests.Remove(h.P2, out var write))
                    Answer(write, h.P1 == CaStatus.Normal
                        ? new Outcome<DbrData>.Completed(Written)
                        : new Outcome<DbrData>.Failed($"{write.What}: {CaStatus.Text(h.P1)}"));
                break;
            default:
                Handle(CaMessage.FromServer(h, payload));
                break;
        }
    }

    private void Handle(CaMessage message)
    {
        switch (message)
        {
            case CaMessage.Version m:
                ServerMinor = m.MinorVersion;
                break;
            case CaMessage.AccessRights m when _links.TryGetValue(m.Cid, out var link):
                link.Rights = m.Rights;
                if (link.State == PvState.Connected)
                    _outputs.Enqueue(new CaOutput(CaOutputKind.Rights, link));
                break;
            case CaMessage.ChannelCreated m when _links.TryGetValue(m.Cid, out var link) && link.State != PvState.Connected:
                Created(link, m);
                break;
            case CaMessage.CreateFailed m:
                Drop(m.Cid, "the server no longer has it");
                break;
            case CaMessage.ServerDisconnect m:
                Drop(m.Cid, "the server has given the channel up");
                break;
            case CaMessage.Error m:
                Refused(m);
                break;
            case CaMessage.SearchReply m:
                _outputs.Enqueue(new CaOutput(CaOutputKind.Found, Found: m));
                break;
        }
    }

    private void Created(CaLink link, CaMessage.ChannelCreated message)
    {
        if (message.Type > Dbr.Double || message.Count == 0)
        {
            Drop(link.Cid, $"the server says it has type {message.Type} and {message.Count} elements");
            return;
        }
        (link.Sid, link.Type, link.Count) = (message.Sid, message.Type, message.Count);
        _outputs.Enqueue(new CaOutput(CaOutputKind.Up, link));
    }

    /// <summary>One channel of the circuit is gone, the others stay.</summary>
    private void Drop(uint cid, string reason)
    {
        if (!_links.Remove(cid, out var link))
            return;
        foreach (var subscription in link.Subscriptions)
            _subscriptions.Remove(subscription.Id);
        foreach (var request in _requests.Values.Where(r => r.Link == link).ToList())
        {
            _requests.Remove(request.Ioid);
            Answer(request, new Outcome<DbrData>.Failed($"{request.What}: {reason}"));
        }
        _outputs.Enqueue(new CaOutput(CaOutputKind.Gone, link, Text: reason));
    }

    private void ReadReply(in CaHeader h, ReadOnlySpan<byte> payload)
    {
        if (!_requests.Remove(h.P2, out var request))
            return;
        if (h.P1 != CaStatus.Normal)
            Answer(request, new Outcome<DbrData>.Failed($"{request.What}: {CaStatus.Text(h.P1)}"));
        else if (DbrReader.Read(h.Type, h.Count, payload) is { } data)
            Answer(request, new Outcome<DbrData>.Completed(data));
        else
            Answer(request, new Outcome<DbrData>.Failed($"{request.What}: {Mangled(h)}"));
    }

    private void Event(in CaHeader h, ReadOnlySpan<byte> payload, long receivedNs)
    {
        // Size 0 confirms a cancel, and a subscription that was cancelled meanwhile is known no more.
        if (h.P1 != CaStatus.Normal || !_subscriptions.TryGetValue(h.P2, out var subscription)
            || h.Type != subscription.Type || DbrReader.Read(h.Type, h.Count, payload) is not { } data)
            return;
        if (subscription.Offer(new PvReading(data.Value, data.Alarm, data.StampNs, receivedNs)))
            _outputs.Enqueue(new CaOutput(CaOutputKind.Ready, Subscription: subscription));
    }

    private void Refused(CaMessage.Error m)
    {
        var reason = CaStatus.Text(m.Status) + (m.Text.Length > 0 ? $" ({m.Text})" : "");
        if (m.Request.Command is CaCommand.ReadNotify or CaCommand.WriteNotify && _requests.Remove(m.Request.P2, out var request))
            Answer(request, new Outcome<DbrData>.Failed($"{request.What}: {reason}"));
        else if (m.Request.Command == CaCommand.Write && _links.Values.FirstOrDefault(l => l.Sid == m.Request.P1) is { } link)
            _outputs.Enqueue(new CaOutput(CaOutputKind.WriteRefused, link, Text: $"writing {link.Name}: {reason}"));
    }

    private static string Mangled(in CaHeader h) =>
        $"the reply says {h.Count} values of {Dbr.NameOf(h.Type)}, and has {h.Size} bytes";
}
