using System.Buffers.Binary;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Triggering;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.PandA.Programmes;

/// <summary>What the compiler must know of the box.</summary>
/// <remarks><b>Units</b> TickNs nanoseconds.</remarks>
internal sealed record SequencerLimits(int MostRows, long TickNs, bool HasLiveInput)
{
    /// <summary>Longer tables are given in pieces.</summary>
    public bool Streams { get; init; }
}

/// <summary>A trigger programme as the sequencer holds it.</summary>
/// <remarks>PrescaleTicks: 0 is one clock tick. Inputs: what POSA, POSB, POSC select. <b>Units</b> LongestPeriodNs nanoseconds.</remarks>
internal sealed record SequencerProgramme(
    EquatableArray<SequencerRow> Rows, long PrescaleTicks, EquatableArray<string> Inputs, long LongestPeriodNs, long Frames)
{
    private const uint MostRepeats = 65535;
    private const int PositionInputs = 3;

    /// <summary>Rows of a table that is given in pieces, made as they are asked for; null: Rows is the whole table.</summary>
    public StreamedRows? Stream { get; init; }

    /// <summary>Prescales tried in turn: one tick, 1 us, 1 ms of a 125 MHz clock. A phase is a 32-bit number of them.</summary>
    private static readonly long[] Prescales = [0, 125, 125_000];

    /// <summary>Compiles, or says in <paramref name="problem"/> why the box cannot hold the programme.</summary>
    /// <remarks>Rows of a window: BITA=0, BITA=1 (the live output has fallen and risen again), the compare position, then the pulses
    /// behind BITB=1, the gate: a level test before each repeat, so that closing it holds the sequencer after the exposure under way.
    /// A compare is a level test too, and one that the turn-around before it may already satisfy. Behind live rows the sequencer is past
    /// the turn-around; without them a row comes first that waits for the approach side, by the encoder's hysteresis.
    /// The first row never compares positions, so that its POSITION word can carry the take's mark.</remarks>
    public static SequencerProgramme? Compile(
        TriggerProgramme programme, TakeMark mark, EquatableArray<PandAEncoder> encoders, SequencerLimits limits, out string problem)
    {
        problem = Check(programme, limits) ?? "";
        if (problem.Length > 0)
            return null;
        foreach (var prescale in Prescales)
        {
            var tickNs = Math.Max(1, prescale) * limits.TickNs;
            if (Longest(programme) / tickNs >= uint.MaxValue)
                continue;
            return new Compiler(programme, encoders, tickNs).Compile(mark, prescale, limits, out problem);
        }
        problem = $"an exposure or delay of {Longest(programme) / 1e9} s does not fit the sequencer's 32-bit times";
        return null;
    }

    /// <summary>The table that a box holds, as far as it can be told from its words.</summary>
    public static SequencerProgramme FromTable(SequencerRow[] rows, long prescaleTicks, long tickNs)
    {
        var pulses = rows.Where(r => r.IsPulse).ToList();
        var longest = rows.Length == 0 ? 0 : rows.Max(r => ((long)r.Time1 + r.Time2) * Math.Max(1, prescaleTicks) * tickNs);
        return new(rows.ToEquatableArray(), prescaleTicks, [], longest, pulses.Sum(r => (long)r.Repeats));
    }

    /// <summary>Take mark in the first row; default when there is none.</summary>
    public TakeMark Mark => Stream is { } stream ? stream.Mark
        : Rows.Count > 0 && Rows[0].Trigger < SequencerTrigger.PositionAAtLeast ? new(Rows[0].Position) : default;

    /// <summary>Behind the closed gate no pulse begins from here: it waits for the gate, or for something before it.</summary>
    /// <remarks>A pulse that waits for its place is past the gate already.</remarks>
    public bool StandsAtGate(int line, bool waits)
    {
        // Which piece a line is of, the box does not say.
        if (Stream is not null)
            return waits && !Stream.HasPlaces;
        if (line < 1 || line > Rows.Count)
            return false;
        var row = Rows[line - 1];
        var places = row.IsPulse && row.Trigger >= SequencerTrigger.PositionAAtLeast;
        var gate = row.Trigger is SequencerTrigger.BitBLow or SequencerTrigger.BitBHigh;
        return waits ? !places : !row.IsPulse && !gate;
    }

    /// <summary>Frames fired when the sequencer stands at this line and repeat (from 1); <paramref name="exposed"/>: the present one's
    /// exposure is over.</summary>
    public long Fired(int line, long repeat, bool exposed)
    {
        var before = Rows.Take(Math.Max(0, line - 1)).Where(r => r.IsPulse).Sum(r => (long)r.Repeats);
        if (line < 1 || line > Rows.Count || !Rows[line - 1].IsPulse)
            return before;
        return before + Math.Clamp(exposed ? repeat : repeat - 1, 0, Rows[line - 1].Repeats);
    }

    /// <summary>It stands at the last repeat of the last row; never in an empty table, as a box holds after a restart.</summary>
    public bool IsEnd(int line, long repeat) => Rows.Count > 0 && line == Rows.Count && repeat == Rows[^1].Repeats;

    public static EquatableArray<string> Base64(uint[] words)
    {
        // 48 bytes a line is what the server itself writes, so that lines compare.
        const int lineBytes = 48;
        var bytes = new byte[words.Length * 4];
        for (var i = 0; i < words.Length; i++)
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(i * 4), words[i]);
        return Enumerable.Range(0, (bytes.Length + lineBytes - 1) / lineBytes)
            .Select(i => Convert.ToBase64String(bytes, i * lineBytes, Math.Min(lineBytes, bytes.Length - i * lineBytes)))
            .ToEquatableArray();
    }

    public static uint[] FromBase64(IEnumerable<string> lines)
    {
        var bytes = lines.SelectMany(Convert.FromBase64String).ToArray();
        var words = new uint[bytes.Length / 4];
        for (var i = 0; i < words.Length; i++)
            words[i] = BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(i * 4));
        return words;
    }

    /// <summary>Words of base64 lines put together; each line but the last carries whole words.</summary>
    public static bool TryFromBase64(string text, out uint[] words)
    {
        var bytes = new byte[text.Length];
        var read = Convert.TryFromBase64String(text, bytes, out var count);
        words = read ? System.Runtime.InteropServices.MemoryMarshal.Cast<byte, uint>(bytes.AsSpan(0, count)).ToArray() : [];
        return read;
    }

    private static long Longest(TriggerProgramme programme) =>
        programme.Windows.Max(w => Math.Max(w.DwellNs, w.Trains.Max(t => t.PeriodNs)));

    private static string? Check(TriggerProgramme programme, SequencerLimits limits)
    {
        if (programme.Windows.Count == 0)
            return "the trigger programme has no windows";
        foreach (var window in programme.Windows)
        {
            if (window.Trains.Count == 0)
                return $"the window at frame {window.FirstFrame} has no pulses";
            if (window.WaitForLive && !limits.HasLiveInput)
                return $"the window at frame {window.FirstFrame} waits for a live input, and none is set: give the box its live-input";
            foreach (var train in window.Trains)
                if (train.Count < 1 || train.ExposureNs < limits.TickNs || train.PeriodNs - train.ExposureNs < limits.TickNs)
                    return $"the window at frame {window.FirstFrame} has "
                        + $"{train.Count} pulses of {train.ExposureNs} ns every {train.PeriodNs} ns: "
                        + $"at least one pulse, and at least {limits.TickNs} ns high and low, are needed";
        }
        return null;
    }

    private sealed class Compiler(TriggerProgramme programme, EquatableArray<PandAEncoder> encoders, long tickNs)
    {
        // OUTB.
        private const uint Gate = 2;

        private readonly List<SequencerRow> _rows = [];
        private readonly List<PandAEncoder> _inputs = [];

        public SequencerProgramme? Compile(TakeMark mark, long prescale, SequencerLimits limits, out string problem)
        {
            problem = "";
            var rows = 0L;
            Begin();
            foreach (var window in programme.Windows)
            {
                if (Add(window) is { } reason)
                {
                    problem = reason;
                    return null;
                }
                if (!limits.Streams || _rows.Count <= limits.MostRows)
                    continue;
                rows += _rows.Count;
                _rows.Clear();
            }
            if (rows > 0)
                return Streamed(mark, prescale, rows + _rows.Count);
            if (_rows.Count > limits.MostRows)
            {
                problem = $"the programme needs {_rows.Count} rows, "
                    + $"the sequencer's table has {limits.MostRows}: take fewer windows at a time";
                return null;
            }
            _rows[0] = _rows[0] with { Position = mark.Value };
            return new(_rows.ToEquatableArray(), prescale, Inputs(), Longest(programme), programme.Frames);
        }

        private EquatableArray<string> Inputs() => Enumerable.Range(0, PositionInputs)
            .Select(i => i < _inputs.Count ? $"{_inputs[i].Input}.VAL" : "ZERO").ToEquatableArray();

        private SequencerProgramme Streamed(TakeMark mark, long prescale, long rows)
        {
            var places = programme.Windows.Any(w => w.Trains.Any(t => t.At is not null));
            return new([], prescale, Inputs(), Longest(programme), programme.Frames)
            {
                Stream = new(mark, rows, places, () => new Compiler(programme, encoders, tickNs).Each(mark)),
            };
        }

        /// <summary>The same rows once more, a window at a time.</summary>
        private IEnumerable<SequencerRow> Each(TakeMark mark)
        {
            Begin();
            var isFirst = true;
            foreach (var window in programme.Windows)
            {
                Add(window);
                if (isFirst)
                    _rows[0] = _rows[0] with { Position = mark.Value };
                isFirst = false;
                foreach (var row in _rows)
                    yield return row;
                _rows.Clear();
            }
        }

        private void Begin()
        {
            if (programme.Windows[0] is { WaitForLive: false, DwellNs: 0, Compare: not null })
                _rows.Add(Wait(SequencerTrigger.Immediate, 0));
        }

        private static SequencerRow Wait(SequencerTrigger trigger, int position) => new(1, trigger, 0, 0, position, 0, 1);

        private string? Add(TriggerWindow window)
        {
            // At least as long as asked for: a dwell is rounded up.
            if (window.DwellNs > 0)
                _rows.Add(Wait(SequencerTrigger.Immediate, 0) with { Time2 = (uint)Math.Max(1, (window.DwellNs + tickNs - 1) / tickNs) });
            if (window.WaitForLive)
            {
                _rows.Add(Wait(SequencerTrigger.BitALow, 0));
                _rows.Add(Wait(SequencerTrigger.BitAHigh, 0));
            }
            if (window.Compare is { } compare && AddCompare(window, compare) is { } problem)
                return problem;
            Delay(window);
            if (programme.FramesBy is not null)
            {
                AddFollowed(window);
                return null;
            }
            var isPlaced = window.Trains.Any(t => t.At is not null);
            foreach (var train in window.Trains)
            {
                if (train.At is not { } at)
                    AddPulses(train, isPlaced);
                else if (AddFrameAt(window, train, at) is { } reason)
                    return reason;
            }
            return Drift(window);
        }

        private string? AddCompare(TriggerWindow window, PositionCompare compare)
        {
            var encoder = encoders.FirstOrDefault(e => e.Axis == compare.Axis);
            if (encoder is null)
                return $"the window at frame {window.FirstFrame} compares axis {compare.Axis}, which has no encoder at the box "
                    + $"(it has: {string.Join(", ", encoders.Select(e => e.Axis))})";
            var counts = Math.Round((compare.Position - encoder.Offset) / encoder.Scale, MidpointRounding.AwayFromZero);
            if (!(counts >= int.MinValue && counts <= int.MaxValue))
                return $"position {compare.Position} of {compare.Axis} is {counts} counts, outside the 32-bit range of the sequencer";
            if (!_inputs.Contains(encoder) && _inputs.Count == PositionInputs)
                return $"the programme compares more than {PositionInputs} axes";
            if (!_inputs.Contains(encoder))
                _inputs.Add(encoder);
            // An encoder that counts against its axis sees the travel reversed.
            var atLeast = compare.Ascending == encoder.Scale > 0;
            var trigger = SequencerTrigger.PositionAAtLeast + 2 * _inputs.IndexOf(encoder);
            var before = counts + (atLeast ? -encoder.HysteresisCounts : encoder.HysteresisCounts);
            if (!window.WaitForLive && !(before >= int.MinValue && before <= int.MaxValue))
                return $"position {compare.Position} of {compare.Axis} is {counts} counts, too near the end of the 32-bit range";
            if (!window.WaitForLive)
                _rows.Add(Wait(trigger + (atLeast ? 1 : 0), (int)before));
            _rows.Add(Wait(trigger + (atLeast ? 0 : 1), (int)counts));
            return null;
        }

        /// <summary>A frame by position: once the gate is open, its pulse waits for the place.</summary>
        private string? AddFrameAt(TriggerWindow window, PulseTrain train, double at)
        {
            if (window.Compare is not { } compare)
                return $"the window at frame {window.FirstFrame} has frames by position, and no axis to compare";
            _rows.Add(Wait(SequencerTrigger.BitBHigh, 0));
            if (AddCompare(window with { WaitForLive = true }, compare with { Position = at }) is { } problem)
                return problem;
            _rows[^1] = _rows[^1] with { Outputs1 = 1, Time1 = (uint)Math.Max(1, Ticks(train.ExposureNs)) };
            return null;
        }

        /// <summary>The row that waited last stays low for the delay: it takes no row of its own.</summary>
        private void Delay(TriggerWindow window)
        {
            if (window.DelayNs == 0)
                return;
            if (!window.WaitForLive && window.Compare is null)
                _rows.Add(Wait(SequencerTrigger.Immediate, 0));
            _rows[^1] = _rows[^1] with { Time2 = (uint)Math.Max(1, Ticks(window.DelayNs)) };
        }

        /// <param name="isPlaced">The place of the next frame ends this one, not its period.</param>
        private void AddPulses(PulseTrain train, bool isPlaced)
        {
            var period = isPlaced ? Ticks(train.ExposureNs) + 1 : Ticks(train.PeriodNs);
            var high = Math.Clamp(Ticks(train.ExposureNs), 1, period - 1);
            for (long left = train.Count; left > 0; left -= MostRepeats)
                _rows.Add(new((uint)Math.Min(left, MostRepeats), SequencerTrigger.BitBHigh, 1, 0, 0, (uint)high, (uint)(period - high)));
        }

        /// <summary>A row that opens the detector's gate, then a pulse for each of its frames; the last one's closes the gate.</summary>
        /// <remarks>A row is over half way between its frame's exposure and the next, when the detector's pulse has ended.</remarks>
        private void AddFollowed(TriggerWindow window)
        {
            _rows.Add(Wait(SequencerTrigger.BitBHigh, 0) with { Outputs2 = Gate });
            for (var i = 0; i < window.Trains.Count; i++)
            {
                var train = window.Trains[i];
                var high = Math.Max(1, Ticks(train.ExposureNs));
                var low = Math.Max(1, (Ticks(train.PeriodNs) - high) / 2);
                var frame = new SequencerRow(1, SequencerTrigger.BitCHigh, 1 | Gate, Gate, 0, (uint)high, (uint)low);
                var last = i == window.Trains.Count - 1;
                for (long left = train.Count - (last ? 1 : 0); left > 0; left -= MostRepeats)
                    _rows.Add(frame with { Repeats = (uint)Math.Min(left, MostRepeats) });
                if (last)
                    _rows.Add(frame with { Outputs2 = 0 });
            }
        }

        private long Ticks(long ns) => (ns + tickNs / 2) / tickNs;

        /// <summary>Periods are whole ticks; the error adds up over a window, and shifts its last frame against the motion.</summary>
        private string? Drift(TriggerWindow window)
        {
            var drift = window.Trains.Sum(t => t.Count * (Ticks(t.PeriodNs) * tickNs - t.PeriodNs));
            var allowed = Math.Max(tickNs, window.Trains.Min(t => t.PeriodNs) / 100);
            return Math.Abs(drift) <= allowed
                ? null
                : $"the window at frame {window.FirstFrame} would be {drift} ns off at its end, "
                    + $"as periods are whole multiples of {tickNs} ns "
                    + $"(allowed: {allowed} ns): choose such periods";
        }
    }
}
