using System.Text.Json;

namespace Flyscan.Hardware.Epics.ChannelAccess.Server;

/// <summary>What a client asks for behind a name: <c>X.VAL{"dbnd":{"d":0.1}}</c>, <c>{"arr":{"s":0,"e":9}}</c>, <c>{"ts":{}}</c>.</summary>
/// <remarks>One of a subscription: its dead band is counted from what was sent last. <b>Source</b> channel filters of EPICS base
/// R3.15.</remarks>
internal sealed class ServedFilter
{
    private double? _deadBand;
    private bool _isRelative;
    private (int From, int To, int Step)? _part;
    private bool _stampsNow;
    private double? _sent;

    /// <summary>The name without what stands in braces.</summary>
    public static string NameOf(string name) => name.IndexOf('{') is var at and >= 0 ? name[..at] : name;

    /// <summary>The filter of a name; null where it has none. False: it cannot be understood.</summary>
    public static bool TryRead(string name, out ServedFilter? filter)
    {
        filter = null;
        var at = name.IndexOf('{');
        if (at < 0)
            return true;
        try
        {
            using var json = JsonDocument.Parse(name[at..]);
            filter = new ServedFilter();
            foreach (var plugin in json.RootElement.EnumerateObject())
                if (!filter.Add(plugin))
                    return false;
            return true;
        }
        catch (Exception wrong) when (wrong is JsonException or InvalidOperationException or FormatException)
        {
            return false;
        }
    }

    /// <summary>A filter of one's own with nothing sent yet.</summary>
    public ServedFilter Fresh() => new()
    {
        _deadBand = _deadBand,
        _isRelative = _isRelative,
        _part = _part,
        _stampsNow = _stampsNow,
    };

    /// <summary>Whether this change is to be told.</summary>
    public bool Tells(PvValue value)
    {
        if (_deadBand is not { } band || value.Count != 1)
            return true;
        var number = value.AsNumber();
        if (_sent is { } sent && Math.Abs(number - sent) <= (_isRelative ? band / 100 * Math.Abs(sent) : band))
            return false;
        _sent = number;
        return true;
    }

    /// <summary>What is sent instead.</summary>
    public DbrData Of(DbrData data, long nowNs) => data with
    {
        Value = _part is { } part && data.Value.Count > 1 ? Cut(data.Value, part) : data.Value,
        StampNs = _stampsNow ? nowNs : data.StampNs,
    };

    private bool Add(JsonProperty plugin)
    {
        int Whole(string name, int otherwise) => plugin.Value.TryGetProperty(name, out var given) ? given.GetInt32() : otherwise;
        switch (plugin.Name)
        {
            case "dbnd":
                _isRelative = plugin.Value.TryGetProperty("rel", out var relative)
                    || (plugin.Value.TryGetProperty("m", out var mode) && mode.GetString() == "rel");
                _deadBand = plugin.Value.TryGetProperty("d", out var band) || plugin.Value.TryGetProperty("abs", out band)
                    ? band.GetDouble()
                    : relative.GetDouble();
                return true;
            case "arr":
                _part = (Whole("s", 0), Whole("e", -1), Math.Max(1, Whole("i", 1)));
                return true;
            case "ts":
                _stampsNow = true;
                return true;
            default:
                return false;
        }
    }

    /// <summary>Ends count, negative ones from behind.</summary>
    private static PvValue Cut(PvValue value, (int From, int To, int Step) part)
    {
        var numbers = value.AsNumbers();
        var from = Math.Max(0, part.From < 0 ? numbers.Length + part.From : part.From);
        var to = Math.Min(numbers.Length - 1, part.To < 0 ? numbers.Length + part.To : part.To);
        List<double> kept = [];
        for (var i = from; i <= to; i += part.Step)
            kept.Add(numbers[i]);
        return new PvValue.Array<double>([.. kept]);
    }
}
