using Flyscan.Scanning.Units;

namespace Flyscan.Scanning.Triggering;

/// <summary>Makes windows of frames given one by one; or, without <paramref name="keep"/>, only counts what they take.</summary>
/// <remarks>
/// Rows: two to see the live input fall and rise, one for the compare, one per train. Consecutive frames of equal duration share
/// a train up to the box's repeat limit.
/// </remarks>
internal sealed class TriggerBuilder(ExposureRule exposure, int maxRepeats, bool keep)
{
    private readonly List<TriggerWindow> _windows = [];
    private readonly List<PulseTrain> _trains = [];
    private long _firstFrame;
    private bool _waitForLive;
    private PositionCompare? _compare;
    private long _periodNs;
    private long _exposureNs;
    private int _count;
    private long _firstPeriodNs;

    /// <summary>Table rows so far.</summary>
    public long Rows { get; private set; }

    public long Windows { get; private set; }

    public long Frames { get; private set; }

    /// <summary>Whether frames of different durations came.</summary>
    public bool Mixed { get; private set; }

    /// <summary>Durations of all frames so far.</summary>
    public long FramesNs { get; private set; }

    /// <summary>Exposures of all frames so far.</summary>
    public long ExposureNs { get; private set; }

    public void Open(long firstFrame, bool waitForLive, PositionCompare? compare)
    {
        Close();
        (_firstFrame, _waitForLive, _compare) = (firstFrame, waitForLive, compare);
        Rows += (waitForLive ? 2 : 0) + (compare is null ? 0 : 1);
        Windows++;
    }

    public void Frame(long durationNs)
    {
        if (durationNs != _periodNs || _count == maxRepeats || _count == 0)
            StartTrain(durationNs);
        _count++;
        if (Frames++ == 0)
            _firstPeriodNs = durationNs;
        Mixed |= durationNs != _firstPeriodNs;
        FramesNs += durationNs;
        ExposureNs += _exposureNs;
    }

    public TriggerProgramme Build()
    {
        Close();
        return new TriggerProgramme(_windows.ToEquatableArray());
    }

    private void StartTrain(long durationNs)
    {
        EndTrain();
        (_periodNs, _exposureNs) = (durationNs, exposure.Of(durationNs));
        Rows++;
    }

    private void EndTrain()
    {
        if (_count > 0 && keep)
            _trains.Add(new PulseTrain(_count, _exposureNs, _periodNs));
        _count = 0;
    }

    private void Close()
    {
        EndTrain();
        if (_trains.Count == 0)
            return;
        _windows.Add(new TriggerWindow(_firstFrame, _waitForLive, _compare, _trains.ToEquatableArray()));
        _trains.Clear();
    }
}
