using System.Globalization;

namespace Flyscan.Hardware.PandA.Simulator;

/// <summary>One field of one block: what the control port can read and write.</summary>
internal abstract class BoxField(string type)
{
    /// <summary>As <c>BLOCK.*?</c> lists it.</summary>
    public string Type { get; } = type;

    /// <summary>Raised after each accepted write of the value.</summary>
    public event Action? Written;

    public virtual IReadOnlyList<string> Attributes => ["INFO"];

    public virtual string Get() => ServerReply.Error("Field not readable");

    public virtual string Set(string text) => ServerReply.Error("Field not writeable");

    /// <summary>Null: there is no such attribute.</summary>
    public virtual string? GetAttribute(string name) => name == "INFO" ? ServerReply.Value(Type) : null;

    public virtual string? SetAttribute(string name, string text) =>
        GetAttribute(name) is null ? null : ServerReply.Error("Attribute not writeable");

    protected string Accept()
    {
        Written?.Invoke();
        return ServerReply.Ok;
    }
}

internal sealed class NumberField(string type, uint greatest) : BoxField(type)
{
    private readonly bool _signed = type.EndsWith("int", StringComparison.Ordinal) && !type.EndsWith("uint", StringComparison.Ordinal);
    private readonly bool _bit = type.EndsWith("bit", StringComparison.Ordinal);

    public long Value { get; private set; }

    public override IReadOnlyList<string> Attributes => _signed || _bit ? base.Attributes : ["MAX", "INFO"];

    public override string Get() => ServerReply.Value(Value.ToString(CultureInfo.InvariantCulture));

    public override string Set(string text)
    {
        if (_bit && text is not ("0" or "1"))
            return ServerReply.Error("Invalid bit value");
        if (ServerNumber.TryRead(text, out var value) is { } problem)
            return ServerReply.Error(problem);
        if (!_signed && (uint)value > greatest)
            return ServerReply.Error("Number out of range");
        // The real server stores the low 32 bits of whatever it is given.
        Value = _signed ? unchecked((int)value) : unchecked((uint)value);
        return Accept();
    }

    public override string? GetAttribute(string name) =>
        name == "MAX" && !_signed && !_bit ? ServerReply.Value(greatest.ToString(CultureInfo.InvariantCulture)) : base.GetAttribute(name);
}

internal sealed class EnumField(string type, string[] labels) : BoxField(type)
{
    public string[] Labels => labels;

    public string Value { get; private set; } = labels[0];

    public override IReadOnlyList<string> Attributes => ["LABELS", "INFO"];

    public override string Get() => ServerReply.Value(Value);

    public override string Set(string text)
    {
        if (!labels.Contains(text))
            return ServerReply.Error("Invalid enumeration value");
        Value = text;
        return Accept();
    }

    public override string? GetAttribute(string name) => name == "LABELS" ? ServerReply.Lines(labels) : base.GetAttribute(name);
}

/// <summary>A time held in ticks and shown in its units.</summary>
internal sealed class TimeField(string type, long mostTicks) : BoxField(type)
{
    private static readonly (string Name, double Ticks)[] Scales = [("min", 7.5e9), ("s", 125e6), ("ms", 125e3), ("us", 125)];

    private string _units = "s";

    public static readonly string[] UnitNames = ["min", "s", "ms", "us"];

    public long Ticks { get; private set; }

    public override IReadOnlyList<string> Attributes => ["UNITS", "INFO", "RAW"];

    private double Scale => Scales.First(s => s.Name == _units).Ticks;

    public override string Get() => ServerReply.Value(PandADataEncoder.G(Ticks / Scale));

    public override string Set(string text)
    {
        var number = text.AsSpan().TrimStart(' ');
        if (number.Equals("nan", StringComparison.OrdinalIgnoreCase) || number.Equals("inf", StringComparison.OrdinalIgnoreCase))
            return ServerReply.Error("Time setting out of range");
        if (!double.TryParse(number, NumberStyles.Float & ~NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out var value))
            return ServerReply.Error("Number missing");
        var ticks = Math.Round(value * Scale, MidpointRounding.AwayFromZero);
        if (!(ticks >= 0 && ticks <= mostTicks))
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
        if (name == "UNITS" && !UnitNames.Contains(text))
            return ServerReply.Error("Invalid time units");
        if (name == "UNITS")
        {
            _units = text;
            return ServerReply.Ok;
        }
        if (name != "RAW")
            return base.SetAttribute(name, text);
        if (ServerNumber.TryRead(text, out var ticks) is { } problem)
            return ServerReply.Error(problem);
        if (ticks < 0 || ticks > mostTicks)
            return ServerReply.Error("Number out of range");
        Ticks = ticks;
        return Accept();
    }
}

/// <summary>A status that the block gives.</summary>
internal sealed class ReadField(string type) : BoxField(type)
{
    public Func<string> Source { get; set; } = () => type.EndsWith("enum", StringComparison.Ordinal) ? "OK" : "0";

    public override string Get() => ServerReply.Value(Source());
}

/// <summary>An integer that can only be written, such as SETP.</summary>
internal sealed class WriteField(string type) : BoxField(type)
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

internal sealed class BitOutField(string type, BitSource source) : BoxField(type)
{
    public int BusIndex { get; set; }

    public BitSource Source => source;

    public override IReadOnlyList<string> Attributes => ["CAPTURE_WORD", "OFFSET", "INFO"];

    public override string Get() => ServerReply.Value(source.Value ? "1" : "0");

    public override string? GetAttribute(string name) => name switch
    {
        "CAPTURE_WORD" => ServerReply.Value($"PCAP.BITS{BusIndex / 32}"),
        "OFFSET" => ServerReply.Value($"{BusIndex % 32}"),
        _ => base.GetAttribute(name),
    };
}
