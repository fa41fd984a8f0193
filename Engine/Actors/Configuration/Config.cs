using System.Globalization;

namespace Akka.Configuration;

/// <summary>A configuration tree read by path; a fallback gives what it lacks.</summary>
public class Config
{
    public static readonly Config Empty = new();

    private readonly ConfigValue.Tree _root;

    public Config()
        : this(new ConfigValue.Tree())
    {
    }

    internal Config(ConfigValue.Tree root) => _root = root;

    public virtual bool IsEmpty => _root.Keys.Count == 0;

    public static implicit operator Config(string str) => ConfigurationFactory.ParseString(str);

    public virtual Config WithFallback(Config fallback) => fallback.IsEmpty ? this : new Config(fallback._root.Under(_root));

    public virtual bool HasPath(string path) => Find(path) is not null;

    /// <summary>The object at the path; null where there is none.</summary>
    public virtual Config? GetConfig(string path) => Find(path) is ConfigValue.Tree tree ? new Config(tree) : null;

    public virtual string? GetString(string path, string? @default = null) => Text(path) ?? @default;

    public virtual bool GetBoolean(string path, bool @default = false) => Text(path) switch
    {
        null => @default,
        "on" or "true" or "yes" => true,
        "off" or "false" or "no" => false,
        var text => throw Wrong(path, text, "on, true, yes, off, false or no"),
    };

    public virtual int GetInt(string path, int @default = 0) => (int)GetLong(path, @default);

    public virtual long GetLong(string path, long @default = 0)
    {
        if (Text(path) is not { } text)
            return @default;
        return long.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw Wrong(path, text, "a whole number");
    }

    public virtual float GetFloat(string path, float @default = 0) => (float)GetDouble(path, @default);

    public virtual double GetDouble(string path, double @default = 0)
    {
        if (Text(path) is not { } text)
            return @default;
        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw Wrong(path, text, "a number");
    }

    public virtual decimal GetDecimal(string path, decimal @default = 0)
    {
        if (Text(path) is not { } text)
            return @default;
        return decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw Wrong(path, text, "a number");
    }

    /// <summary>A duration with its unit (<c>5s</c>, <c>20ms</c>), or <c>infinite</c>; a number alone is in milliseconds.</summary>
    public virtual TimeSpan GetTimeSpan(string path, TimeSpan? @default = null, bool allowInfinite = true)
    {
        if (Text(path) is not { } text)
            return @default.GetValueOrDefault();
        if (allowInfinite && text is "infinite" or "infinity")
            return Timeout.InfiniteTimeSpan;
        var digits = text.AsSpan().IndexOfAnyExcept("0123456789.eE+-");
        var number = digits < 0 ? text : text[..digits];
        if (!double.TryParse(number, NumberStyles.Float, CultureInfo.InvariantCulture, out var count)
            || Unit(digits < 0 ? "ms" : text[digits..].Trim()) is not { } unit)
            throw Wrong(path, text, "a duration such as 5s, 200ms or 2 minutes");
        return TimeSpan.FromTicks((long)Math.Round(count * unit));
    }

    /// <summary>A size in bytes, with its unit if it has one (<c>64KiB</c>, <c>10MB</c>).</summary>
    public virtual long? GetByteSize(string path)
    {
        if (Text(path) is not { } text)
            return null;
        var digits = text.AsSpan().IndexOfAnyExceptInRange('0', '9');
        var number = digits < 0 ? text : text[..digits];
        if (!long.TryParse(number, CultureInfo.InvariantCulture, out var count)
            || Factor(digits < 0 ? "b" : text[digits..].Trim()) is not { } factor)
            throw Wrong(path, text, "a size such as 512b, 64KiB or 10MB");
        return checked(count * factor);
    }

    public virtual IList<string> GetStringList(string path) => Find(path) switch
    {
        ConfigValue.List list => [.. list.Items.OfType<ConfigValue.Text>().Select(item => item.Content)],
        ConfigValue.Text { Content: { Length: > 0 } text } => throw Wrong(path, text, "a list such as [a, b]"),
        _ => [],
    };

    public virtual IList<int> GetIntList(string path) =>
        [.. GetStringList(path).Select(item => int.Parse(item, NumberStyles.Integer, CultureInfo.InvariantCulture))];

    public virtual IList<double> GetDoubleList(string path) =>
        [.. GetStringList(path).Select(item => double.Parse(item, NumberStyles.Float, CultureInfo.InvariantCulture))];

    public override string ToString() => ConfigPrinter.Print(_root);

    internal IReadOnlyList<string> Keys() => _root.Keys;

    internal ConfigValue? Find(string path) => _root.Find(ConfigParser.SplitPath(path));

    /// <summary>The value of one member whose name may hold dots.</summary>
    internal string? Member(string key) => (_root.Get(key) as ConfigValue.Text)?.Content;

    private string? Text(string path) => Find(path) switch
    {
        ConfigValue.Text { Quoted: false, Content: "null" } => null,
        ConfigValue.Text text => text.Content,
        _ => null,
    };

    private static double? Unit(string unit) => unit switch
    {
        "ns" or "nano" or "nanos" or "nanosecond" or "nanoseconds" => 0.01,
        "us" or "micro" or "micros" or "microsecond" or "microseconds" => TimeSpan.TicksPerMicrosecond,
        "ms" or "milli" or "millis" or "millisecond" or "milliseconds" => TimeSpan.TicksPerMillisecond,
        "s" or "second" or "seconds" => TimeSpan.TicksPerSecond,
        "m" or "minute" or "minutes" => TimeSpan.TicksPerMinute,
        "h" or "hour" or "hours" => TimeSpan.TicksPerHour,
        "d" or "day" or "days" => TimeSpan.TicksPerDay,
        _ => null,
    };

    private static long? Factor(string unit) => unit switch
    {
        "b" or "B" or "byte" or "bytes" => 1,
        "kB" or "KB" or "kilobyte" or "kilobytes" => 1000,
        "MB" or "megabyte" or "megabytes" => 1_000_000,
        "GB" or "gigabyte" or "gigabytes" => 1_000_000_000,
        "k" or "K" or "KiB" or "kibibyte" or "kibibytes" => 1L << 10,
        "m" or "M" or "MiB" or "mebibyte" or "mebibytes" => 1L << 20,
        "g" or "G" or "GiB" or "gibibyte" or "gibibytes" => 1L << 30,
        _ => null,
    };

    private static ConfigurationException Wrong(string path, string value, string wanted) =>
        new($"{path} = {value} is not {wanted}");
}

/// <summary>Makes configurations.</summary>
public class ConfigurationFactory
{
    public static Config Empty => Config.Empty;

    public static Config ParseString(string hocon) => new(ConfigParser.Parse(hocon));
}

/// <summary>A configuration is malformed, or lacks what is needed.</summary>
public class ConfigurationException : Akka.Actor.AkkaException
{
    public ConfigurationException(string message)
        : base(message)
    {
    }

    public ConfigurationException(string message, Exception? exception)
        : base(message, exception)
    {
    }
}
