using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Epics.ChannelAccess;

internal sealed partial class CaCircuit
{
    private static readonly Outcome<DbrData> Done = new Outcome<DbrData>.Completed(new DbrData(new PvValue.Integer(0)));

    public override void Receive(ReadOnlyMemory<byte> bytes, long nowNs, long receivedNs)
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
        else if (++_fullSegments == FullSegmentsBeforeOff && _monitors.Count > 0)
        {
            _eventsOffNs = nowNs;
            new CaMessage.EventsOff().WriteTo(_outgoing);
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
                    Written(write, h.P1);
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
            case CaMessage.AccessRights m when _channels.TryGetValue(m.Cid, out var channel):
                channel.Rights = m.Rights;
                if (channel.State == PvState.Connected)
                    Tell(new PvOutput(PvOutputKind.Rights, channel));
                break;
            case CaMessage.ChannelCreated m when _channels.TryGetValue(m.Cid, out var channel) && channel.State != PvState.Connected:
                Created(channel, m);
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
            case CaMessage.SearchReply { Found: { } found }:
                Tell(new PvOutput(PvOutputKind.Found, Found: found));
                break;
        }
    }

    private void Created(CaChannel channel, CaMessage.ChannelCreated message)
    {
        if (message.Type > Dbr.Double || message.Count == 0)
        {
            Drop(channel.Cid, $"the server says it has type {message.Type} and {message.Count} elements");
            return;
        }
        (channel.Sid, channel.Type, channel.Count) = (message.Sid, message.Type, message.Count);
        Tell(new PvOutput(PvOutputKind.Up, channel));
    }

    /// <summary>One channel of the circuit is gone, the others stay.</summary>
    private void Drop(uint cid, string reason)
    {
        if (!_channels.Remove(cid, out var channel))
            return;
        ForgetMonitors(channel);
        foreach (var request in _requests.Values.Where(r => r.Channel == channel).ToList())
        {
            _requests.Remove(request.Ioid);
            Fail(request, reason);
        }
        Tell(new PvOutput(PvOutputKind.Gone, channel, Text: reason));
    }

    private void ReadReply(in CaHeader h, ReadOnlySpan<byte> payload)
    {
        if (!_requests.Remove(h.P2, out var request))
            return;
        if (h.P1 != CaStatus.Normal)
            Fail(request, CaStatus.Text(h.P1));
        else if (DbrReader.Read(h.Type, h.Count, payload) is { } data)
            Answer(request, new Outcome<DbrData>.Completed(data));
        else
            Fail(request, Mangled(h));
    }

    private void Written(CaRequest write, uint status)
    {
        if (status == CaStatus.Normal)
            Answer(write, Done);
        else
            Fail(write, CaStatus.Text(status));
    }

    private void Event(in CaHeader h, ReadOnlySpan<byte> payload, long receivedNs)
    {
        // Size 0 confirms a cancel, and a monitor that was cancelled meanwhile is known no more.
        if (h.P1 != CaStatus.Normal || !_monitors.TryGetValue(h.P2, out var monitor)
            || h.Type != monitor.Type || DbrReader.Read(h.Type, h.Count, payload) is not { } data)
            return;
        if (monitor.Offer(new PvReading(data.Value, data.Alarm, data.StampNs, receivedNs)))
            Tell(new PvOutput(PvOutputKind.Ready, Monitor: monitor));
    }

    private void Refused(CaMessage.Error m)
    {
        var reason = CaStatus.Text(m.Status) + (m.Text.Length > 0 ? $" ({m.Text})" : "");
        if (m.Request.Command is CaCommand.ReadNotify or CaCommand.WriteNotify && _requests.Remove(m.Request.P2, out var request))
            Fail(request, reason);
        else if (m.Request.Command == CaCommand.Write && _channels.Values.FirstOrDefault(l => l.Sid == m.Request.P1) is { } channel)
            Tell(new PvOutput(PvOutputKind.WriteRefused, channel, Text: $"writing {channel.Name}: {reason}"));
    }

    private static string Mangled(in CaHeader h) =>
        $"the reply says {h.Count} values of {Dbr.NameOf(h.Type)}, and has {h.Size} bytes";
}
