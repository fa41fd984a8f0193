namespace Flyscan.Hardware.Epics.ChannelAccess.Server;

/// <summary>What has changed, and what a subscription wants to be told of: bits as on the wire.</summary>
/// <remarks><b>Source</b> caeventmask.h of EPICS base.</remarks>
[Flags]
internal enum ServedChange : ushort
{
    Value = 1,
    Log = 2,
    Alarm = 4,
    Property = 8,
}

/// <summary>One field of a served record.</summary>
internal sealed class ServedPv(ServedRecord record, string fieldName, ushort native, int most, PvValue value)
{
    private readonly List<ServedSubscription> _subscriptions = [];

    public ServedRecord Record => record;

    public string Field => fieldName;

    /// <summary>Kind of value, 0 to 6.</summary>
    public ushort Native => native;

    /// <summary>Most elements.</summary>
    public int Most => most;

    public PvValue Value { get; private set; } = value;

    public PvAlarm Alarm { get; private set; }

    public long? StampNs { get; private set; }

    /// <summary>Units, limits, choices; another one is told to who wants to know.</summary>
    public PvMetadata Metadata
    {
        get;
        set
        {
            field = value;
            Tell(ServedChange.Property);
        }
    } = new(new PvValue.Integer(0), default);

    public bool IsWritable { get; set; } = true;

    /// <summary>What a write does beside changing the value: returns a status, and calls the action once all it set off has ended. Null:
    /// nothing.</summary>
    public Func<PvValue, Action, uint>? Written { get; set; }

    public DbrData Data => new(Value) { Alarm = Alarm, StampNs = StampNs };

    /// <summary>Raised after each change, under the server's lock.</summary>
    public event Action? Posted;

    /// <summary>Changes the value and tells subscribers: of an alarm alone only those who want alarms.</summary>
    public void Post(PvValue value, long? stampNs, PvAlarm alarm = default)
    {
        const ServedChange OfValue = ServedChange.Value | ServedChange.Log;
        var change = alarm == Alarm ? OfValue : value.Equals(Value) ? ServedChange.Alarm : OfValue | ServedChange.Alarm;
        (Value, StampNs, Alarm) = (value, stampNs, alarm);
        Tell(change);
        Posted?.Invoke();
        Characters?.Post(CharactersOf(value), stampNs, alarm);
    }

    /// <summary>The text as characters, where somebody has asked for that (a name with <c>$</c>).</summary>
    public ServedPv? Characters { get; set; }

    public static PvValue.Array<byte> CharactersOf(PvValue text) => new([.. EpicsText.Bytes(text.AsText()), 0]);

    public void Subscribe(ServedSubscription subscription) => _subscriptions.Add(subscription);

    public void Unsubscribe(ServedSubscription subscription) => _subscriptions.Remove(subscription);

    private void Tell(ServedChange change)
    {
        foreach (var subscription in _subscriptions)
            if (((ServedChange)subscription.Request.Mask & change) != 0)
                subscription.Send();
    }

    /// <summary>Writes what a client sent; the status says whether it fits.</summary>
    public uint Write(PvValue sent, Action complete)
    {
        if (Convert(sent) is not { } fitting)
            return CaStatus.PutFail;
        if (Written is not null)
            return Written(fitting, complete);
        Post(fitting, StampNs);
        complete();
        return CaStatus.Normal;
    }

    /// <summary>A value in the field's own type; null where it does not fit.</summary>
    private PvValue? Convert(PvValue sent)
    {
        switch (native)
        {
            case Dbr.String:
                return most == 1 ? new PvValue.Text(sent.AsText()) : sent as PvValue.Array<string>;
            case Dbr.Char when most > 1:
                return sent is PvValue.Array<byte> ? sent
                    : sent is PvValue.Text t ? new PvValue.Array<byte>([.. EpicsText.Bytes(t.Value), 0])
                    : new PvValue.Array<byte>(Array.ConvertAll(sent.AsNumbers(), n => (byte)n));
            case Dbr.Enum when most == 1:
                return Choice(sent);
        }
        if (most > 1)
            return sent.Count <= most ? new PvValue.Array<double>(sent.AsNumbers()) : null;
        var number = sent.AsNumber();
        if (double.IsNaN(number) && sent is PvValue.Text)
            return null;
        return native is Dbr.Double or Dbr.Float ? new PvValue.Number(number) : new PvValue.Integer((long)number);
    }

    private PvValue.Choice? Choice(PvValue sent)
    {
        var choices = Metadata.Choices.ToList();
        var index = sent is PvValue.Text t && choices.IndexOf(t.Value) is var named and >= 0 ? named : sent.AsNumber();
        return index >= 0 && index < choices.Count ? new PvValue.Choice((int)index, choices[(int)index]) : null;
    }
}

/// <summary>A client's subscription to a field.</summary>
internal sealed class ServedSubscription(CaServerCircuit circuit, ServedPv pv, CaMessage.EventAdd request)
{
    private bool _isOwed;

    public ServedPv Pv => pv;

    public CaMessage.EventAdd Request => request;

    public ServedFilter? Filter { get; init; }

    /// <summary>Sends the value; while the client wants no events, only the newest is kept for later.</summary>
    public void Send()
    {
        if (Filter?.Tells(pv.Value) == false)
            return;
        if (circuit.EventsAreOff)
            _isOwed = true;
        else
            circuit.SendValue(CaCommand.EventAdd, pv, request.Type, request.Count, request.Subscription, Filter);
    }

    public void SendOwed()
    {
        if (!_isOwed)
            return;
        _isOwed = false;
        circuit.SendValue(CaCommand.EventAdd, pv, request.Type, request.Count, request.Subscription, Filter);
    }
}
