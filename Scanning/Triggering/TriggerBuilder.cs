using Flyscan.Scanning.Units;

namespace Flyscan.Scanning.Triggering;

/// <summary>Makes windows of frames given one by one; or, without <paramref name="keep"/>, only counts what they take.</summary>
/// <remarks>
/// Rows: two to see the live input fall and rise, one for the compare, one for a dwell, one per train, two for a frame by position.
/// Consecutive equal pulses share a train up to the box's repeat limit. A pulse lasts to the begin of the next one, which is known a
/// frame later; the last of a window to the frame's end, or as long beyond as its exposure began late, where that is too short to meet
/// the next window.
/// </remarks>
/// <param name="exposure">What frames become.</param>
/// <param name="maxRepeats">Most equal pulses of a row.</param>
/// <param name="keep">Whether there will be a programme to build.</param>
/// <param name="table">Takes the rows with the least time that each lasts; may be null.</param>
internal sealed class TriggerBuilder(ExposureRule exposure, int maxRepeats, bool keep, IRowSink? table = null)
{
    // Half of what live is low between windows.
    private const long LongestTailNs = 500_000;

    private readonly List<TriggerWindow> _windows = [];
    private readonly List<PulseTrain> _trains = [];
    private long _firstFrame;
    private bool _waitForLive;
    private PositionCompare? _compare;
    private long _delayNs;
    private long _dwellNs;
    private Pulses _train;
    private (long DurationNs, long ExposureNs, long LeadNs, double? At) _frame;
    private bool _hasFrame;
    private long _rows;
    private long _windowFrames;
    private long _firstPeriodNs;

    /// <summary>Table rows so far.</summary>
    public long Rows => _rows + (_hasFrame && !Continues(LastPulse) ? RowsOf(LastPulse) : 0);

    /// <summary>Frames but for the first of a window need their place.</summary>
    public bool ByPosition => exposure.ByPosition;

    public long Windows { get; private set; }

    public long Frames { get; private set; }

    /// <summary>The window so far holds whole groups of frames.</summary>
    public bool OnGroup => _windowFrames % exposure.Group == 0;

    /// <summary>First frame of the first window that does not, and how many frames it has.</summary>
    public (long FirstFrame, long Frames)? SplitGroup { get; private set; }

    /// <summary>Whether frames of different durations came.</summary>
    public bool Mixed { get; private set; }

    /// <summary>Durations of all frames so far.</summary>
    public long FramesNs { get; private set; }

    /// <summary>Exposures of all frames so far.</summary>
    public long ExposureNs { get; private set; }

    // How the window would end if this were its last frame.
    private Pulses LastPulse =>
        new(1, _frame.ExposureNs, _frame.LeadNs <= LongestTailNs ? _frame.DurationNs : _frame.DurationNs - _frame.LeadNs, _frame.At);

    public void Open(long firstFrame, bool waitForLive, PositionCompare? compare)
    {
        Close();
        (_firstFrame, _waitForLive, _compare, _delayNs, _dwellNs) = (firstFrame, waitForLive, compare, 0, 0);
        // A detector's gate: one row opens it, the last frame has its own, which closes it.
        var waits = (waitForLive ? 2 : 0) + (compare is null ? 0 : 1) + (exposure.ByDetector ? 2 : 0);
        _rows += waits;
        table?.Add(waits, 0);
        Windows++;
    }

    /// <summary>Opens a window that begins by the clock, that long after the one before.</summary>
    public void Dwell(long firstFrame, long dwellNs)
    {
        Open(firstFrame, waitForLive: false, compare: null);
        _dwellNs = dwellNs;
        if (dwellNs == 0)
            return;
        _rows++;
        table?.Add(1, dwellNs);
    }

    /// <param name="way">Where the frame begins and ends, where it is begun by position.</param>
    public void Frame(long durationNs, (double From, double To)? way = null)
    {
        // Without motion there is no middle to be in.
        var lead = _waitForLive || _compare is not null ? exposure.LeadOf(durationNs) : 0;
        if (_hasFrame)
            Pulse(new Pulses(1, _frame.ExposureNs, _frame.DurationNs - _frame.LeadNs + lead, _frame.At));
        else
            _delayNs = lead;
        var at = way is { } w ? w.From + (w.To - w.From) * lead / durationNs : (double?)null;
        (_frame, _hasFrame) = ((durationNs, exposure.Of(durationNs), lead, at), true);
        if (Frames++ == 0)
            _firstPeriodNs = durationNs;
        Mixed |= durationNs != _firstPeriodNs;
        _windowFrames++;
        FramesNs += durationNs;
        ExposureNs += _frame.ExposureNs;
    }

    /// <summary>Adds the rows that are not given yet, as they are if no more frames come.</summary>
    public void AddPending(IRowSink rows)
    {
        if (_train.Count > 0)
            AddRows(rows, _train);
        if (_hasFrame && !Continues(LastPulse))
            AddRows(rows, LastPulse);
    }

    /// <summary>No more frames come.</summary>
    public void End() => Close();

    public TriggerProgramme Build()
    {
        Close();
        return new TriggerProgramme(_windows.ToEquatableArray());
    }

    private bool Continues(Pulses pulse) =>
        _train.At is null && pulse.At is null && _train.Count > 0 && _train.Count < maxRepeats
            && _train.ExposureNs == pulse.ExposureNs && _train.PeriodNs == pulse.PeriodNs;

    private void Pulse(Pulses pulse)
    {
        if (Continues(pulse))
        {
            _train = pulse with { Count = _train.Count + 1 };
            return;
        }
        EndTrain();
        _train = pulse;
        _rows += RowsOf(pulse);
    }

    // By position: one that waits for the gate, one for the place.
    private static int RowsOf(Pulses pulse) => pulse.At is null ? 1 : 2;

    private void EndTrain()
    {
        if (_train.Count > 0 && table is not null)
            AddRows(table, _train);
        if (_train.Count > 0 && keep)
            _trains.Add(new PulseTrain(_train.Count, _train.ExposureNs, _train.PeriodNs) { At = _train.At });
        _train = default;
    }

    // By position, a frame may be shorter than planned.
    private void AddRows(IRowSink rows, Pulses train)
    {
        if (train.At is not null)
            rows.Add(1, 0);
        rows.Add(1, train.At is null ? train.Count * train.PeriodNs : train.PeriodNs - exposure.SlackNs(train.PeriodNs));
    }

    private void Close()
    {
        if (_hasFrame)
            Pulse(LastPulse);
        _hasFrame = false;
        EndTrain();
        if (!OnGroup)
            SplitGroup ??= (_firstFrame, _windowFrames);
        _windowFrames = 0;
        if (_trains.Count == 0)
            return;
        _windows.Add(new TriggerWindow(_firstFrame, _waitForLive, _compare, _trains.ToEquatableArray())
        {
            DelayNs = _delayNs,
            DwellNs = _dwellNs,
            TailNs = _frame.LeadNs <= LongestTailNs ? _frame.LeadNs : 0,
        });
        _trains.Clear();
    }

    /// <summary>A train that is still growing.</summary>
    private readonly record struct Pulses(int Count, long ExposureNs, long PeriodNs, double? At);
}
