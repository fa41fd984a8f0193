namespace Flyscan.Actors.Scans;

/// <summary>Measures each handover: from the word that the last take's hardware is idle to the word that hardware is enabled for the
/// next.</summary>
/// <remarks><b>Units</b> nanoseconds of the monotonic clock. Waits are device waits (outer move, run-up, downloads, the enable's
/// round trip, recorders that have yet to deliver); what is left is software, journal commits included.</remarks>
public sealed class HandoverMeter(TimeProvider time)
{
    private readonly List<Handover> _done = [];
    private long? _idle;
    private long _journal;
    private long _waits;
    private long? _waitBegan;

    /// <summary>Every handover but the first of the process.</summary>
    public IReadOnlyList<Handover> Done => _done;

    public void HardwareIdle()
    {
        _idle = time.GetTimestamp();
        _journal = 0;
        _waits = 0;
        _waitBegan = null;
    }

    /// <summary>Nothing can be done before a device answers. Once is enough for one wait.</summary>
    public void WaitBegan() => _waitBegan ??= time.GetTimestamp();

    public void WaitEnded()
    {
        if (_waitBegan is long began)
            _waits += Since(began);
        _waitBegan = null;
    }

    public long Begin() => time.GetTimestamp();

    /// <summary>A commit is done. One that fell into a wait may have hidden its end, and so counts as software, not as waiting.</summary>
    public void Journaled(long began)
    {
        var took = Since(began);
        _journal += took;
        if (_waitBegan is long waiting)
            _waits -= Math.Min(took, Since(waiting));
    }

    public void HardwareEnabled()
    {
        if (_idle is not long idle)
            return;
        var total = Since(idle);
        _done.Add(new Handover(total, _waits, _journal));
        _idle = null;
    }

    /// <summary>A hold or an end came between: this one does not count.</summary>
    public void Forget() => _idle = null;

    private long Since(long began) => time.GetElapsedTime(began).Ticks * 100;
}

/// <summary>One handover. SoftwareNs = TotalNs − WaitsNs, of which JournalNs was spent on commits.</summary>
public readonly record struct Handover(long TotalNs, long WaitsNs, long JournalNs)
{
    public long SoftwareNs => TotalNs - WaitsNs;
}
