using Flyscan.Hardware.Zebra.Protocol;

namespace Flyscan.Hardware.Zebra.Ioc;

/// <summary>What an IOC's database makes of a register.</summary>
internal enum ZebraRecordKind
{
    /// <summary>A number, a choice of the bus, or bits: <c>:SET</c> and <c>:RBV</c>.</summary>
    Plain,

    /// <summary>A choice of its own: <c>:SET</c>, and the number behind it in <c>:RRBV</c>.</summary>
    Selector,

    /// <summary>A choice of units, the number behind it in its readback's RVAL.</summary>
    Prescaler,

    /// <summary>Two registers written and read as one: <c>:SET</c> and <c>:RBV_CTS</c>.</summary>
    Pair,

    /// <summary>Written only.</summary>
    Command,

    /// <summary>Read only.</summary>
    Status,
}

/// <summary>The records of one register, without the prefix.</summary>
/// <remarks>What people set is scaled by motors' records; <c>:SET</c> behind it holds what the box is sent.</remarks>
internal sealed record ZebraRecord(string Name, ZebraRecordKind Kind)
{
    /// <summary>Takes the register's own number.</summary>
    public string Demand => Kind == ZebraRecordKind.Command ? Name : $"{Name}:SET";

    /// <summary>Holds the register's own number, read from the box after each write.</summary>
    public string ReadBack => Kind switch
    {
        ZebraRecordKind.Plain => $"{Name}:RBV",
        ZebraRecordKind.Selector => $"{Name}:RRBV",
        ZebraRecordKind.Prescaler => $"{Name}:RBV.RVAL",
        ZebraRecordKind.Pair => $"{Name}:RBV_CTS",
        ZebraRecordKind.Status => Name,
        _ => throw new IOException($"{Name} is a command: it cannot be read"),
    };
}

/// <summary>Registers by address, as the records of an IOC name them.</summary>
/// <remarks><b>Source</b> EPICS module zebra: zebra.template and the templates that it expands.</remarks>
internal static class ZebraRecords
{
    /// <summary>Samples: time stamps, then by the bits of PC_BIT_CAP.</summary>
    public const string Times = "PC_TIME";

    /// <summary>Of a time unit, which PC_TSPRE chooses.</summary>
    public const double TimeCount = 0.0001;

    private static readonly SortedDictionary<byte, ZebraRecord> ByAddress = Build();

    /// <summary>All registers that have records of their own; a pair by its LO.</summary>
    public static IReadOnlyDictionary<byte, ZebraRecord> All => ByAddress;

    /// <summary>Arrays of samples by the bits of PC_BIT_CAP.</summary>
    public static IReadOnlyList<string> Arrays { get; } =
        ["PC_ENC1", "PC_ENC2", "PC_ENC3", "PC_ENC4", "PC_SYS1", "PC_SYS2", "PC_DIV1", "PC_DIV2", "PC_DIV3", "PC_DIV4"];

    /// <summary>The records of a register; for the HI of a pair those of its LO.</summary>
    /// <remarks><b>Errors</b> <see cref="IOException"/> for a register without any.</remarks>
    public static ZebraRecord Of(byte address) =>
        ByAddress.TryGetValue(address, out var own) ? own
        : address > 0 && ZebraRegister.IsLow((byte)(address - 1)) && ByAddress.TryGetValue((byte)(address - 1), out var pair) ? pair
        : throw new IOException($"register {address:X2} has no record at an IOC");

    private static SortedDictionary<byte, ZebraRecord> Build()
    {
        var all = new SortedDictionary<byte, ZebraRecord>();
        void Add(int address, string name, ZebraRecordKind kind = ZebraRecordKind.Plain) => all[(byte)address] = new(name, kind);
        for (var n = 1; n <= 4; n++)
        {
            Add(ZebraRegister.AndInv(n), $"AND{n}_INV");
            Add(ZebraRegister.AndEna(n), $"AND{n}_ENA");
            for (var m = 1; m <= 4; m++)
                Add(ZebraRegister.AndInp(n, m), $"AND{n}_INP{m}");
            Add(ZebraRegister.GateSet(n), $"GATE{n}_INP1");
            Add(ZebraRegister.GateReset(n), $"GATE{n}_INP2");
            Add(ZebraRegister.DivDivisor(n), $"DIV{n}_DIV", ZebraRecordKind.Pair);
            Add(ZebraRegister.DivInp(n), $"DIV{n}_INP");
        }
        foreach (var output in ZebraRegister.Outputs)
            Add(ZebraRegister.Output(output)!.Value, output);
        Add(ZebraRegister.Polarity, "POLARITY");
        Add(ZebraRegister.SoftIn, "SOFT_IN");
        Add(ZebraRegister.SysReset, "SYS_RESET", ZebraRecordKind.Command);
        AddCompare(Add);
        AddStatus(Add);
        return all;
    }

    private static void AddCompare(Action<int, string, ZebraRecordKind> add)
    {
        add(ZebraRegister.PcArmInp, "PC_ARM_INP", ZebraRecordKind.Plain);
        add(ZebraRegister.PcGateInp, "PC_GATE_INP", ZebraRecordKind.Plain);
        add(ZebraRegister.PcPulseInp, "PC_PULSE_INP", ZebraRecordKind.Plain);
        add(ZebraRegister.PcBitCap, "PC_BIT_CAP", ZebraRecordKind.Plain);
        add(ZebraRegister.PcEnc, "PC_ENC", ZebraRecordKind.Selector);
        add(ZebraRegister.PcTsPre, "PC_TSPRE", ZebraRecordKind.Prescaler);
        add(ZebraRegister.PcArmSel, "PC_ARM_SEL", ZebraRecordKind.Selector);
        add(ZebraRegister.PcArm, "PC_ARM", ZebraRecordKind.Command);
        add(ZebraRegister.PcDisarm, "PC_DISARM", ZebraRecordKind.Command);
        add(ZebraRegister.PcGateSel, "PC_GATE_SEL", ZebraRecordKind.Selector);
        add(ZebraRegister.PcPulseSel, "PC_PULSE_SEL", ZebraRecordKind.Selector);
        add(ZebraRegister.PcDir, "PC_DIR", ZebraRecordKind.Selector);
        add(ZebraRegister.PcGateStart, "PC_GATE_START", ZebraRecordKind.Pair);
        add(ZebraRegister.PcGateWid, "PC_GATE_WID", ZebraRecordKind.Pair);
        add(ZebraRegister.PcGateNGate, "PC_GATE_NGATE", ZebraRecordKind.Pair);
        add(ZebraRegister.PcGateStep, "PC_GATE_STEP", ZebraRecordKind.Pair);
        add(ZebraRegister.PcPulseStart, "PC_PULSE_START", ZebraRecordKind.Pair);
        add(ZebraRegister.PcPulseWid, "PC_PULSE_WID", ZebraRecordKind.Pair);
        add(ZebraRegister.PcPulseStep, "PC_PULSE_STEP", ZebraRecordKind.Pair);
        add(ZebraRegister.PcPulseMax, "PC_PULSE_MAX", ZebraRecordKind.Pair);
        add(ZebraRegister.PcPulseDly, "PC_PULSE_DLY", ZebraRecordKind.Pair);
    }

    private static void AddStatus(Action<int, string, ZebraRecordKind> add)
    {
        add(ZebraRegister.SysVer, "SYS_VER", ZebraRecordKind.Status);
        add(ZebraRegister.SysStatErr, "SYS_STATERR:RBVA", ZebraRecordKind.Status);
        add(ZebraRegister.SysStat1Lo, "SYS_STAT1LO", ZebraRecordKind.Status);
        add(ZebraRegister.SysStat1Hi, "SYS_STAT1HI", ZebraRecordKind.Status);
        add(ZebraRegister.SysStat1Lo + 2, "SYS_STAT2LO", ZebraRecordKind.Status);
        add(ZebraRegister.SysStat1Lo + 3, "SYS_STAT2HI", ZebraRecordKind.Status);
        add(ZebraRegister.PcNumCap, "PC_NUM_CAPLO", ZebraRecordKind.Status);
        add(ZebraRegister.PcNumCap + 1, "PC_NUM_CAPHI", ZebraRecordKind.Status);
    }
}
