using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Epics.ChannelAccess;

/// <summary>A request of Channel Access that waits for its answer under a number.</summary>
internal abstract class CaRequest(CaChannel channel, string what, long withinNs) : PvRequest<DbrData>(channel, what, withinNs)
{
    public new CaChannel Channel => channel;

    public uint Ioid { get; set; }
}

/// <summary>Reads.</summary>
internal sealed class CaRead<T> : CaRequest
{
    private readonly PvAs _form;
    private readonly DbrForm _with;
    private readonly Func<DbrData, long, T> _of;

    /// <param name="channel">What is read.</param>
    /// <param name="withinNs">How long it may take.</param>
    /// <param name="form">As what.</param>
    /// <param name="with">What comes beside the value.</param>
    /// <param name="of">Makes the result of what came.</param>
    public CaRead(CaChannel channel, long withinNs, PvAs form, DbrForm with, Func<DbrData, long, T> of)
        : base(channel, channel.Name, withinNs)
    {
        (_form, _with, _of) = (form, with, of);
        Task = new PvTask<T>(this);
    }

    public PvTask<T> Task { get; }

    public override string Doing => $"reading {What}";

    public override string? Begin(PvCircuit circuit, long nowNs)
    {
        if (!Channel.CanRead)
            return "the server denies read access";
        var core = (CaCircuit)circuit;
        core.Read(this, Channel.TypeAs(_form, _with), _with == DbrForm.Control ? 1 : core.CountFor(Channel), nowNs);
        return null;
    }

    public override void Complete(long receivedNs) => Task.Complete(Outcome!, _of, receivedNs);
}

/// <summary>Writes. Waits: until all that it sets off is complete; else nothing is ever said of it but that it was refused.</summary>
internal sealed class CaWrite : CaRequest
{
    private readonly PvValue _value;
    private readonly bool _waits;

    public CaWrite(CaChannel channel, long withinNs, PvValue value, bool waits) : base(channel, $"writing {channel.Name}", withinNs)
    {
        (_value, _waits) = (value, waits);
        Task = new PvTask<Nothing>(this);
    }

    public PvTask<Nothing> Task { get; }

    public override string? Begin(PvCircuit circuit, long nowNs)
    {
        if (Channel.Unwritable(_value, out var put) is { } reason)
            return reason;
        if (_waits)
            ((CaCircuit)circuit).WriteNotify(this, put.Type, put.Count, put.Data, nowNs);
        else
            ((CaCircuit)circuit).Write(Channel, put.Type, put.Count, put.Data);
        return null;
    }

    public override void Complete(long receivedNs) => Task.Complete(Outcome!, static (_, _) => Nothing.Value, receivedNs);
}
