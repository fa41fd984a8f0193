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

    public BitSource Out(string field) => Get<BitOutField>(field).Source;

    public void Add(string field, BoxField value) => _fields.Add(field, value);

    /// <summary>Its inputs and, when they are written, its settings wake the model.</summary>
    public void Attach(BlockModel model, BoxEngine engine)
    {
        foreach (var field in _fields.Values)
        {
            if (field is BitMuxField bit)
                bit.Owner = model;
            else if (field is PosMuxField position)
                position.Owner = model;
            if (field is not BitMuxField)
                field.Written += () => engine.Update(model, engine.Now);
        }
    }
}

/// <summary>All instances of one kind of block.</summary>
internal sealed record BoxBlockKind(BlockDefinition Definition, BoxBlock[] Instances)
{
    public string Name => Definition.Name;

    public IEnumerable<string> FieldLines => Definition.Fields.Select(f => $"{f.Name} {f.Index} {f.Type}");
}

/// <summary>Builds blocks and buses from the definition.</summary>
internal static class BoxBuilder
{
    public static List<BoxBlockKind> Build(BoxDefinition definition, BoxBuses buses, BoxEngine engine, ChangeLog log)
    {
        var kinds = new List<BoxBlockKind>();
        foreach (var block in definition.Blocks)
        {
            var instances = Enumerable.Range(1, block.Count).Select(n => new BoxBlock(block.Name, n, block.Count)).ToArray();
            kinds.Add(new(block, instances));
            foreach (var instance in instances)
                foreach (var field in block.Fields)
                    instance.Add(field.Name, Make(new($"{instance.BusName}.{field.Name}", field, engine, buses, log)));
        }
        AddBuses(definition, kinds, buses);
        return kinds;
    }

    /// <summary>The field that a bus name such as <c>SEQ1.OUTA</c> means.</summary>
    public static T FindField<T>(List<BoxBlockKind> kinds, string busName)
        where T : BoxField
    {
        var (block, field) = (busName[..busName.IndexOf('.')], busName[(busName.IndexOf('.') + 1)..]);
        return kinds.SelectMany(k => k.Instances).First(i => i.BusName == block).Get<T>(field);
    }

    private static BoxField Make(FieldOrigin origin) => origin.Definition.Type switch
    {
        "bit_mux" => new BitMuxField(origin),
        "pos_mux" => new PosMuxField(origin),
        "bit_out" => new BitOutField(origin),
        "pos_out" => new PosOutField(
            origin, origin.Name.StartsWith("CALC", StringComparison.Ordinal) ? new SumCount() : new LeafCount(origin.Engine)),
        "table" => new TableField(origin),
        "time" or "param time" => new TimeField(origin),
        "param enum" => new EnumField(origin),
        "param uint" or "param int" or "param bit" => new NumberField(origin),
        "param lut" => new LutField(origin),
        "write int" => new WriteField(origin),
        "write action" => new ActionField(origin),
        "read scalar" => new ScalarField(origin),
        "ext_out bits" or "ext_out timestamp" or "ext_out samples" => new ExtOutField(origin),
        var type when type.StartsWith("read ", StringComparison.Ordinal) => new ReadField(origin),
        var type => throw new FormatException($"{origin.Name} {type}: a type of field that the simulator does not know."),
    };

    private static void AddBuses(BoxDefinition definition, List<BoxBlockKind> kinds, BoxBuses buses)
    {
        foreach (var name in definition.BitBus)
        {
            var output = FindField<BitOutField>(kinds, name);
            output.BusIndex = buses.BitNames.Count;
            buses.AddBit(name, output.Source);
        }
        foreach (var name in definition.PositionBus)
            buses.AddPosition(name, FindField<PosOutField>(kinds, name).Source);
    }
}
