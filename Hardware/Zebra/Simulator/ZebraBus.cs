using Flyscan.Hardware.Simulation;
using Flyscan.Hardware.Zebra.Protocol;

namespace Flyscan.Hardware.Zebra.Simulator;

/// <summary>The system bus of 64 bits and the logic blocks on it: AND, OR, GATE, DIV, PULSE. Changes run through without delay, in
/// order.</summary>
/// <remarks>Not modelled: QUAD and the clocks, which stay low.</remarks>
internal sealed class ZebraBus
{
    public const int Size = 64;

    private const int FirstAnd = 32;
    private const int FirstOr = 36;
    private const int FirstGate = 40;
    private const int FirstDivD = 44;
    private const int FirstDivN = 48;
    private const int FirstPulse = 52;
    private const int PulseInputs = 0x50;

    private readonly ZebraRegisters _registers;
    private readonly ISimulationClock _clock;
    private readonly bool[] _values = new bool[Size];
    private readonly uint[] _counts = new uint[4];
    private readonly bool[] _pulsing = new bool[4];
    private readonly Queue<(int Index, bool Value)> _changes = new();
    private bool _running;

    public ZebraBus(ZebraRegisters registers, ISimulationClock clock) => (_registers, _clock) = (registers, clock);

    /// <summary>Raised after each change of a bit.</summary>
    public event Action<int, bool>? Changed;

    public bool this[int index] => _values[index];

    /// <summary>Bits 31..0 or 63..32.</summary>
    public uint Half(bool upper)
    {
        var word = 0u;
        for (var i = 0; i < 32; i++)
            if (_values[i + (upper ? 32 : 0)])
                word |= 1u << i;
        return word;
    }

    /// <summary>What a divider has counted.</summary>
    public uint CountOf(int div) => _counts[div];

    public void Set(int index, bool value)
    {
        _changes.Enqueue((index, value));
        if (_running)
            return;
        _running = true;
        while (_changes.TryDequeue(out var change))
            Apply(change.Index, change.Value);
        _running = false;
    }

    /// <summary>A register was written: levels may differ.</summary>
    public void Recompute()
    {
        for (var n = 0; n < 4; n++)
        {
            Set(FirstAnd + n, Level(n, 0x00, 0x04, 0x08, and: true));
            Set(FirstOr + n, Level(n, 0x18, 0x1C, 0x20, and: false));
            Set(60 + n, (_registers[ZebraRegister.SoftIn] >> n & 1) != 0);
        }
    }

    private void Apply(int index, bool value)
    {
        if (index == 0 || _values[index] == value)
            return;
        _values[index] = value;
        Changed?.Invoke(index, value);
        for (var n = 0; n < 4; n++)
        {
            _changes.Enqueue((FirstAnd + n, Level(n, 0x00, 0x04, 0x08, and: true)));
            _changes.Enqueue((FirstOr + n, Level(n, 0x18, 0x1C, 0x20, and: false)));
            Gate(n, index, value);
            Divide(n, index, value);
            Pulse(n, index, value);
        }
    }

    private bool Level(int n, int invert, int enable, int inputs, bool and)
    {
        var level = and;
        for (var m = 0; m < 4; m++)
        {
            if ((_registers[enable + n] >> m & 1) == 0)
                continue;
            var bit = _values[_registers[inputs + 4 * n + m] & 63] != ((_registers[invert + n] >> m & 1) != 0);
            level = and ? level && bit : level || bit;
        }
        return level;
    }

    private bool IsEdge(int input, int polarityBit, int index, bool value) =>
        (input & 63) == index && value == ((_registers[ZebraRegister.Polarity] >> polarityBit & 1) == 0);

    private void Gate(int n, int index, bool value)
    {
        if (IsEdge(_registers[0x34 + n], 4 + n, index, value))
            _changes.Enqueue((FirstGate + n, false));
        else if (IsEdge(_registers[0x30 + n], n, index, value))
            _changes.Enqueue((FirstGate + n, true));
    }

    private void Divide(int n, int index, bool value)
    {
        if ((_registers[ZebraRegister.DivInp(n + 1)] & 63) != index)
            return;
        if (!IsEdge(index, 8 + n, index, value))
        {
            _changes.Enqueue((FirstDivD + n, false));
            _changes.Enqueue((FirstDivN + n, false));
            return;
        }
        var divisor = Math.Max(1, _registers.Pair(ZebraRegister.DivDivisor(n + 1)));
        _counts[n] = (uint)(((ulong)_counts[n] + 1) % divisor);
        _changes.Enqueue(((_counts[n] == 0 ? FirstDivD : FirstDivN) + n, true));
    }

    private void Pulse(int n, int index, bool value)
    {
        if (!IsEdge(_registers[PulseInputs + n], 12 + n, index, value))
            return;
        if (_pulsing[n])
        {
            _registers[ZebraRegister.SysStatErr] |= (ushort)(1 << n);
            return;
        }
        var unitNs = 20L * Math.Max((ushort)1, _registers[0x4C + n]);
        var riseNs = _clock.NowNs + _registers[0x44 + n] * unitNs;
        _pulsing[n] = true;
        _clock.At(riseNs, () => Set(FirstPulse + n, true));
        _clock.At(riseNs + _registers[0x48 + n] * unitNs, () =>
        {
            _pulsing[n] = false;
            Set(FirstPulse + n, false);
        });
    }
}
