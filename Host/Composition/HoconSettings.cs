using System.Globalization;
using Flyscan.Hardware.Contracts;
using Flyscan.Hocon;

namespace Flyscan.Host.Composition;

/// <summary>A section of a configuration file as <see cref="ISettings"/>.</summary>
/// <remarks>
/// A null counts as not set. Read elsewhere: keys that another reader has dealt with (a device's <c>kind</c>); they are neither listed
/// nor refused, but can be read.
/// </remarks>
public sealed class HoconSettings(string path, HoconObject section, params IReadOnlyList<string> readElsewhere) : ISettings
{
    private const int LongestShown = 60;

    public string Path { get; } = path;

    public IReadOnlyList<string> Keys { get; } =
        [.. section.Fields.Where(f => f.Value is not HoconNull && !readElsewhere.Contains(f.Key)).Select(f => f.Key)];

    /// <summary>Where the section begins in its file.</summary>
    public HoconOrigin Origin => section.Origin;

    public bool Has(string key) => Value(key) is not null;

    public ISettings Section(string key) => SectionOf(key);

    /// <summary>As <see cref="Section"/>, with keys that another reader deals with.</summary>
    public HoconSettings SectionOf(string key, params IReadOnlyList<string> readByOther) => Value(key) switch
    {
        HoconObject inner => new HoconSettings(PathOf(key), inner, readByOther),
        var other => throw Wrong(key, other, "a section: { … }"),
    };

    public string Text(string key, string? fallback = null) => Value(key) switch
    {
        HoconText text => text.Text,
        null when fallback is not null => fallback,
        var other => throw Wrong(key, other, "a text"),
    };

    public IReadOnlyList<string> Texts(string key)
    {
        const string Allowed = "a list of texts: [a, b, …]";
        if (Value(key) is not HoconArray array)
            throw Wrong(key, Value(key), Allowed);
        return [.. array.Items.Select(item => item is HoconText text ? text.Text : throw Wrong(key, array, Allowed))];
    }

    public double Number(string key, double least, double greatest, double? fallback = null)
    {
        if (Value(key) is null && fallback is { } value)
            return value;
        var isNumber = double.TryParse(Written(key), NumberStyles.Float, CultureInfo.InvariantCulture, out value);
        return isNumber && value >= least && value <= greatest ? value : throw Wrong(key, Value(key), "a number", Range(least, greatest));
    }

    public long Integer(string key, long least, long greatest, long? fallback = null)
    {
        if (Value(key) is null && fallback is { } value)
            return value;
        var isWhole = long.TryParse(Written(key), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value);
        if (isWhole && value >= least && value <= greatest)
            return value;
        throw Wrong(key, Value(key), "a whole number", Range(least, greatest, long.MinValue, long.MaxValue, Invariant));
    }

    public long DurationNs(string key, long leastNs, long greatestNs, long? fallbackNs = null)
    {
        if (Value(key) is null && fallbackNs is { } value)
            return value;
        if (HoconUnits.TryDurationNs(Written(key), out value) && value >= leastNs && value <= greatestNs)
            return value;
        var range = Range(leastNs, greatestNs, long.MinValue, long.MaxValue, HoconUnits.FormatDuration);
        throw Wrong(key, Value(key), "a duration with its unit (ns, us, ms, s, min, h)", range);
    }

    public long Bytes(string key, long least, long greatest, long? fallback = null)
    {
        if (Value(key) is null && fallback is { } value)
            return value;
        if (HoconUnits.TryBytes(Written(key), out value) && value >= least && value <= greatest)
            return value;
        var range = Range(least, greatest, long.MinValue, long.MaxValue, HoconUnits.FormatBytes);
        throw Wrong(key, Value(key), "a size with its unit (B, KiB, MiB, GiB)", range);
    }

    public bool Flag(string key, bool? fallback = null) => (Value(key) as HoconText)?.Text switch
    {
        "true" or "on" or "yes" => true,
        "false" or "off" or "no" => false,
        null when Value(key) is null && fallback is { } value => value,
        _ => throw Wrong(key, Value(key), "true or false"),
    };

    public void AllowOnly(params ReadOnlySpan<string> keys)
    {
        foreach (var key in Keys)
        {
            if (keys.Contains(key))
                continue;
            string[] allowed = [.. keys];
            var meant = NearestWord.Of(key, allowed.Except(Keys)) is { } nearest ? $" Did you mean {nearest}?" : "";
            throw new SettingsException($"{Value(key)!.Origin}: {PathOf(key)}: unknown key.{meant} Allowed: {string.Join(", ", allowed)}.");
        }
    }

    public SettingsException Error(string key, string problem) => Value(key) is { } value
        ? new SettingsException($"{value.Origin}: {PathOf(key)} = {Shown(value)}: {problem}")
        : new SettingsException($"{section.Origin}: {PathOf(key)} is not set: {problem}");

    private HoconValue? Value(string key) => section[key] is { } value and not HoconNull ? value : null;

    private string Written(string key) => (Value(key) as HoconText)?.Text ?? "";

    private string PathOf(string key) => Path.Length > 0 ? $"{Path}.{HoconPath.RenderKey(key)}" : HoconPath.RenderKey(key);

    private SettingsException Wrong(string key, HoconValue? value, string what, string range = "") =>
        Error(key, value is null ? $"it must be {what}{range}." : $"must be {what}{range}.");

    private static string Shown(HoconValue value)
    {
        var text = value is HoconText plain ? plain.Text : value.ToString();
        return text.Length <= LongestShown ? text : text[..(LongestShown - 1)] + "…";
    }

    private static string Range(double least, double greatest) =>
        Range(least, greatest, double.NegativeInfinity, double.PositiveInfinity, static v => v.ToString("R", CultureInfo.InvariantCulture));

    private static string Range<T>(T least, T greatest, T lowest, T highest, Func<T, string> write) where T : IEquatable<T> =>
        (least.Equals(lowest), greatest.Equals(highest)) switch
        {
            (true, true) => "",
            (false, true) => $" of at least {write(least)}",
            (true, false) => $" of at most {write(greatest)}",
            _ => $" between {write(least)} and {write(greatest)}",
        };

    private static string Invariant(long value) => value.ToString(CultureInfo.InvariantCulture);
}
