using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Epics.ChannelAccess;

/// <summary>A channel of Channel Access: a field of a record.</summary>
internal sealed class CaChannel(PvClient client, uint cid, string name) : PvChannel(client, cid, name)
{
    private static readonly Func<DbrData, long, PvReading> AsReading = static (data, receivedNs) =>
        new PvReading(data.Value, data.Alarm, data.StampNs, receivedNs);

    private static readonly Func<DbrData, long, PvMetadata> AsMetadata = static (data, _) =>
        data.Metadata ?? new PvMetadata(data.Value, data.Alarm);

    public ushort Type { get; set; }

    public uint Count { get; set; }

    public uint Rights { get; set; }

    public bool CanRead => (Rights & 1) != 0;

    public bool CanWrite => (Rights & 2) != 0;

    private int Most => (int)Math.Min(Count, int.MaxValue);

    public override PvChannelInfo InfoOf(string server) => new(server, Dbr.FieldNameOf(Type), Most, CanRead, CanWrite);

    public override void Reset() => Rights = 0;

    public override Task<Outcome<PvReading>> GetAsync(long withinNs, CancellationToken cancel, PvAs form = PvAs.Native)
    {
        var request = new CaRead<PvReading>(this, withinNs, form, DbrForm.Time, AsReading);
        return Client.BeginAsync(request, request.Task, cancel);
    }

    public override Task<Outcome<PvMetadata>> GetMetadataAsync(long withinNs, CancellationToken cancel)
    {
        var request = new CaRead<PvMetadata>(this, withinNs, PvAs.Native, DbrForm.Control, AsMetadata);
        return Client.BeginAsync(request, request.Task, cancel);
    }

    public override Outcome<Nothing> Put(PvValue value) => Client.Put(new CaWrite(this, long.MaxValue, value, waits: false));

    public override Task<Outcome<Nothing>> PutAndWaitAsync(PvValue value, long withinNs, CancellationToken cancel)
    {
        var request = new CaWrite(this, withinNs, value, waits: true);
        return Client.BeginAsync(request, request.Task, cancel);
    }

    public override IPvMonitor Monitor(PvMonitorOptions options, Action<IPvMonitor> ready) =>
        Client.Begin(new CaMonitor(this, options, ready));

    /// <summary>The type under which it is asked for: a text where the server can make one.</summary>
    public ushort TypeAs(PvAs form, DbrForm of) => Dbr.Of(form == PvAs.Text && Type != Dbr.Char ? Dbr.String : Type, of);

    /// <summary>Why a value cannot be written; null with its bytes where it can.</summary>
    public string? Unwritable(PvValue value, out (ushort Type, uint Count, byte[] Data) put)
    {
        put = default;
        if (!CanWrite)
            return "the server denies write access";
        if (DbrWriter.ForPut(value, Type, Most) is not { } known)
            return $"the value cannot be written to {Dbr.FieldNameOf(Type)} of {Count} elements: too long, empty or out of range";
        put = known;
        return null;
    }
}

/// <summary>A subscription of Channel Access.</summary>
internal sealed class CaMonitor(CaChannel channel, PvMonitorOptions options, Action<IPvMonitor> ready) : PvMonitor(channel, options, ready)
{
    public new CaChannel Channel => channel;

    public uint Id { get; set; }

    /// <summary>The type under which it is subscribed on the present circuit.</summary>
    public ushort Type { get; set; }

    public ushort Mask => Options.Archive ? (ushort)6 : (ushort)5;
}
