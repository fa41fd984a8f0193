using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Simulation;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Detectors;

/// <summary>What a simulated camera lives in.</summary>
/// <remarks>WorldName: names this run of the virtual beamline, so that sessions of another are told apart. WaitsForWriter: the world waits
/// for the disk, as one that runs faster than real time must.</remarks>
internal sealed record CameraSurroundings(
    ISimulationClock World, IFrameStoreFactory Stores, TimeProvider Time, string WorldName, bool WaitsForWriter)
{
    /// <summary>What the calendar said when the world began, nanoseconds since 1970.</summary>
    public long EpochNs { get; init; }
}

/// <summary>One staging of a simulated camera. On the world's thread.</summary>
internal sealed class CameraSession(string id, CameraStaging staging, CameraWriter writer)
{
    private const int MostMissed = 1000;

    private readonly List<FrameRange> _missed = [];
    private long _missedCount;
    private string? _overflow;

    public string Id => id;

    public CameraStaging Staging { get; set; } = staging;

    /// <summary>Exposure that was set before anybody staged it, in nanoseconds.</summary>
    public long ExposureBeforeNs { get; init; }

    public CameraWriter Writer => writer;

    /// <summary>Triggers since staging.</summary>
    public long Triggers { get; set; }

    public long Acquired { get; set; }

    /// <summary>Triggers it will still accept.</summary>
    public long Remaining { get; set; }

    public bool IsAccepting => Remaining > 0 && Fault is null;

    /// <summary>Numbers of the first triggers that made no frame.</summary>
    public IReadOnlyList<FrameRange> Missed => _missed;

    /// <summary>More triggers made no frame than <see cref="Missed"/> tells.</summary>
    public bool IsOverflowed => _missedCount > MostMissed;

    public string? Fault => _overflow ?? writer.Fault;

    /// <summary>Who waits for the file to be closed.</summary>
    public ClosingList Closing { get; } = new();

    public void Miss(long number)
    {
        if (++_missedCount > MostMissed)
            return;
        if (_missed.Count > 0 && _missed[^1].End == number)
            _missed[^1] = _missed[^1] with { End = number + 1 };
        else
            _missed.Add(new FrameRange(number, number + 1));
    }

    /// <summary>A frame was exposed and could not be kept.</summary>
    public void Overflow(string reason)
    {
        _overflow ??= reason;
        Remaining = 0;
    }

    internal sealed class ClosingList
    {
        private readonly List<Action<Outcome<long>>> _waiting = [];

        public IReadOnlyList<Action<Outcome<long>>> All => _waiting;

        /// <summary>True for the first, who closes.</summary>
        public bool Add(Action<Outcome<long>> done)
        {
            _waiting.Add(done);
            return _waiting.Count == 1;
        }
    }
}
