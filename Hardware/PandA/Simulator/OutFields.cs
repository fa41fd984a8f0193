using System.Globalization;

namespace Flyscan.Hardware.PandA.Simulator;

internal sealed class BitOutField(FieldOrigin origin) : BoxField(origin, ChangeGroup.Bits)
{
    public int BusIndex { get; set; }

    public BitSource Source { get; } = new(origin.Engine);

    public override IReadOnlyList<string> Attributes => ["CAPTURE_WORD", "OFFSET", "INFO"];

    public override string Get() => ServerReply.Value(Source.Value ? "1" : "0");

    public override string? GetAttribute(string name) => name switch
    {
        "CAPTURE_WORD" => ServerReply.Value($"PCAP.BITS{BusIndex / 32}"),
        "OFFSET" => ServerReply.Value($"{BusIndex % 32}"),
        _ => base.GetAttribute(name),
    };
}

/// <summary>Something that PCAP can capture.</summary>
internal abstract class CapturableField(FieldOrigin origin, ChangeGroup? group) : BoxField(origin, group)
{
    /// <summary>Chosen options in canonical order; empty: not captured.</summary>
    public IReadOnlyList<string> Capture { get; private set; } = [];

    public string CaptureText => Capture.Count == 0 ? "No" : string.Join(' ', Capture);

    protected abstract IReadOnlyList<string> Options { get; }

    public void StopCapture()
    {
        if (Capture.Count == 0)
            return;
        Capture = [];
        AcceptAttribute("CAPTURE");
    }

    public override string? GetAttribute(string name) => name == "CAPTURE" ? ServerReply.Value(CaptureText) : base.GetAttribute(name);

    public override string? SetAttribute(string name, string text)
    {
        if (name != "CAPTURE")
            return base.SetAttribute(name, text);
        if (text is "" or "No")
        {
            Capture = [];
            return AcceptAttribute(name);
        }
        var words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (Check(words, text) is { } problem)
            return ServerReply.Error(problem);
        Capture = [.. Options.Where(words.Contains)];
        return AcceptAttribute(name);
    }

    protected abstract string? Check(string[] words, string text);
}

/// <summary>A position with scale, offset, units, and what is captured of it.</summary>
internal sealed class PosOutField : CapturableField
{
    /// <summary>What can be combined freely.</summary>
    public static readonly string[] AllOptions = ["Value", "Diff", "Sum", "Min", "Max", "Mean", "StdDev"];

    /// <summary>What <c>*ENUMS</c> and <c>*CAPTURE.ENUMS?</c> give.</summary>
    public static readonly string[] AllEnums =
        ["No", "Value", "Diff", "Sum", "Mean", "Min", "Max", "Min Max", "Min Max Mean", "StdDev", "Mean StdDev"];

    public PosOutField(FieldOrigin origin, CountSource source)
        : base(origin, ChangeGroup.Posn)
    {
        Source = source;
        Report("UNITS", "OFFSET", "SCALE", "CAPTURE");
    }

    public CountSource Source { get; }

    public double Scale { get; private set; } = 1;

    public double Offset { get; private set; }

    /// <summary>Null: never set.</summary>
    public string? Units { get; private set; }

    public override IReadOnlyList<string> Attributes => ["UNITS", "SCALED", "OFFSET", "SCALE", "CAPTURE", "INFO"];

    protected override IReadOnlyList<string> Options => AllOptions;

    private int Now => Source.At(Engine.NowNs);

    public override string Get() => ServerReply.Value(Now.ToString(CultureInfo.InvariantCulture));

    public override string? GetAttribute(string name) => name switch
    {
        "SCALE" => ServerReply.Value(ServerNumber.Text(Scale)),
        "OFFSET" => ServerReply.Value(ServerNumber.Text(Offset)),
        "UNITS" => ServerReply.Value(Units ?? ""),
        "SCALED" => ServerReply.Value(ServerNumber.Text(Now * Scale + Offset)),
        _ => base.GetAttribute(name),
    };

    public override string? SetAttribute(string name, string text)
    {
        if (name == "UNITS")
        {
            Units = text;
            return AcceptAttribute(name);
        }
        if (name is not ("SCALE" or "OFFSET"))
            return base.SetAttribute(name, text);
        if (!double.TryParse(text, NumberStyles.Float & ~NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out var value))
            return ServerReply.Error("Number missing");
        (Scale, Offset) = name == "SCALE" ? (value, Offset) : (Scale, value);
        return AcceptAttribute(name);
    }

    /// <summary>Units that were never set are saved as empty.</summary>
    public override void Reload() => Units ??= "";

    public override IEnumerable<string>? Enums(string? attribute) => attribute == "CAPTURE" ? AllEnums : null;

    protected override string? Check(string[] words, string text)
    {
        if (text.Any(c => c != ' ' && !char.IsAsciiLetterOrDigit(c) && c != '_'))
            return "No name found";
        var unknown = words.FirstOrDefault(word => !AllOptions.Contains(word));
        return unknown is null ? null : $"Unknown capture option \"{unknown}\"";
    }
}

/// <summary>What PCAP itself adds to a sample: time stamps, gate duration, words of bits.</summary>
internal sealed class ExtOutField : CapturableField
{
    private readonly bool _isBits;

    public ExtOutField(FieldOrigin origin)
        : base(origin, null)
    {
        Kind = origin.Name[(origin.Name.IndexOf('.') + 1)..];
        _isBits = origin.Definition.Type == "ext_out bits";
        Report("CAPTURE");
    }

    /// <summary>The field's own name.</summary>
    public string Kind { get; }

    /// <summary>Which 32 bits of the bus it is; null: it is no word of bits.</summary>
    public int? Word => _isBits ? Kind[^1] - '0' : null;

    public override IReadOnlyList<string> Attributes => _isBits ? ["BITS", "CAPTURE", "INFO"] : ["CAPTURE", "INFO"];

    protected override IReadOnlyList<string> Options => ["Value"];

    public override string? GetAttribute(string name) => name == "BITS" && Word is { } word
        ? ServerReply.Lines(Origin.Buses.BitNames.Chunk(32).ElementAtOrDefault(word) ?? [])
        : base.GetAttribute(name);

    public override IEnumerable<string>? Enums(string? attribute) => attribute == "CAPTURE" ? ["No", "Value"] : null;

    protected override string? Check(string[] words, string text) => text == "Value" ? null : "Invalid capture option";
}
