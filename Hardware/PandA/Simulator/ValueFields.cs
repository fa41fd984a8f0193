using System.Globalization;

namespace Flyscan.Hardware.PandA.Simulator;

internal sealed class NumberField : BoxField
{
    private readonly uint _greatest;
    private readonly bool _signed;
    private readonly bool _bit;

    public NumberField(FieldOrigin origin)
        : base(origin, ChangeGroup.Config)
    {
        _signed = origin.Definition.Type == "param int";
        _bit = origin.Definition.Type == "param bit";
        _greatest = origin.Definition.Greatest ?? uint.MaxValue;
    }

    public long Value { get; private set; }

    public override IReadOnlyList<string> Attributes => _signed || _bit ? base.Attributes : ["MAX", "INFO"];

    public override string Get() => ServerReply.Value(Value.ToString(CultureInfo.InvariantCulture));

    public override string Set(string text)
    {
        if (_bit && text is not ("0" or "1"))
            return ServerReply.Error("Invalid bit value");
        if (ServerNumber.TryRead(text, out var value) is { } problem)
            return ServerReply.Error(problem);
        if (!_signed && (uint)value > _greatest)
            return ServerReply.Error("Number out of range");
        // The real server stores the low 32 bits of whatever it is given.
        Value = _signed ? unchecked((int)value) : unchecked((uint)value);
        return Accept();
    }

    public override string? GetAttribute(string name) =>
        name == "MAX" && !_signed && !_bit ? ServerReply.Value(_greatest.ToString(CultureInfo.InvariantCulture)) : base.GetAttribute(name);
}

internal sealed class EnumField(FieldOrigin origin) : BoxField(origin, ChangeGroup.Config)
{
    public string Value { get; private set; } = origin.Definition.Labels[0];

    /// <summary>The number of the label.</summary>
    public int Index => Origin.Definition.Labels.IndexOf(Value);

    public override string Get() => ServerReply.Value(Value);

    public override string Set(string text)
    {
        if (!Origin.Definition.Labels.Contains(text))
            return ServerReply.Error("Invalid enumeration value");
        Value = text;
        return Accept();
    }

    public override IEnumerable<string>? Enums(string? attribute) => attribute is null ? Origin.Definition.Labels : null;

    /// <summary>Whether an input that has just become <paramref name="high"/> made the edge that is asked for.</summary>
    public bool IsEdge(bool high) => Value == "Either" || high == (Value == "Rising");
}

/// <summary>A status that the block gives.</summary>
internal sealed class ReadField : BoxField
{
    public ReadField(FieldOrigin origin)
        : base(origin, ChangeGroup.Read) => Source = () => origin.Definition.Labels.Count > 0 ? origin.Definition.Labels[0] : "0";

    public Func<string> Source { get; set; }

    /// <summary>It shows this label whatever the block says.</summary>
    public string? Stuck { get; set; }

    public override string Get() => ServerReply.Value(Stuck ?? Source());

    public override IEnumerable<string>? Enums(string? attribute) =>
        attribute is null && Origin.Definition.Labels.Count > 0 ? Origin.Definition.Labels : null;
}

/// <summary>A sensor. The simulated board has none: voltages read 0, what the processor measures cannot be read.</summary>
internal sealed class ScalarField(FieldOrigin origin) : BoxField(origin, ChangeGroup.Read)
{
    private readonly bool _absent = origin.Name is "SYSTEM.TEMP_ZYNQ" or "SYSTEM.VCCINT";

    public override IReadOnlyList<string> Attributes => ["UNITS", "RAW", "OFFSET", "SCALE", "INFO"];

    public override string Get() => _absent ? ServerReply.Error("The simulated board has no such sensor") : ServerReply.Value("0");

    public override string? GetAttribute(string name) => name switch
    {
        "UNITS" => ServerReply.Value(""),
        "RAW" => Get(),
        "OFFSET" => ServerReply.Value("0"),
        "SCALE" => ServerReply.Value("1"),
        _ => base.GetAttribute(name),
    };
}

/// <summary>An integer that can only be written, such as SETP.</summary>
internal sealed class WriteField(FieldOrigin origin) : BoxField(origin, null)
{
    public int Value { get; private set; }

    public override string Set(string text)
    {
        if (ServerNumber.TryRead(text, out var value) is { } problem)
            return ServerReply.Error(problem);
        Value = unchecked((int)value);
        return Accept();
    }
}

/// <summary>Something that a write without a value does.</summary>
internal sealed class ActionField(FieldOrigin origin) : BoxField(origin, null)
{
    public override string Set(string text) => text.Length > 0 ? ServerReply.Error("Unexpected character after input") : Accept();
}

/// <summary>A function of five bits: an expression, or its table.</summary>
internal sealed class LutField(FieldOrigin origin) : BoxField(origin, ChangeGroup.Config)
{
    private string _text = "0x00000000";

    /// <summary>Bit n is the function's value where A is the greatest of n's five bits and E the least.</summary>
    public uint Table { get; private set; }

    public override IReadOnlyList<string> Attributes => ["INFO", "RAW"];

    public override string Get() => ServerReply.Value(_text);

    public override string Set(string text)
    {
        if (new LutExpression(text).TryRead(out var table) is { } problem)
            return ServerReply.Error(problem);
        (_text, Table) = (text, table);
        return Accept();
    }

    public override string? GetAttribute(string name) =>
        name == "RAW" ? ServerReply.Value($"0x{Table:X8}") : base.GetAttribute(name);
}

/// <summary>A time held in ticks and shown in its units.</summary>
internal sealed class TimeField : BoxField
{
    private static readonly (string Name, double Ticks)[] Scales = [("min", 7.5e9), ("s", 125e6), ("ms", 125e3), ("us", 125)];

    private readonly long _mostTicks;
    private string _units = "s";

    public TimeField(FieldOrigin origin)
        : base(origin, ChangeGroup.Config)
    {
        _mostTicks = origin.Definition.Type == "time" ? (1L << 48) - 1 : uint.MaxValue;
        Report("UNITS");
    }

    public long Ticks { get; private set; }

    public override IReadOnlyList<string> Attributes => ["UNITS", "INFO", "RAW"];

    private double Scale => Scales.First(s => s.Name == _units).Ticks;

    public override string Get() => ServerReply.Value(ServerNumber.Text(Ticks / Scale));

    public override string Set(string text)
    {
        var number = text.AsSpan().TrimStart(' ');
        if (number.Equals("nan", StringComparison.OrdinalIgnoreCase) || number.Equals("inf", StringComparison.OrdinalIgnoreCase))
            return ServerReply.Error("Time setting out of range");
        if (!double.TryParse(number, NumberStyles.Float & ~NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out var value))
            return ServerReply.Error("Number missing");
        var ticks = Math.Round(value * Scale, MidpointRounding.AwayFromZero);
        if (!(ticks >= 0 && ticks <= _mostTicks))
            return ServerReply.Error("Time setting out of range");
        Ticks = (long)ticks;
        return Accept();
    }

    public override string? GetAttribute(string name) => name switch
    {
        "UNITS" => ServerReply.Value(_units),
        "RAW" => ServerReply.Value(Ticks.ToString(CultureInfo.InvariantCulture)),
        _ => base.GetAttribute(name),
    };

    public override string? SetAttribute(string name, string text)
    {
        if (name == "UNITS" && Scales.All(s => s.Name != text))
            return ServerReply.Error("Invalid time units");
        if (name == "UNITS")
        {
            _units = text;
            return AcceptAttribute(name);
        }
        if (name != "RAW")
            return base.SetAttribute(name, text);
        if (ServerNumber.TryRead(text, out var ticks) is { } problem)
            return ServerReply.Error(problem);
        if (ticks < 0 || ticks > _mostTicks)
            return ServerReply.Error("Number out of range");
        Ticks = ticks;
        return Accept();
    }

    public override IEnumerable<string>? Enums(string? attribute) => attribute == "UNITS" ? Scales.Select(s => s.Name) : null;
}
