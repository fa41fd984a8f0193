namespace Flyscan.Hardware.Simulation;

/// <summary>The beam clock of a simulated world: one thread, events in time order.</summary>
/// <remarks><b>Units</b> nanoseconds since the world began. All members are called on the world's own thread, except <see
/// cref="Post"/>.</remarks>
public interface ISimulationClock
{
    long NowNs { get; }

    /// <summary>Runs the action at that beam time (now, if past), after everything scheduled earlier. Disposing the result takes it
    /// back.</summary>
    IDisposable At(long timeNs, Action action);

    /// <summary>Runs the action on the world's thread after that much wall time: for what keeps its own pace however fast the world runs,
    /// as a box's buffering does.</summary>
    void AfterWall(long wallNs, Action action) => At(NowNs + wallNs, action);

    /// <summary>From any thread: runs the action on the world's thread as soon as it can, at the beam time of that moment.</summary>
    void Post(Action action);
}

/// <summary>A bit that a block of the world drives.</summary>
public interface IBitSignal
{
    bool Value { get; }

    /// <summary>Raised after each change, at the beam time of the change.</summary>
    event Action<bool>? Changed;
}

/// <summary>A position in encoder counts, continuous in time between changes of course.</summary>
public interface ICountSignal
{
    int At(long timeNs);

    /// <summary>Time-weighted mean of the counts over [fromNs, toNs); both in the past.</summary>
    double Mean(long fromNs, long toNs);

    /// <summary>Least and greatest count over [fromNs, toNs]; both in the past.</summary>
    (int Least, int Greatest) Range(long fromNs, long toNs);

    /// <summary>First time from <paramref name="fromNs"/> on at which counts ≥ (or ≤) the threshold on the present course; null if
    /// never.</summary>
    long? NextReach(int threshold, bool ascending, long fromNs);

    /// <summary>Raised when the course changes, so that predictions of <see cref="NextReach"/> are void.</summary>
    event Action? CourseChanged;
}
