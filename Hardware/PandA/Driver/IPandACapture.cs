using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.PandA.Capture;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.PandA.Driver;

/// <summary>How what a box captures becomes a segment.</summary>
internal interface IPandACapture
{
    /// <summary>See <see cref="IRecorder.WritesHere"/>.</summary>
    bool WritesHere { get; }

    CapturePlan Plan(RecorderStaging staging);

    /// <summary>Further fields of the box that a capture of this plan needs set.</summary>
    IEnumerable<(string Name, string Value)> Settings(CapturePlan plan);

    /// <summary>Further settings that a capture changes by itself, to be put back.</summary>
    IReadOnlyList<string> Kept { get; }

    /// <summary>Ends what a process that died left of this scan; returns who else captures.</summary>
    Task<string?> EndLeftAsync(RecorderStaging staging, CancellationToken cancel);

    /// <summary>Opens the segment's file; the box is not armed.</summary>
    Task<PandARecording> OpenAsync(
        PandACaptureWatch watch, RecorderStaging staging, CapturePlan plan, EquatableArray<SavedSetting> saved, CancellationToken cancel);

    /// <summary>Finds a session that goes on: in the recording that is held, or in another of which samples from alreadyRecorded on are
    /// wanted; null where it is gone, and nobody writes its file.</summary>
    Task<PandARecording?> FindAsync(
        PandACaptureWatch watch, RecorderStaging staging, CapturePlan plan, string session, long alreadyRecorded, PandARecording? held,
        bool isBusy, CancellationToken cancel);
}

/// <summary>Who is told of a capture. Recorded: rows on disk. Lost: the connection can no longer be used.</summary>
internal sealed record PandACaptureWatch(long TickNs, Action<long> Recorded, Action<string> Lost);

/// <summary>One staging: where its samples go.</summary>
internal abstract class PandARecording(CapturePlan plan, Segment segment, long first, EquatableArray<SavedSetting> saved)
{
    public CapturePlan Plan => plan;

    public Segment Segment => segment;

    /// <summary>First sample of the segment, counted from the arm.</summary>
    public long First => first;

    /// <summary>What staging changed, with the values to put back; empty where another process staged it.</summary>
    public EquatableArray<SavedSetting> Saved => saved;

    public string Session { get; protected set; } = "";

    /// <summary>The moment that time stamps count from; null where nobody says it.</summary>
    public long? ClockZeroNs { get; protected set; }

    /// <summary>Samples of this segment that have come.</summary>
    public abstract long Accepted { get; }

    /// <summary>Samples of this segment that readers of the file see.</summary>
    public abstract long Recorded { get; }

    /// <summary>Nothing more can be written; what was recorded is whole.</summary>
    public abstract string? Fault { get; }

    /// <summary>Why the capture is over, whoever ended it; null while it goes on.</summary>
    public abstract string? Ended { get; }

    /// <summary>Its writer is known to have given it up: what it holds is read back, and there is nothing to end.</summary>
    public bool IsGone { get; protected set; }

    public abstract void WatchFor(long recorded);

    /// <summary>Connects it with the capture under way, or to come.</summary>
    public abstract Task AttachAsync(CancellationToken cancel);

    /// <summary>The box was armed: learns session and clock.</summary>
    public abstract Task BegunAsync(CancellationToken cancel);

    /// <summary>Brings to disk what has come; waits for what was triggered, as long as it may be on its way.</summary>
    public abstract Task FlushAsync(long triggered, CancellationToken cancel);

    /// <summary>Waits for the end of a disarmed capture; returns why its count is wrong.</summary>
    /// <param name="readCaptured">What the box says that it captured.</param>
    /// <param name="triggered">What it was made to capture since the arm; null where that is not known.</param>
    /// <param name="cancel">Ends the waiting.</param>
    public abstract Task<string?> EndAsync(Func<Task<long>> readCaptured, long? triggered, CancellationToken cancel);

    /// <summary>Why a capture that has ended did so by itself; null where it was disarmed.</summary>
    public abstract string? EndedEarly { get; }

    /// <summary>Closes the file; returns the frames in it.</summary>
    public abstract Task<long> CloseAsync(CancellationToken cancel);

    /// <summary>The connection is given up; what is recorded stays open for an adoption.</summary>
    public abstract void Detach();

    /// <summary>Lets go of it: another process may take it over where the box, or its IOC, still has it.</summary>
    public abstract Task AbandonAsync();

    /// <summary>Ends what staging began and could not finish.</summary>
    public virtual Task UndoAsync() => AbandonAsync();

    /// <summary>Rows [first, first + count) of a dataset, in nanoseconds since <see cref="ClockZeroNs"/>.</summary>
    public abstract Task<long[]> ReadTimesAsync(string path, long position, long count, CancellationToken cancel);

    public abstract Task<double[]> ReadNumbersAsync(string path, long position, long count, CancellationToken cancel);
}
