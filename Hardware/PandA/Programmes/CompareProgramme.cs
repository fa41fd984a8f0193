using Flyscan.Scanning.Triggering;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.PandA.Programmes;

/// <summary>A PCOMP block, and the LUT block that enables it. IsOnly: what it cannot do is refused, not given to the sequencer.</summary>
internal sealed record PandACompare(string Block, string Gate, bool IsOnly = false);

/// <summary>Frames that begin at equal steps of one encoder, in one direction: what a plain position compare can do.</summary>
/// <remarks>
/// The sequencer's OUTB is high through a window; AND the soft gate, a LUT block enables PCOMP with it. Each of PCOMP's pulses comes back
/// at BITC and makes one frame at OUTA: a window takes two rows of the table, however many frames it has, and counts, captures and the gate
/// are those of all other programmes. STEP, WIDTH and PRE_START are positive for both directions; the sign is DIR's. The axis must have
/// been beyond START by more than PRE_START on the side that it comes from. Each position makes one pulse, jitter or not. Where the first
/// exposure is to begin a while behind the window's position, in the middle of its frame, it begins at its place as all others do.
/// <b>Units</b> counts. <b>Source</b> block manual as summed up in the protocol reference, section 3; recorded session 71.
/// </remarks>
internal sealed record CompareProgramme(string Input, int Start, int Step, int Pulses, bool IsPositive, int PreStart)
{
    /// <summary>One count: over before the next step, however short.</summary>
    private const int Width = 1;

    /// <summary>Null where a plain compare is not enough; <paramref name="problem"/> then says why.</summary>
    public static CompareProgramme? Of(TriggerProgramme programme, EquatableArray<PandAEncoder> encoders, out string problem)
    {
        CompareProgramme? all = null;
        problem = programme.FramesBy is { } leader ? $"{leader} begins them"
            : programme.Windows.Count == 0 ? "there are none" : "";
        foreach (var window in programme.Windows)
        {
            if (problem.Length > 0 || Of(window, encoders, out problem) is not { } one)
                return null;
            if (all is not null && one != all)
            {
                problem = $"the window at frame {window.FirstFrame} has other places than the one at frame "
                    + $"{programme.Windows[0].FirstFrame}, and a compare is set once for all windows";
                return null;
            }
            all = one;
        }
        return all;
    }

    /// <summary>The same frames, begun by the block.</summary>
    public TriggerProgramme Led(TriggerProgramme programme, PandACompare by) => programme with
    {
        FramesBy = by.Block,
        Windows = programme.Windows.Select(w => w with
        {
            Compare = null,
            DelayNs = 0,
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

    private static CompareProgramme? Of(TriggerWindow window, EquatableArray<PandAEncoder> encoders, out string problem)
    {
        var encoder = encoders.FirstOrDefault(e => e.Axis == window.Compare?.Axis);
        problem = Shape(window, encoder) is { } reason ? $"the window at frame {window.FirstFrame} {reason}" : "";
        if (problem.Length > 0)
            return null;
        var compare = window.Compare!;
        var first = Counts(FirstPlace(window, compare.Position), encoder!);
        var last = Counts(window.Trains[^1].At!.Value, encoder!);
        var step = Math.Round((last - first) / (window.Trains.Count - 1), MidpointRounding.AwayFromZero);
        // Every frame begins at the count at which the sequencer's own compare would begin it.
        for (var i = 1; i < window.Trains.Count; i++)
            if (Counts(window.Trains[i].At!.Value, encoder!) is var counts && counts != first + i * step)
            {
                problem = $"frame {window.FirstFrame + i} begins at count {counts} of {compare.Axis}, and equal steps of {step} "
                    + $"from {first} would have it begin at {first + i * step}";
                return null;
            }
        var isPositive = compare.Ascending == encoder!.Scale > 0;
        problem = step > 0 != isPositive ? $"{compare.Axis} travels against the steps of its frames from frame {window.FirstFrame} on"
            : Math.Abs(step) <= Width
                ? $"the steps from frame {window.FirstFrame} on are {Math.Abs(step)} counts; at least {Width + 1} are needed"
            : Math.Abs(first) > int.MaxValue || Math.Abs(last) > int.MaxValue
                ? $"counts {first} to {last} of {compare.Axis} are outside the block's 32-bit range" : "";
        return problem.Length > 0
            ? null
            : new($"{encoder.Input}.VAL", (int)first, (int)Math.Abs(step), window.Trains.Count, isPositive, encoder.HysteresisCounts);
    }

    /// <summary>What of a window, apart from its places, the block cannot do.</summary>
    private static string? Shape(TriggerWindow window, PandAEncoder? encoder) =>
        window.Compare is not { } compare ? "does not begin by position"
        : encoder is null ? $"compares axis {compare.Axis}, which has no encoder at the box"
        : window.Trains.Count < 2 ? "has no second frame by position"
        : window.Trains[0].At is not null || window.Trains.Skip(1).Any(t => t.At is null) || window.Trains.Any(t => t.Count != 1)
            ? "has frames by time"
        : window.Trains.Any(t => t.ExposureNs != window.Trains[0].ExposureNs) ? "has exposures of different lengths"
        : null;

    /// <summary>Where the first exposure begins: a delay behind the window's position, which at the planned velocity is this way.</summary>
    private static double FirstPlace(TriggerWindow window, double position) => window.DelayNs == 0
        ? position
        : position + (window.Trains[1].At!.Value - position) * window.DelayNs / (window.Trains[0].PeriodNs + window.DelayNs);

    private static double Counts(double position, PandAEncoder encoder) =>
        Math.Round((position - encoder.Offset) / encoder.Scale, MidpointRounding.AwayFromZero);
}
