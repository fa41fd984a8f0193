namespace Flyscan.Hardware.PandA.Simulator;

/// <summary>Gives each block that does something its model.</summary>
internal static class BoxModels
{
    public static void Make(List<BoxBlockKind> kinds, BoxEngine engine)
    {
        foreach (var kind in kinds)
            foreach (var block in kind.Instances)
                Make(kind.Name, block, engine);
    }

    private static void Make(string kind, BoxBlock block, BoxEngine engine)
    {
        object? model = kind switch
        {
            "SEQ" => new SequencerModel(block, engine),
            "PULSE" => new PulseModel(block, engine),
            "PCOMP" => new PositionCompareModel(block, engine),
            "CLOCK" => new ClockModel(block, engine),
            "SRGATE" => new GateModel(block, engine),
            "LUT" => new LutModel(block, engine),
            "DIV" => new DividerModel(block, engine),
            "COUNTER" => new CounterModel(block, engine),
            "PGEN" => new GeneratorModel(block, engine),
            "FILTER" => new FilterModel(block, engine),
            "CALC" => new CalcModel(block),
            _ => null,
        };
        if (model is null)
            WireOwn(kind, block);
    }

    private static void WireOwn(string kind, BoxBlock block)
    {
        switch (kind)
        {
            case "BITS":
                foreach (var letter in "ABCD")
                {
                    var value = block.Get<NumberField>($"{letter}");
                    value.Written += () => block.Out($"OUT{letter}").Set(value.Value != 0);
                }
                break;
            case "INENC":
                var setting = block.Get<WriteField>("SETP");
                setting.Written += () => ((LeafCount)block.Get<PosOutField>("VAL").Source).SetTo(setting.Value);
                break;
            case "TTLOUT" or "LVDSOUT":
                block.Get<BitMuxField>("VAL").IsPin = true;
                break;
            case "SYSTEM":
                block.Get<ReadField>("CLK_SEL_STAT").Source = () => block.Get<EnumField>("CLOCK_SOURCE").Value;
                break;
        }
    }
}
