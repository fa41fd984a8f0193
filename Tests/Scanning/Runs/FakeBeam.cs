using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Units;

namespace Flyscan.Tests.Scanning.Runs;

/// <summary>A beam that is lost and comes back, and its signal: read every few nanoseconds, late, with a record of its own or
/// without.</summary>
internal sealed class FakeBeam(double dumpRate, bool keepsRecord)
{
    public const int FrameNs = 10;
    public const int ExposureNs = 6;
    private const int PeriodNs = 4;

    public static readonly Suspender Suspender = new("ring", "ring", 1, 1, 10, SettleNs: 20, GuardNs: 7, LatencyNs: 3, PeriodNs: PeriodNs);

    private readonly List<BeamChange> _changes = [new(0, 1)];
    private readonly Queue<ScanCommand> _reports = new();
    private SignalWatch _watch = SignalWatch.New;
    private bool _watched;
    private long _lastReadNs;

    public long NowNs { get; private set; } = 100;

    public int Dumps => _changes.Count(c => c.Value == 0);

    /// <summary>Whether the beam was there all the while.</summary>
    public bool WasGood(long fromNs, long toNs)
    {
        for (var i = 0; i < _changes.Count; i++)
        {
            var end = i + 1 < _changes.Count ? _changes[i + 1].AtNs : long.MaxValue;
            if (_changes[i].Value == 0 && fromNs < end && toNs > _changes[i].AtNs)
                return false;
        }
        return true;
    }

    /// <summary>Time goes by.</summary>
    public void Pass(int ns, Seeded random)
    {
        for (; ns > 0; ns--)
        {
            NowNs++;
            var isUp = _changes[^1].Value == 1;
            // A dip shorter than the period of readings is seen by nobody, unless the signal keeps a record.
            var mayChange = keepsRecord || NowNs - _changes[^1].AtNs > PeriodNs;
            if (mayChange && random.NextDouble() < (isUp ? dumpRate : 0.05))
                _changes.Add(new BeamChange(NowNs, isUp ? 0 : 1));
            if (NowNs - _lastReadNs >= PeriodNs)
                Read();
        }
    }

    public ScanCommand Watch()
    {
        (_watched, _watch) = (true, SignalWatch.New);
        Read();
        return _reports.Dequeue();
    }

    public ScanCommand? ReadUpTo(long notBeforeNs)
    {
        if (!_watched || NowNs < notBeforeNs + Suspender.LatencyNs)
            return null;
        Read();
        return _reports.Dequeue();
    }

    /// <summary>The oldest report that nobody heard yet; reports come late, and in order.</summary>
    public ScanCommand? Report(Seeded random) => _reports.Count > 0 && random.NextDouble() < 0.3 ? _reports.Dequeue() : null;

    public void Forget()
    {
        _watched = false;
        _reports.Clear();
    }

    private void Read()
    {
        _lastReadNs = NowNs;
        if (!_watched)
            return;
        var reading = new BeamReading(_changes[^1].Value, "", NowNs);
        if (keepsRecord)
            reading = reading with { KnownSinceNs = 0, History = _changes.ToEquatableArray() };
        (_watch, var report) = _watch.Hear(Suspender, reading);
        _reports.Enqueue(new ScanCommand.BeamReported(0, Suspender.Name, report));
    }
}
