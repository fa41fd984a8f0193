using System.Globalization;
using Flyscan.Hardware.Zebra.Protocol;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Triggering;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Zebra;

/// <summary>A register and what it is to hold. Wide: a pair, LO first.</summary>
internal readonly record struct ZebraWord(byte Address, uint Value, bool Wide)
{
    /// <summary>The 16-bit writes in the order that the box wants.</summary>
    public IEnumerable<(byte Address, ushort Value)> Writes => Wide
        ? [(Address, (ushort)Value), ((byte)(Address + 1), (ushort)(Value >> 16))]
        : [(Address, (ushort)Value)];

    /// <summary>Registers as they were saved, address by address; both halves of a pair become one word.</summary>
    public static IEnumerable<ZebraWord> Of(IEnumerable<SavedSetting> saved)
    {
        var values = saved.Select(s => (
            Address: byte.Parse(s.Name, NumberStyles.HexNumber, CultureInfo.InvariantCulture),
            Value: ushort.Parse(s.Value, NumberStyles.HexNumber, CultureInfo.InvariantCulture))).ToList();
        var byAddress = values.ToDictionary(v => v.Address, v => v.Value);
        foreach (var (address, value) in values)
            if (ZebraRegister.IsLow(address) && byAddress.TryGetValue((byte)(address + 1), out var high))
                yield return new ZebraWord(address, (uint)high << 16 | value, true);
            else if (!ZebraRegister.IsLow((byte)(address - 1)) || !byAddress.ContainsKey((byte)(address - 1)))
                yield return new ZebraWord(address, value, false);
    }
}

/// <summary>What was asked for and what the registers can hold instead.</summary>
/// <remarks><b>Units</b> in Unit.</remarks>
internal sealed record ZebraRounding(string What, double Asked, double Held, string Unit)
{
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{What}: {Asked:G10} {Unit} asked for, {Held:G10} {Unit} held");
}

/// <summary>A trigger programme as position compare runs it: gates by position, time or the live input, equal pulses by time in
/// them.</summary>
/// <remarks>EndsItself: the last gate's end disarms the box; otherwise it is disarmed after the last frame. <b>Units</b>
/// nanoseconds.</remarks>
internal sealed record ZebraProgramme(
    TakeMark Mark, long Frames, PulseTrain Train, bool EndsItself, bool WaitsForLive, long StampNs, EquatableArray<ZebraWord> Words)
{
    private const int LongestValue = int.MaxValue;
    private const int GateByPosition = 0;
    private const int GateByTime = 1;
    private const int GateExternal = 2;

    /// <summary>Prescaler, one register count in nanoseconds, and the smallest step of pulses in counts.</summary>
    /// <remarks><b>Source</b> manual, PC_TSPRE; 0.0016 ms because a divider is captured.</remarks>
    private static readonly (ushort Prescale, long UnitNs, long LeastCounts)[] Units =
        [(5, 100, 16), (5000, 100_000, 3), (50000, 1_000_000, 30)];

    /// <summary>Where registers hold other values than the programme asked for.</summary>
    public EquatableArray<ZebraRounding> Roundings { get; init; }

    /// <summary>Null, with the reason, where the box cannot do it.</summary>
    public static ZebraProgramme? Compile(TriggerProgramme programme, TakeMark mark, ZebraSettings settings, out string? problem)
    {
        problem = Unable(programme, settings);
        if (problem is not null)
            return null;
        var first = programme.Windows[0];
        var train = first.Trains[0];
        var span = first.Compare is null && !first.WaitForLive ? first.DurationNs : train.PeriodNs;
        var unit = Array.FindIndex(Units, u => span / u.UnitNs < LongestValue);
        if (unit < 0)
        {
            problem = $"{Text(span)} is longer than the 32-bit time registers hold at their coarsest, {Text(LongestValue * 1_000_000L)}";
            return null;
        }
        var timing = new Timing(train, Units[unit]);
        problem = timing.Problem(train.Count);
        if (problem is not null)
            return null;
        List<ZebraWord> words =
        [
            new(ZebraRegister.PcTsPre, Units[unit].Prescale, false), new(ZebraRegister.PcPulseStart, 0, true),
            new(ZebraRegister.PcPulseWid, (uint)timing.Width, true), new(ZebraRegister.PcPulseStep, (uint)timing.Step, true),
            new(ZebraRegister.PcPulseMax, (uint)train.Count, true),
            new(ZebraRegister.DivDivisor(settings.MarkBlock), (uint)mark.Value, true),
        ];
        List<ZebraRounding> roundings = [.. timing.Roundings];
        if (!AddGate(words, roundings, programme, settings, timing, out problem))
            return null;
        return new ZebraProgramme(
            mark, programme.Frames, train, first.Compare is null, first is { WaitForLive: true, Compare: null }, Units[unit].UnitNs,
            words.ToEquatableArray())
        {
            Roundings = roundings.ToEquatableArray(),
        };
    }

    /// <summary>One pulse at once, to read the encoders; the gate stays closed.</summary>
    public static ZebraProgramme Probe(TakeMark mark, ZebraSettings settings) => Compile(
        new([new TriggerWindow(0, false, null, [new PulseTrain(1, 10_000, 20_000)])]), mark, settings, out _)!;

    private static string? Unable(TriggerProgramme programme, ZebraSettings settings)
    {
        var windows = programme.Windows;
        if (programme.Frames == 0)
            return "a programme without frames cannot be loaded";
        if (programme.Frames > LongestValue)
            return $"{programme.Frames} frames are more than the 32-bit counters hold";
        if (programme.FramesBy is { } leader)
            return $"frames are begun by detector {leader}: a Zebra begins them itself";
        if (programme.Outputs.Count > 0)
            return $"detector {programme.Outputs[0].Detector} has a rate of its own: a Zebra's outputs show one train of pulses";
        if (windows.FirstOrDefault(w => w.DwellNs > 0 || w.DelayNs > 0) is { } dwelling)
            return $"the window at frame {dwelling.FirstFrame} begins with a delay: a Zebra has no table to keep it";
        if (windows.FirstOrDefault(w => w.Trains.Any(t => t.At is not null)) is { } placed)
            return $"the frames from {placed.FirstFrame} on begin at positions of their own: a Zebra compares one position a take";
        var uneven = windows.FirstOrDefault(w => w.Trains.Count != 1 || w.Trains[0] != windows[0].Trains[0]);
        if (uneven is not null)
            return $"the frames from {uneven.FirstFrame} on differ in number or duration from those before: a Zebra has no table of "
                + "frames, only one train of equal pulses that each gate repeats";
        if (windows.Count > 1 && windows.FirstOrDefault(w => w.Compare is not null) is { } compared)
            return $"the window at frame {compared.FirstFrame} begins at a position, and {windows.Count} windows are in the programme: a "
                + "Zebra compares one position in one direction at a time; load one window a take";
        if (windows.Count > 1 && windows.Any(w => !w.WaitForLive))
            return "windows that wait for nothing follow each other: a Zebra needs a gate for each; make them one window";
        if (windows[0] is { WaitForLive: true, Compare: null } && settings.LiveInput is null)
            return "a window begins with the controller's live output, and live-input is not set";
        return null;
    }

    private static bool AddGate(
        List<ZebraWord> words, List<ZebraRounding> roundings, TriggerProgramme programme, ZebraSettings settings, Timing timing,
        out string? problem)
    {
        var first = programme.Windows[0];
        problem = null;
        var gate = first.Compare is null && !first.WaitForLive
            ? new Gate(GateByTime, 0, timing.Step * programme.Frames, 1)
            : new Gate(GateExternal, 0, 0, programme.Windows.Count);
        if (first.Compare is { } compare)
        {
            if (settings.Encoders.FirstOrDefault(e => e.Axis == compare.Axis) is not { } encoder)
            {
                problem = $"axis {compare.Axis} has no encoder at this box";
                return false;
            }
            var counts = encoder.CountsAt(compare.Position);
            if (Math.Abs(counts) >= LongestValue)
            {
                problem = string.Create(
                    CultureInfo.InvariantCulture, $"the compare position {compare.Position} of axis {compare.Axis} is {counts:G10} counts")
                    + ": outside the 32-bit range of the box's counters";
                return false;
            }
            var up = compare.Ascending == encoder.Scale > 0;
            // Frames are timed, not placed: the gate stays open as far as its registers reach, and the count of pulses ends it.
            var width = up ? LongestValue - (long)counts : (long)counts - int.MinValue;
            gate = new Gate(GateByPosition, (long)counts, Math.Min(width, LongestValue), 1);
            words.Add(new(ZebraRegister.PcEnc, (uint)(encoder.Channel - 1), false));
            words.Add(new(ZebraRegister.PcDir, up ? 0u : 1u, false));
            Round(roundings, $"compare position of {compare.Axis}", compare.Position, encoder.PositionAt((long)counts), encoder.Unit);
        }
        words.AddRange(
        [
            new(ZebraRegister.PcGateSel, (uint)gate.Source, false), new(ZebraRegister.PcGateStart, (uint)gate.Start, true),
            new(ZebraRegister.PcGateWid, (uint)gate.Width, true), new(ZebraRegister.PcGateNGate, (uint)gate.Count, true),
            new(ZebraRegister.PcGateStep, (uint)gate.Width, true), new(ZebraRegister.PcGateInp, (uint)(settings.LiveInput ?? 0), false),
        ]);
        return true;
    }

    private static void Round(List<ZebraRounding> roundings, string what, double asked, double held, string unit)
    {
        if (Math.Abs(asked - held) > 1e-12 * Math.Abs(asked))
            roundings.Add(new(what, asked, held, unit));
    }

    private static string Text(long ns) => string.Create(CultureInfo.InvariantCulture, $"{ns / 1e6:0.######} ms");

    private readonly record struct Gate(int Source, long Start, long Width, long Count);

    /// <summary>A train in counts of the chosen unit.</summary>
    private readonly record struct Timing(PulseTrain Train, (ushort Prescale, long UnitNs, long LeastCounts) Unit)
    {
        public long Step => Math.Max(1, Rounded(Train.PeriodNs));

        public long Width => Math.Max(1, Rounded(Train.ExposureNs));

        public IEnumerable<ZebraRounding> Roundings
        {
            get
            {
                List<ZebraRounding> found = [];
                Round(found, "period", Train.PeriodNs / 1e6, Step * Unit.UnitNs / 1e6, "ms");
                Round(found, "exposure", Train.ExposureNs / 1e6, Width * Unit.UnitNs / 1e6, "ms");
                return found;
            }
        }

        public string? Problem(int count)
        {
            if (Step < Unit.LeastCounts)
                return $"a period of {Text(Train.PeriodNs)} is shorter than a Zebra can store samples, "
                    + $"{Text(Unit.LeastCounts * Unit.UnitNs)}";
            if (Width >= Step)
                return $"an exposure of {Text(Train.ExposureNs)} leaves no low level before the next frame after {Text(Train.PeriodNs)}: "
                    + $"it may be at most {Text((Step - 1) * Unit.UnitNs)}";
            var drift = Math.Abs(Step * Unit.UnitNs - Train.PeriodNs) * count;
            return drift * 10 > Train.PeriodNs
                ? $"the period of {Text(Train.PeriodNs)} would be held as {Text(Step * Unit.UnitNs)}: after {count} frames the triggers "
                    + $"are off by {Text(drift)}, and a tenth of a frame is the most; make the window shorter"
                : null;
        }

        private long Rounded(long ns) => (long)Math.Round((double)ns / Unit.UnitNs, MidpointRounding.AwayFromZero);
    }
}
