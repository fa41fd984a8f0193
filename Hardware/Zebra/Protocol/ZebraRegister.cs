namespace Flyscan.Hardware.Zebra.Protocol;

/// <summary>Addresses of registers, and indices of the system bus, under the names of the manual.</summary>
/// <remarks>A 32-bit quantity is a pair at LO, LO + 1. <b>Source</b> register table of the EPICS module zebra, firmware 0x21.</remarks>
internal static class ZebraRegister
{
    public const byte Polarity = 0x54;
    public const byte PcArmInp = 0x57;
    public const byte PcGateInp = 0x58;
    public const byte PcPulseInp = 0x59;
    public const byte SysReset = 0x7E;
    public const byte SoftIn = 0x7F;
    public const byte PcEnc = 0x88;
    public const byte PcTsPre = 0x89;
    public const byte PcArmSel = 0x8A;
    public const byte PcArm = 0x8B;
    public const byte PcDisarm = 0x8C;
    public const byte PcGateSel = 0x8D;
    public const byte PcGateStart = 0x8E;
    public const byte PcGateWid = 0x90;
    public const byte PcGateNGate = 0x92;
    public const byte PcGateStep = 0x94;
    public const byte PcPulseSel = 0x96;
    public const byte PcPulseStart = 0x97;
    public const byte PcPulseWid = 0x99;
    public const byte PcPulseStep = 0x9B;
    public const byte PcPulseMax = 0x9D;
    public const byte PcBitCap = 0x9F;
    public const byte PcDir = 0xA0;
    public const byte PcPulseDly = 0xA1;
    public const byte SysVer = 0xF0;
    public const byte SysStatErr = 0xF1;
    public const byte SysStat1Lo = 0xF2;
    public const byte SysStat1Hi = 0xF3;
    public const byte PcNumCap = 0xF6;

    public const int BusArm = 29;
    public const int BusPulse = 31;

    /// <summary>Bit of SYS_STATERR: the buffer of samples ran over.</summary>
    public const int BufferOverflowBit = 4;

    public static byte AndInv(int n) => (byte)(0x00 + n - 1);

    public static byte AndEna(int n) => (byte)(0x04 + n - 1);

    public static byte AndInp(int n, int m) => (byte)(0x08 + (n - 1) * 4 + m - 1);

    public static byte GateSet(int n) => (byte)(0x30 + n - 1);

    public static byte GateReset(int n) => (byte)(0x34 + n - 1);

    public static byte DivDivisor(int n) => (byte)(0x38 + (n - 1) * 2);

    public static byte DivInp(int n) => (byte)(0x40 + n - 1);

    public static byte PosSet(int n) => (byte)(0x80 + (n - 1) * 2);

    public static int BusAnd(int n) => 32 + n - 1;

    public static int BusGate(int n) => 40 + n - 1;

    public static int BusSoftIn(int n) => 60 + n - 1;

    /// <summary>Writing to these does something, and reading them back says nothing.</summary>
    public static bool IsCommand(byte address) =>
        address is SysReset or PcArm or PcDisarm || address is >= 0x80 and <= 0x87;

    public static bool IsReadOnly(byte address) => address >= SysVer;

    public static bool Exists(byte address) => address is <= 0x7C or >= 0x7E and <= 0xA2 or >= SysVer and <= PcNumCap + 1;

    /// <summary>The LO of a pair.</summary>
    public static bool IsLow(byte address) => address switch
    {
        >= 0x38 and <= 0x3F or >= 0x80 and <= 0x87 or >= PcGateStart and <= PcGateStep + 1 or PcNumCap => address % 2 == 0,
        >= PcPulseStart and <= PcPulseMax + 1 or PcPulseDly => address % 2 == 1,
        _ => false,
    };

    /// <summary>Names of the outputs, in the order of their registers.</summary>
    public static IReadOnlyList<string> Outputs { get; } =
    [
        "OUT1_TTL", "OUT1_NIM", "OUT1_LVDS", "OUT2_TTL", "OUT2_NIM", "OUT2_LVDS", "OUT3_TTL", "OUT3_OC", "OUT3_LVDS", "OUT4_TTL",
        "OUT4_NIM", "OUT4_PECL", "OUT5_ENCA", "OUT5_ENCB", "OUT5_ENCZ", "OUT5_CONN", "OUT6_ENCA", "OUT6_ENCB", "OUT6_ENCZ", "OUT6_CONN",
        "OUT7_ENCA", "OUT7_ENCB", "OUT7_ENCZ", "OUT7_CONN", "OUT8_ENCA", "OUT8_ENCB", "OUT8_ENCZ", "OUT8_CONN",
    ];

    /// <summary>The register of an output such as <c>OUT1_TTL</c>; null where there is none of that name.</summary>
    public static byte? Output(string name)
    {
        for (var i = 0; i < Outputs.Count; i++)
            if (Outputs[i] == name)
                return (byte)(0x60 + i);
        return null;
    }

    /// <summary>The bus index of an input such as <c>IN1_TTL</c>; null where there is none of that name.</summary>
    public static int? Input(string name)
    {
        string[] all =
        [
            "IN1_TTL", "IN1_NIM", "IN1_LVDS", "IN2_TTL", "IN2_NIM", "IN2_LVDS", "IN3_TTL", "IN3_OC", "IN3_LVDS", "IN4_TTL", "IN4_CMP",
            "IN4_PECL", "IN5_ENCA", "IN5_ENCB", "IN5_ENCZ", "IN5_CONN", "IN6_ENCA", "IN6_ENCB", "IN6_ENCZ", "IN6_CONN", "IN7_ENCA",
            "IN7_ENCB", "IN7_ENCZ", "IN7_CONN", "IN8_ENCA", "IN8_ENCB", "IN8_ENCZ", "IN8_CONN",
        ];
        var index = Array.IndexOf(all, name);
        return index < 0 ? null : index + 1;
    }
}
