using Flyscan.Hardware.PandA.Protocol;

namespace Flyscan.Hardware.PandA.Driver;

/// <summary>What a box says of itself: its blocks and their fields. Asked once per firmware.</summary>
internal sealed class PandABoxInfo
{
    private readonly Dictionary<string, PandAFieldInfo> _fields = [];

    private PandABoxInfo(string identity, long tickNs) => (Identity, TickNs) = (identity, tickNs);

    /// <summary>The answer to <c>*IDN?</c>: another text is another firmware.</summary>
    public string Identity { get; }

    /// <summary>Nanoseconds of a clock tick.</summary>
    public long TickNs { get; }

    public IReadOnlyList<PandABlockCount> Blocks { get; private set; } = [];

    /// <summary>Fields known, of all blocks.</summary>
    public int Fields => _fields.Count;

    /// <summary>Asks a box what it is; <paramref name="known"/> is returned where it is still the same.</summary>
    /// <remarks><b>Errors</b> <see cref="IOException"/> naming the answer that cannot be used.</remarks>
    public static async Task<PandABoxInfo> AskAsync(IPandAControl control, PandABoxInfo? known, CancellationToken cancel)
    {
        var answers = await control.DoAsync(cancel, PandACommand.Get("*IDN"), PandACommand.Get("*CLOCK_FREQ"), PandACommand.Get("*BLOCKS"));
        if (!PandAText.TryWhole(answers[1], out var frequency) || frequency <= 0 || 1_000_000_000 % frequency != 0)
            throw new IOException($"a clock of {answers[1]} Hz is not a whole number of nanoseconds; 125000000 is expected");
        if (known?.Identity == answers[0] && known.TickNs == 1_000_000_000 / frequency)
            return known;
        var info = new PandABoxInfo(answers[0], 1_000_000_000 / frequency);
        info.Blocks =
        [
            .. answers[2].Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(line => PandABlockCount.Parse(line) ?? throw new IOException($"*BLOCKS? has the line {line}")),
        ];
        var replies = await control.SendAsync([.. info.Blocks.Select(b => PandACommand.Get($"{b.Name}.*"))], cancel);
        for (var i = 0; i < replies.Length; i++)
            if (replies[i] is PandAReply.Lines { Items: var lines })
                foreach (var line in lines)
                    if (PandAFieldInfo.Parse(line) is { } field)
                        info._fields[$"{info.Blocks[i].Name}.{field.Name}"] = field;
        return info;
    }

    /// <summary>Instances of a block; 0 where the box has none.</summary>
    public int Count(string block) => Blocks.FirstOrDefault(b => b.Name == block)?.Count ?? 0;

    /// <summary>The field that a name such as <c>SEQ1.PRESCALE.RAW</c> means; null where the box has no such, or does not say.</summary>
    public PandAFieldInfo? Find(string name)
    {
        // A block's own name may end in a digit.
        var words = name.Split('.', 3);
        var (block, _, _) = PandAText.Split(name);
        var field = words.ElementAtOrDefault(1) ?? "";
        return _fields.GetValueOrDefault($"{block}.{field}") ?? _fields.GetValueOrDefault($"{words[0]}.{field}");
    }

    /// <summary>Null, or why writing the value would not do what it says.</summary>
    /// <param name="units">Units in which a time is written; empty: the field's present ones are not known.</param>
    public string? Problem(string name, string value, string units = "")
    {
        if (name.StartsWith('*') || _fields.Count == 0)
            return null;
        if (Find(name) is not { } field)
            return $"{name}: the box ({Identity}) has no such field";
        if (!field.IsWritable && !name[(name.IndexOf('.') + 1)..].Contains('.'))
            return $"{name}: is of type {field.Kind} {field.Subtype} and cannot be written";
        return PandAValueCheck.Problem(name, field, value, units, TickNs);
    }
}
