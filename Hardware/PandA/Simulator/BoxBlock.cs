using Flyscan.Hardware.Simulation;

namespace Flyscan.Hardware.PandA.Simulator;

/// <summary>One instance of a block: its fields by name.</summary>
internal sealed class BoxBlock(string name, int number, int count)
{
    private readonly Dictionary<string, BoxField> _fields = [];

    /// <summary>As the buses name it: without a number where there is only one.</summary>
    public string BusName => count == 1 ? name : $"{name}{number}";

    public BoxField? Find(string field) => _fields.GetValueOrDefault(field);

    public T Get<T>(string field)
        where T : BoxField => (T)_fields[field];

    public void Add(string field, BoxField value) => _fields.Add(field, value);
}

/// <summary>All instances of one kind of block.</summary>
internal sealed record BoxBlockKind(
    string Name, List<string> FieldLines, List<string> FieldNames, BoxBlock[] Instances);

/// <summary>Builds blocks and buses from the definition.</summary>
internal static class BoxBuilder
{
    public static List<BoxBlockKind> Build(BoxBuses buses, ISimulationClock clock)
    {
        var kinds = new List<BoxBlockKind>();
        const StringSplitOptions clean = StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries;
        foreach (var line in BoxDefinition.Blocks.Replace("\n+ ", "", StringComparison.Ordinal).Split('\n', clean))
        {
            var words = line.Split(' ');
            if (words[0] == "BLOCK")
            {
                var count = int.Parse(words[2]);
                kinds.Add(new(words[1], [], [], [.. Enumerable.Range(1, count).Select(n => new BoxBlock(words[1], n, count))]));
            }
            else
            {
                AddField(kinds[^1], line, buses, clock);
            }
        }
        AddBuses(kinds, buses);
        return kinds;
    }

    private static void AddField(BoxBlockKind kind, string line, BoxBuses buses, ISimulationClock clock)
    {
        var parts = line.Split(" : ");
        var words = parts[0].Split(' ', 3);
        var detail = parts.Length > 1 ? parts[1] : null;
        kind.FieldLines.Add(parts[0]);
        kind.FieldNames.Add(words[0]);
        for (var i = 0; i < kind.Instances.Length; i++)
            kind.Instances[i].Add(words[0], Make(words[0], words[2], detail, buses, clock));
    }

    private static BoxField Make(string name, string type, string? detail, BoxBuses buses, ISimulationClock clock) => type switch
    {
        "bit_mux" => new BitMuxField(type, buses, clock),
        "pos_mux" => new PosMuxField(type, buses),
        "bit_out" => new BitOutField(type, new BitSource()),
        "pos_out" => new PosOutField(type, new EncoderCount(), clock),
        "table" => new TableField(type, SequencerLayout.DocumentedRowWords, SequencerLayout.DocumentedFields),
        "time" => new TimeField(type, (1L << 48) - 1),
        "param time" => new TimeField(type, uint.MaxValue),
        "param enum" => new EnumField(type, detail!.Split('|')),
        "param uint" => new NumberField(type, detail is null ? uint.MaxValue : uint.Parse(detail)),
        "param int" or "param bit" => new NumberField(type, uint.MaxValue),
        "write int" => new WriteField(type),
        "ext_out bits" => new ExtOutField(type, "bits", () => buses.BitNames.Chunk(32).ElementAtOrDefault(name[^1] - '0') ?? []),
        "ext_out timestamp" or "ext_out samples" => new ExtOutField(type, name, null),
        _ when type.StartsWith("read ", StringComparison.Ordinal) => new ReadField(type),
        _ => throw new InvalidOperationException($"{name} {type}: a type of field that the simulator does not know."),
    };

    private static void AddBuses(List<BoxBlockKind> kinds, BoxBuses buses)
    {
        foreach (var entry in BoxDefinition.BitBus.Split(' '))
        {
            var (block, field) = (entry[..entry.IndexOf('.')], entry[(entry.IndexOf('.') + 1)..]);
            foreach (var instance in kinds.First(k => k.Name == block).Instances)
            {
                var output = instance.Get<BitOutField>(field);
                output.BusIndex = buses.BitNames.Count;
                buses.AddBit($"{instance.BusName}.{field}", output.Source);
            }
        }
        foreach (var instance in kinds.First(k => k.Name == "INENC").Instances)
            buses.AddPosition($"{instance.BusName}.VAL", instance.Get<PosOutField>("VAL").Source);
    }
}
