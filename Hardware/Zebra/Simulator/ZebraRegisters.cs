using Flyscan.Hardware.Zebra.Protocol;

namespace Flyscan.Hardware.Zebra.Simulator;

/// <summary>The registers of a simulated box, and their copy in flash.</summary>
internal sealed class ZebraRegisters
{
    public const ushort Firmware = 0x21;

    private readonly ushort[] _words = new ushort[256];
    private readonly ushort[] _flash = new ushort[256];

    public ZebraRegisters()
    {
        _words[ZebraRegister.SysVer] = Firmware;
        _words[ZebraRegister.PcTsPre] = 5;
        _flash = [.. _words];
    }

    public ushort this[int address]
    {
        get => _words[address];
        set => _words[address] = value;
    }

    public uint Pair(int address) => (uint)_words[address + 1] << 16 | _words[address];

    public void SetPair(int address, uint value) =>
        (_words[address], _words[address + 1]) = ((ushort)value, (ushort)(value >> 16));

    public void Store() => _words.CopyTo(_flash, 0);

    /// <summary>As after power-up, too.</summary>
    public void Load() => _flash.CopyTo(_words, 0);
}
