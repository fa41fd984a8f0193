namespace Flyscan.Hardware.Epics.ChannelAccess.Server;

/// <summary>A record that is served: its fields share its state, and one put with completion is under way at a time.</summary>
/// <remarks>Guarded by the server's lock, as everything served is.</remarks>
internal sealed class ServedRecord(string name, string type)
{
    private readonly Queue<Action> _waiting = new();
    private bool _isBusy;

    public string Name => name;

    public string Type => type;

    public Dictionary<string, ServedPv> Fields { get; } = new(StringComparer.Ordinal);

    /// <summary>Adds a field.</summary>
    public ServedPv Add(string field, ushort native, PvValue value, int most = 1)
    {
        var pv = new ServedPv(this, field, native, most, value);
        Fields[field] = pv;
        return pv;
    }

    /// <summary>A field; those that every record has are made when somebody asks for them.</summary>
    public ServedPv? Find(string field)
    {
        if (Fields.TryGetValue(field, out var known))
            return known;
        if (field is not ("NAME" or "RTYP" or "DESC"))
            return null;
        var made = Add(field, Dbr.String, new PvValue.Text(field switch { "NAME" => name, "RTYP" => type, _ => "" }));
        made.IsWritable = field == "DESC";
        return made;
    }

    /// <summary>Writes a field and says when all that it set off has ended; waits while another such put is under way.</summary>
    public void PutWithCompletion(ServedPv pv, PvValue value, Action<uint> done)
    {
        if (_isBusy)
        {
            _waiting.Enqueue(() => PutWithCompletion(pv, value, done));
            return;
        }
        _isBusy = true;
        var status = pv.Write(value, () => End(CaStatus.Normal, done));
        if (status != CaStatus.Normal)
            End(status, done);
    }

    private void End(uint status, Action<uint> done)
    {
        _isBusy = false;
        done(status);
        if (_waiting.TryDequeue(out var next))
            next();
    }
}
