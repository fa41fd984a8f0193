using System.Globalization;

namespace Flyscan.Hardware.PandA.Simulator;

/// <summary>An input of a block that follows a chosen bit of the bus, delayed by some ticks.</summary>
internal sealed class BitMuxField : BoxField, IBoxEvent
{
    private const int MaxDelay = 31;

    private readonly Queue<(long Tick, bool Value)> _delayed = new();
    private BitSource _selected;
    private string _name = "ZERO";
    private int _delay;

    public BitMuxField(FieldOrigin origin)
        : base(origin, ChangeGroup.Config)
    {
        _selected = origin.Buses.Bit("ZERO")!;
        Report("DELAY");
    }

    /// <summary>Raised when the input changes.</summary>
    public event Action<bool>? Changed;

    public bool Value { get; private set; }

    /// <summary>It drives a pin of the box, which nothing delays.</summary>
    public bool IsPin { get; set; }

    /// <summary>The block that must be updated when the input changes.</summary>
    public BlockModel? Owner { get; set; }

    public override IReadOnlyList<string> Attributes => ["DELAY", "MAX_DELAY", "INFO"];

    public override string Get() => ServerReply.Value(_name);

    public override string Set(string text)
    {
        if (Origin.Buses.Bit(text) is not { } source)
            return ServerReply.Error("Invalid bit bus selection");
        _selected.Detach(this);
        _delayed.Clear();
        (_selected, _name) = (source, text);
        source.Attach(this);
        OnSource(0);
        return Accept();
    }

    public override string? GetAttribute(string name) => name switch
    {
        "DELAY" => ServerReply.Value(_delay.ToString(CultureInfo.InvariantCulture)),
        "MAX_DELAY" => ServerReply.Value($"{MaxDelay}"),
        _ => base.GetAttribute(name),
    };

    public override string? SetAttribute(string name, string text)
    {
        if (name != "DELAY")
            return base.SetAttribute(name, text);
        if (ServerNumber.TryRead(text, out var delay) is { } problem)
            return ServerReply.Error(problem);
        if (delay is < 0 or > MaxDelay)
            return ServerReply.Error("Delay too long");
        _delay = (int)delay;
        _delayed.Clear();
        OnSource(0);
        return AcceptAttribute(name);
    }

    public override IEnumerable<string>? Enums(string? attribute) =>
        attribute is null ? Origin.Buses.BitNames.Concat(["ZERO", "ONE"]) : null;

    /// <summary>The chosen bit has changed; it is seen after so many ticks and the input's own delay.</summary>
    public void OnSource(int hop)
    {
        var due = Engine.Now + _delay + (IsPin ? 0 : hop);
        _delayed.Enqueue((due, _selected.Value));
        Engine.Change(this, due);
    }

    public void Happen(long tick)
    {
        var value = Value;
        while (_delayed.TryPeek(out var next) && next.Tick <= tick)
            value = _delayed.Dequeue().Value;
        if (Value == value)
            return;
        Value = value;
        if (Owner is not null)
            Engine.Update(Owner, tick);
        Changed?.Invoke(value);
    }
}

/// <summary>An input of a block that follows a chosen position of the bus.</summary>
internal sealed class PosMuxField : BoxField
{
    private string _name = "ZERO";

    public PosMuxField(FieldOrigin origin)
        : base(origin, ChangeGroup.Config)
    {
        Signal = origin.Buses.Position("ZERO")!;
        Signal.Changed += OnChanged;
    }

    public CountSource Signal { get; private set; }

    /// <summary>The block that must be updated when the position's course changes.</summary>
    public BlockModel? Owner { get; set; }

    public override string Get() => ServerReply.Value(_name);

    public override string Set(string text)
    {
        if (Origin.Buses.Position(text) is not { } position)
            return ServerReply.Error("Invalid position selection");
        Signal.Changed -= OnChanged;
        (Signal, _name) = (position, text);
        Signal.Changed += OnChanged;
        OnChanged();
        return Accept();
    }

    public override IEnumerable<string>? Enums(string? attribute) => attribute is null ? Origin.Buses.PositionNames.Append("ZERO") : null;

    private void OnChanged()
    {
        if (Owner is not null)
            Engine.Update(Owner, Engine.Now);
    }
}
