using Flyscan.Hardware.Epics.PvAccess;

namespace Flyscan.Hardware.PandA.Ioc;

/// <summary>The process variables of a box's fields, as the IOC's PVI tree tells them.</summary>
/// <remarks>IOCs differ in how they write names: underscores and the number of a block's only instance do not matter here.
/// <b>Source</b> PVI trees of PandABlocks-ioc and of FastCS as summed up in the protocol reference.</remarks>
internal sealed class PandAIocNames
{
    private const string CaptureSuffix = "_capture";

    private readonly Dictionary<string, PviSignal> _signals = new(StringComparer.Ordinal);

    public PandAIocNames(IEnumerable<PviSignal> signals)
    {
        var blocks = new SortedDictionary<string, int>(StringComparer.Ordinal);
        var captures = new List<string>();
        var bits = new List<string>();
        foreach (var signal in signals)
        {
            var words = signal.Path.Split('.');
            // Instances may stand in a vector: seq.1 is seq1.
            var isVector = words.Length > 2 && words[1].All(char.IsAsciiDigit);
            var block = isVector ? words[0] + words[1] : words[0];
            var field = string.Join('_', words[(isVector ? 2 : 1)..]);
            _signals[Key(block, field)] = signal;
            // The IOC's own, which is no block of the box.
            if (block.Equals("data", StringComparison.OrdinalIgnoreCase))
                continue;
            var type = block.TrimEnd('0', '1', '2', '3', '4', '5', '6', '7', '8', '9').ToUpperInvariant();
            blocks[type] = Math.Max(blocks.GetValueOrDefault(type, 1), type.Length == block.Length ? 1 : int.Parse(block[type.Length..]));
            if (field.EndsWith(CaptureSuffix, StringComparison.Ordinal))
                captures.Add($"{block}.{field[..^CaptureSuffix.Length]}".ToUpperInvariant());
            else if (signal.Access == "r")
                bits.Add($"{block}.{field}".ToUpperInvariant());
        }
        (Blocks, Captures, Bits) = ([.. blocks.Select(b => $"{b.Key} {b.Value}")], captures, bits);
    }

    /// <summary>Lines as <c>*BLOCKS?</c> has them.</summary>
    public IReadOnlyList<string> Blocks { get; }

    /// <summary>Fields that can be captured.</summary>
    public IReadOnlyList<string> Captures { get; }

    /// <summary>What the box says by itself: its bits, and other fields that are read.</summary>
    public IReadOnlyList<string> Bits { get; }

    /// <summary>The signal of a field such as <c>SEQ1.PRESCALE.UNITS</c>; null where the IOC has none.</summary>
    public PviSignal? Find(string name)
    {
        var at = name.IndexOf('.');
        if (at <= 0)
            return null;
        var (block, field) = (name[..at], name[(at + 1)..].Replace('.', '_'));
        return _signals.GetValueOrDefault(Key(block, field))
            ?? _signals.GetValueOrDefault(Key(block.EndsWith('1') ? block[..^1] : block + "1", field));
    }

    private static string Key(string block, string field) =>
        $"{block}.{field.Replace("_", "", StringComparison.Ordinal)}".ToLowerInvariant();
}
