using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Trajectories;
using Flyscan.Scanning.Triggering;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Contracts;

/// <summary>What every device can do.</summary>
public interface IDevice : IAsyncDisposable
{
    string Name { get; }

    /// <summary>Raised when the device can no longer be reached; the text says why. Raised once per loss, from any thread; at once for
    /// who subscribes after a loss.</summary>
    event Action<string>? Lost;

    /// <summary>Connects, identifies, reads limits. Safe to call again after a loss.</summary>
    Task<Outcome<Nothing>> ConnectAsync(CancellationToken cancel);

    /// <summary>Brings the device to its declared safe state and verifies it: motion stopped, outputs low, detector not accepting
    /// triggers.</summary>
    Task<Outcome<Nothing>> MakeSafeAsync(CancellationToken cancel);
}

/// <summary>A soft axis: anything that is set and settles (motor, temperature, energy).</summary>
public interface ISettable : IDevice
{
    /// <summary>Axis position now, in axis units.</summary>
    Task<Outcome<double>> ReadAsync(CancellationToken cancel);

    /// <summary>Moves and waits until settled by the device's own rule; returns the readback. Cancelling stops the axis.</summary>
    Task<Outcome<double>> MoveAsync(double target, CancellationToken cancel);
}

/// <summary>A controller that runs trajectories.</summary>
public interface IMotionController : IDevice
{
    Task<Outcome<MotionStatus>> GetStatusAsync(CancellationToken cancel);

    /// <summary>Downloads the programme and reads it back; nothing moves.</summary>
    Task<Outcome<MotionStatus>> LoadAsync(TakeMark mark, Trajectory trajectory, CancellationToken cancel);

    /// <summary>Moves to the start of the loaded programme and waits until in position and settled.</summary>
    Task<Outcome<MotionStatus>> MoveToStartAsync(TakeMark mark, CancellationToken cancel);

    /// <summary>Starts the loaded programme; returns when motion has begun (phase Running, or Done where it was very short).</summary>
    Task<Outcome<MotionStatus>> StartAsync(TakeMark mark, CancellationToken cancel);

    /// <summary>Waits until the programme with this mark no longer runs: Done, Stopped or Faulted.</summary>
    Task<Outcome<MotionStatus>> WaitDoneAsync(TakeMark mark, CancellationToken cancel);

    /// <summary>Brakes to rest on the path and verifies standstill.</summary>
    Task<Outcome<MotionStatus>> StopAsync(CancellationToken cancel);
}

public interface IShutter : IDevice
{
    Task<Outcome<ShutterPosition>> GetAsync(CancellationToken cancel);

    /// <summary>Opens or closes and waits until the position is read back.</summary>
    Task<Outcome<ShutterPosition>> SetAsync(bool open, CancellationToken cancel);
}

public interface IBeamMonitor : IDevice
{
    Task<Outcome<BeamReading>> ReadAsync(CancellationToken cancel);

    /// <summary>Reads with the signal's own record since a time, where it keeps one, once the signal's clock has reached
    /// another.</summary>
    /// <remarks><b>Units</b> nanoseconds since 1970 by the signal's time stamps; sinceNs 0: as far back as the record goes. A monitor whose
    /// clock has not reached <paramref name="notBeforeNs"/> may wait for it, or read now.</remarks>
    Task<Outcome<BeamReading>> ReadAsync(long sinceNs, long notBeforeNs, CancellationToken cancel) => ReadAsync(cancel);
}

/// <summary>How a recorder is to be staged for a scan.</summary>
/// <remarks>Folder: absolute; FilePrefix + segment number make the file, as <c>cam.0001.h5</c>. <b>Units</b> ExposureNs
/// nanoseconds.</remarks>
public sealed record RecorderStaging(
    string ScanUid, long Epoch, string RunFolder, int Segment, long ExposureNs, long PlannedFrames, EquatableArray<string> Detectors)
{
    /// <summary>It begins frames by itself while its gate is open, each so long after the one before; null: each needs a trigger.</summary>
    /// <remarks><b>Units</b> nanoseconds.</remarks>
    public long? FreeRunNs { get; init; }
}

/// <summary>Whatever writes frames: a detector with its own file, or a trigger box that captures samples.</summary>
public interface IRecorder : IDevice
{
    /// <summary>Whether its frames are written by this process, so that they end with it.</summary>
    bool WritesHere { get; }

    /// <summary>Whether this driver itself still has the session's writer open.</summary>
    bool HoldsSession(string session);

    /// <summary>Raised when more frames are recorded; carries the recorded count. From any thread, at most 10 times a second, and at once
    /// when <see cref="WatchFor"/>'s count is reached.</summary>
    event Action<long>? Recorded;

    /// <summary>Asks for <see cref="Recorded"/> to be raised without delay once this many frames are recorded.</summary>
    void WatchFor(long recorded);

    /// <summary>What <see cref="StageAsync"/> would change, as it is now, and as it was before where a staging still holds; changes
    /// nothing. It is journaled before anything is staged.</summary>
    /// <remarks>A recorder that changes nothing, or that keeps what it changed by itself, says nothing.</remarks>
    Task<Outcome<EquatableArray<SavedSetting>>> ReadSettingsAsync(RecorderStaging staging, CancellationToken cancel) =>
        Task.FromResult<Outcome<EquatableArray<SavedSetting>>>(new Outcome<EquatableArray<SavedSetting>>.Completed([]));

    Task<Outcome<RecorderSession>> StageAsync(RecorderStaging staging, CancellationToken cancel);

    /// <summary>Finds the session that a former process left, if the device still has it: Completed(null) when it has not.
    /// For a box whose samples come to us, a new segment is opened for what its replay still holds; FirstPosition tells where it
    /// begins.</summary>
    Task<Outcome<AdoptedSession?>> AdoptAsync(RecorderStaging staging, string session, long alreadyRecorded, CancellationToken cancel);

    /// <summary>Proves that the recorder accepts triggers for this many more frames; returns its status, Acquired being the take's
    /// position.</summary>
    Task<Outcome<RecorderStatus>> ArmAsync(long frames, CancellationToken cancel);

    Task<Outcome<RecorderStatus>> GetStatusAsync(CancellationToken cancel);

    /// <summary>Flush and sync; returns a status whose Recorded is on disk.</summary>
    Task<Outcome<RecorderStatus>> FlushAsync(CancellationToken cancel);

    /// <summary>Stops accepting, closes the file, verifies its count, puts settings back. Returns frames in the closed file.</summary>
    Task<Outcome<long>> UnstageAsync(EquatableArray<SavedSetting> restore, CancellationToken cancel);
}

/// <summary>The box that times the exposures; it captures samples too.</summary>
public interface ITriggerBox : IRecorder
{
    /// <summary>Writes the table (output disabled) and reads it back equal.</summary>
    Task<Outcome<BoxStatus>> LoadAsync(TakeMark mark, TriggerProgramme programme, CancellationToken cancel);

    /// <summary>Opens the gate and enables; returns when the box is proved to wait in, or run, its first row.</summary>
    Task<Outcome<BoxStatus>> EnableAsync(TakeMark mark, CancellationToken cancel);

    Task<Outcome<BoxStatus>> GetBoxStatusAsync(CancellationToken cancel);

    /// <summary>Waits until the sequence has ended. <paramref name="expectedNs"/>: when it should, wall nanoseconds from
    /// now; polls begin then.</summary>
    Task<Outcome<BoxStatus>> WaitDoneAsync(TakeMark mark, long expectedNs, CancellationToken cancel);

    /// <summary>Closes the gate on the trailing edge of the exposure under way, waits for idle, disables. Triggered is then
    /// exact.</summary>
    Task<Outcome<BoxStatus>> HaltAsync(CancellationToken cancel);

    /// <summary>When the exposures in rows [position, position + count) of its live segment began, by the box's time stamps.</summary>
    /// <remarks><b>Units</b> nanoseconds since 1970.</remarks>
    Task<Outcome<EquatableArray<long>>> ExposureStartsAsync(long position, long count, CancellationToken cancel);

    /// <summary>What it captured under this key in rows [position, position + count) of its live segment.</summary>
    /// <remarks><b>Units</b> the dataset's. <b>Errors</b> Failed where it captures nothing of that name.</remarks>
    Task<Outcome<EquatableArray<double>>> CapturedAsync(string column, long position, long count, CancellationToken cancel) =>
        Task.FromResult<Outcome<EquatableArray<double>>>(
            new Outcome<EquatableArray<double>>.Failed($"{Name}: it captures no {column} that can be read back"));

    /// <summary>Encoder of an axis as the box counts it, in axis units.</summary>
    Task<Outcome<double>> ReadEncoderAsync(string axis, CancellationToken cancel);
}
