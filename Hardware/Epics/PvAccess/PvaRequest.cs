using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Epics.PvAccess;

/// <summary>A request of pvAccess, which an operation works for.</summary>
internal abstract class PvaRequest(PvaChannel channel, string what, long withinNs) : PvRequest<PvaValue.Structure?>(channel, what, withinNs)
{
    public new PvaChannel Channel => channel;

    /// <summary>The operation that works for it; null while it waits for one.</summary>
    public PvaOperation? Operation { get; set; }

    public bool IsDone { get; set; }
}

/// <summary>Reads, or calls where there is an argument.</summary>
internal sealed class PvaRead<T> : PvaRequest
{
    private readonly Func<PvaValue.Structure?, long, T> _of;
    private readonly PvaValue.Structure? _argument;

    public PvaRead(PvaChannel channel, long withinNs, Func<PvaValue.Structure?, long, T> of, PvaValue.Structure? argument = null)
        : base(channel, argument is null ? channel.Name : $"calling {channel.Name}", withinNs)
    {
        (_of, _argument) = (of, argument);
        Task = new PvTask<T>(this);
    }

    public PvTask<T> Task { get; }

    public override string Doing => _argument is null ? $"reading {What}" : What;

    public override string? Begin(PvCircuit circuit, long nowNs)
    {
        if (_argument is null)
            ((PvaCircuit)circuit).Read(this, nowNs);
        else
            ((PvaCircuit)circuit).Call(this, _argument, nowNs);
        return null;
    }

    public override void Complete(long receivedNs) => Task.Complete(Outcome!, _of, receivedNs);
}

/// <summary>A write. Waits: until all that it sets off is complete; else it is done when the server has taken it.</summary>
internal sealed class PvaWrite : PvaRequest
{
    public PvaWrite(PvaChannel channel, long withinNs, PvValue value, bool waits) : base(channel, $"writing {channel.Name}", withinNs)
    {
        (Value, Waits) = (value, waits);
        Task = new PvTask<Nothing>(this);
    }

    public PvValue Value { get; }

    public bool Waits { get; }

    public PvTask<Nothing> Task { get; }

    public override string? Begin(PvCircuit circuit, long nowNs)
    {
        if (Unwritable() is { } reason)
            return reason;
        ((PvaCircuit)circuit).Write(this, nowNs);
        return null;
    }

    public override void Complete(long receivedNs) => Task.Complete(Outcome!, static (_, _) => Nothing.Value, receivedNs);

    /// <summary>What can be said of a value before it is sent; choices are only known to the server.</summary>
    private string? Unwritable()
    {
        if (Channel.Type is not { } type || PvaPut.NeedsChoices(Value, type))
            return null;
        var unknown = PvaValue.Default(type);
        return PvaPut.For(Value, unknown) is null ? PvaCircuit.Unfit(Value, unknown) : null;
    }
}
