using Flyscan.Scanning.Triggering;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.PandA.Programmes;

/// <summary>A PCOMP block, and the LUT block that enables it.</summary>
internal sealed record PandACompare(string Block, string Gate);

/// <summary>Frames that begin at equal steps of one encoder, in one direction: what a plain position compare can do.</summary>
/// <remarks>
/// The sequencer's OUTB is high through a window; AND the soft gate, a LUT block enables PCOMP with it. Each of PCOMP's pulses comes back
/// at BITC and makes one frame at OUTA: a window takes two rows of the table, however many frames it has, and counts, captures and the gate
/// are those of all other programmes. STEP, WIDTH and PRE_START are positive for both directions; the sign is DIR's. The axis must have
/// been beyond START by more than PRE_START on the side that it comes from. Each position makes one pulse, jitter or not.
/// <b>Units</b> counts. <b>Source</b> block manual as summed up in the protocol reference, section 3; recorded session 71.
/// </remarks>
internal sealed record CompareProgramme(string Input, int Start, int Step, int Pulses, bool IsPositive, int PreStart)
{
    /// <summary>One count: over before the next step, however short.</summary>
    private const int Width = 1;

    /// <summary>Null where a plain compare is not enough.</summary>
    public static CompareProgramme? Of(TriggerProgramme programme, EquatableArray<PandAEncoder> encoders)
    {
        if (programme.FramesBy is not null || programme.Windows.Count == 0)
            return null;
        var all = programme.Windows.Select(w => Of(w, encoders)).Distinct().Take(2).ToList();
        return all.Count == 1 ? all[0] : null;
    }

    /// <summary>The same frames, begun by the block.</summary>
    public TriggerProgramme Led(TriggerProgramme programme, PandACompare by) => programme with
    {
        FramesBy = by.Block,
        Windows = programme.Windows.Select(w => w with
        {
            Compare = null,
            Trains = [new PulseTrain(Pulses, w.Trains[0].ExposureNs, w.Trains.Min(t => t.PeriodNs))],
        }).ToEquatableArray(),
    };

    /// <summary>Fields that staging sets, and puts back afterwards.</summary>
    public static IEnumerable<(string Name, string Value)> Staged(PandACompare? by, string sequencer, string gateBit)
    {
        if (by is null)
            return [];
        return
        [
            ($"{by.Block}.ENABLE", $"{by.Gate}.OUT"), ($"{by.Block}.ENABLE.DELAY", "0"), ($"{by.Block}.INP", "ZERO"),
            ($"{by.Block}.RELATIVE", "Absolute"), ($"{by.Block}.DIR", "Positive"), ($"{by.Block}.PRE_START", "0"),
            ($"{by.Block}.START", "0"), ($"{by.Block}.WIDTH", $"{Width}"), ($"{by.Block}.STEP", "2"), ($"{by.Block}.PULSES", "1"),
            .. FollowProgramme.GateOf(by.Gate, sequencer, gateBit), ($"{sequencer}.BITC.DELAY", "0"),
        ];
    }

    /// <summary>What the programme sets; enabled from the gate again last, as it was put up before so that its HEALTH says nothing of
    /// the programme before.</summary>
    public List<(string Name, string Value)> Settings(PandACompare by, string sequencer) =>
    [
        ($"{by.Block}.INP", Input), ($"{by.Block}.START", $"{Start}"), ($"{by.Block}.STEP", $"{Step}"), ($"{by.Block}.PULSES", $"{Pulses}"),
        ($"{by.Block}.PRE_START", $"{PreStart}"), ($"{by.Block}.DIR", IsPositive ? "Positive" : "Negative"),
        ($"{sequencer}.BITC", $"{by.Block}.OUT"), ($"{by.Block}.ENABLE", $"{by.Gate}.OUT"),
    ];

    private static CompareProgramme? Of(TriggerWindow window, EquatableArray<PandAEncoder> encoders)
    {
        if (window.Compare is not { } compare || window.DelayNs > 0 || window.Trains.Count < 2
            || encoders.FirstOrDefault(e => e.Axis == compare.Axis) is not { } encoder
            || !window.Trains.All(t => t.Count == 1 && t.ExposureNs == window.Trains[0].ExposureNs)
            || window.Trains[0].At is not null || window.Trains.Skip(1).Any(t => t.At is null))
            return null;
        var first = Counts(compare.Position, encoder);
        var last = Counts(window.Trains[^1].At!.Value, encoder);
        var step = Math.Round((last - first) / (window.Trains.Count - 1), MidpointRounding.AwayFromZero);
        // Every frame begins at the count at which the sequencer's own compare would begin it.
        for (var i = 1; i < window.Trains.Count; i++)
            if (Counts(window.Trains[i].At!.Value, encoder) != first + i * step)
                return null;
        var isPositive = compare.Ascending == encoder.Scale > 0;
        var isAway = step > 0 == isPositive;
        if (!isAway || Math.Abs(step) <= Width || Math.Abs(first) > int.MaxValue || Math.Abs(last) > int.MaxValue)
            return null;
        return new($"{encoder.Input}.VAL", (int)first, (int)Math.Abs(step), window.Trains.Count, isPositive, encoder.HysteresisCounts);
    }

    private static double Counts(double position, PandAEncoder encoder) =>
        Math.Round((position - encoder.Offset) / encoder.Scale, MidpointRounding.AwayFromZero);
}
