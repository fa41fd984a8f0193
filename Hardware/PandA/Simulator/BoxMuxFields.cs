using System.Globalization;
using Flyscan.Hardware.Simulation;

namespace Flyscan.Hardware.PandA.Simulator;

/// <summary>An input of a block that follows a chosen bit of the bus, delayed by some ticks.</summary>
internal sealed class BitMuxField : BoxField
{
    private const int MaxDelay = 31;

    private readonly BoxBuses _buses;
    private readonly ISimulationClock _clock;
    private BitSource _selected;
    private string _name = "ZERO";
    private int _delay;

    public BitMuxField(string type, BoxBuses buses, ISimulationClock clock)
        : base(type)
    {
        (_buses, _clock) = (buses, clock);
        _selected = buses.Bit("ZERO")!;
    }

    /// <summary>Raised when the input changes.</summary>
    public event Action<bool>? Changed;

    public bool Value { get; private set; }

    /// <summary>What the source is now: differs from <see cref="Value"/> only inside one instant, or by the delay.</summary>
    public bool Ahead => _delay == 0 ? _selected.Value : Value;

    public override IReadOnlyList<string> Attributes => ["DELAY", "MAX_DELAY", "INFO"];

    public override string Get() => ServerReply.Value(_name);

    public override string Set(string text)
    {
        if (_buses.Bit(text) is not { } source)
            return ServerReply.Error("Invalid bit bus selection");
        _selected.Changed -= OnSource;
        (_selected, _name) = (source, text);
        source.Changed += OnSource;
        OnSource(source.Value);
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
        return ServerReply.Ok;
    }

    private void OnSource(bool value)
    {
        if (_delay == 0)
            Apply(value);
        else
            _clock.At(_clock.NowNs + _delay * PandASimulator.TickNs, () => Apply(value));
    }

    private void Apply(bool value)
    {
        if (Value == value)
            return;
        Value = value;
        Changed?.Invoke(value);
    }
}

/// <summary>An input of a block that follows a chosen position of the bus.</summary>
internal sealed class PosMuxField(string type, BoxBuses buses) : BoxField(type)
{
    private string _name = "ZERO";

    public EncoderCount Signal { get; private set; } = buses.Position("ZERO")!;

    public override string Get() => ServerReply.Value(_name);

    public override string Set(string text)
    {
        if (buses.Position(text) is not { } position)
            return ServerReply.Error("Invalid position selection");
        (Signal, _name) = (position, text);
        return Accept();
    }
}

/// <summary>Something that PCAP can capture.</summary>
internal abstract class CapturableField(string type) : BoxField(type)
{
    /// <summary>Chosen options in canonical order; empty: not captured.</summary>
    public IReadOnlyList<string> Capture { get; private set; } = [];

    public string CaptureText => Capture.Count == 0 ? "No" : string.Join(' ', Capture);

    protected abstract IReadOnlyList<string> Options { get; }

    public void StopCapture() => Capture = [];

    public override string? GetAttribute(string name) => name == "CAPTURE" ? ServerReply.Value(CaptureText) : base.GetAttribute(name);

    public override string? SetAttribute(string name, string text)
    {
        if (name != "CAPTURE")
            return base.SetAttribute(name, text);
        if (text is "" or "No")
        {
            Capture = [];
            return ServerReply.Ok;
        }
        var words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (Check(words, text) is { } problem)
            return ServerReply.Error(problem);
        Capture = [.. Options.Where(words.Contains)];
        return ServerReply.Ok;
    }

    protected abstract string? Check(string[] words, string text);
}

/// <summary>A position with scale, offset, units, and what is captured of it.</summary>
internal sealed class PosOutField(string type, EncoderCount source, ISimulationClock clock) : CapturableField(type)
{
    private static readonly string[] AllOptions = ["Value", "Diff", "Sum", "Min", "Max", "Mean"];

    /// <summary>What <c>*ENUMS</c> and <c>*CAPTURE.ENUMS?</c> give; StdDev is absent, as in the stock application of the box.</summary>
    public static readonly string[] Enums = ["No", "Value", "Diff", "Sum", "Mean", "Min", "Max", "Min Max", "Min Max Mean"];

    public EncoderCount Source => source;

    public double Scale { get; private set; } = 1;

    public double Offset { get; private set; }

    /// <summary>Null: never set.</summary>
    public string? Units { get; private set; }

    public override IReadOnlyList<string> Attributes => ["UNITS", "SCALED", "OFFSET", "SCALE", "CAPTURE", "INFO"];

    protected override IReadOnlyList<string> Options => AllOptions;

    public override string Get() => ServerReply.Value(source.At(clock.NowNs).ToString(CultureInfo.InvariantCulture));

    public override string? GetAttribute(string name) => name switch
    {
        "SCALE" => ServerReply.Value(PandADataEncoder.G(Scale)),
        "OFFSET" => ServerReply.Value(PandADataEncoder.G(Offset)),
        "UNITS" => ServerReply.Value(Units ?? ""),
        "SCALED" => ServerReply.Value(PandADataEncoder.G(source.At(clock.NowNs) * Scale + Offset)),
        _ => base.GetAttribute(name),
    };

    public override string? SetAttribute(string name, string text)
    {
        if (name == "UNITS")
        {
            Units = text;
            return ServerReply.Ok;
        }
        if (name is not ("SCALE" or "OFFSET"))
            return base.SetAttribute(name, text);
        if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value))
            return ServerReply.Error("Number missing");
        (Scale, Offset) = name == "SCALE" ? (value, Offset) : (Scale, value);
        return ServerReply.Ok;
    }

    protected override string? Check(string[] words, string text)
    {
        if (text.Any(c => c != ' ' && !char.IsAsciiLetterOrDigit(c) && c != '_'))
            return "No name found";
        var unknown = words.FirstOrDefault(word => !AllOptions.Contains(word));
        return unknown is null ? null : $"Unknown capture option \"{unknown}\"";
    }
}

/// <summary>What PCAP itself adds to a sample: time stamps, gate duration, words of bits.</summary>
internal sealed class ExtOutField(string type, string kind, Func<IEnumerable<string>>? bits) : CapturableField(type)
{
    public string Kind => kind;

    public override IReadOnlyList<string> Attributes => bits is null ? ["CAPTURE", "INFO"] : ["BITS", "CAPTURE", "INFO"];

    protected override IReadOnlyList<string> Options => ["Value"];

    public override string? GetAttribute(string name) =>
        name == "BITS" && bits is not null ? ServerReply.Lines(bits()) : base.GetAttribute(name);

    protected override string? Check(string[] words, string text) => text == "Value" ? null : "Invalid capture option";
}
