namespace Flyscan.Hardware.Epics;

/// <summary>What driver and plugin say of themselves, read in one go.</summary>
internal sealed record AreaDetectorState
{
    /// <summary>Records of the camera and of the writer that are read.</summary>
    public static readonly IReadOnlyList<string> CameraRecords =
        ["Acquire_RBV", "DetectorState_RBV", "StatusMessage_RBV", "ArrayCounter_RBV", "NumImagesCounter_RBV"];

    public static readonly IReadOnlyList<string> WriterRecords =
    [
        "Capture_RBV", "NumCaptured_RBV", "FilePath_RBV", "FileName_RBV", "FullFileName_RBV", "DroppedArrays_RBV", "EnableCallbacks_RBV",
        "WriteStatus", "WriteMessage", "FilePathExists_RBV",
    ];

    /// <param name="read">By record, without prefix.</param>
    /// <param name="armed">The record that says that the camera waits for triggers; null where there is none.</param>
    public AreaDetectorState(IReadOnlyDictionary<string, PvReading> read, string? armed)
    {
        double Of(string record) => read[record].Value.AsNumber();
        string Text(string record) => read[record].Value.AsText();
        IsAcquiring = Of("Acquire_RBV") != 0;
        Phase = Text("DetectorState_RBV");
        Message = Text("StatusMessage_RBV");
        Counter = (long)Of("ArrayCounter_RBV");
        Images = (long)Of("NumImagesCounter_RBV");
        IsArmed = armed is null ? null : Of(armed) != 0;
        IsCapturing = Of("Capture_RBV") != 0;
        Captured = (long)Of("NumCaptured_RBV");
        (Folder, File, FullFile) = (Text("FilePath_RBV"), Text("FileName_RBV"), Text("FullFileName_RBV"));
        FolderExists = Of("FilePathExists_RBV") != 0;
        Dropped = (long)Of("DroppedArrays_RBV");
        IsFed = Of("EnableCallbacks_RBV") != 0;
        (WriteStatus, WriteMessage) = (Text("WriteStatus"), Text("WriteMessage"));
        Invalid = CameraRecords.Concat(WriterRecords).FirstOrDefault(
            r => read[r].Alarm is { Severity: PvSeverity.Invalid, Status: not Undefined });
    }

    // A record that was never processed is undefined, which says nothing of the hardware.
    private const int Undefined = 17;

    public bool IsAcquiring { get; }

    /// <summary>DetectorState, by text.</summary>
    public string Phase { get; }

    public string Message { get; }

    /// <summary>ArrayCounter: arrays that the driver gave out; nothing but a write resets it.</summary>
    public long Counter { get; }

    /// <summary>Arrays since Acquire began.</summary>
    public long Images { get; }

    /// <summary>The camera waits for triggers; null where it has no way to say so.</summary>
    public bool? IsArmed { get; }

    public bool IsCapturing { get; }

    /// <summary>Frames that the plugin wrote since Capture began.</summary>
    public long Captured { get; }

    public string Folder { get; }

    public string File { get; }

    public string FullFile { get; }

    public bool FolderExists { get; }

    /// <summary>Arrays that the plugin could not queue, since the IOC began.</summary>
    public long Dropped { get; }

    /// <summary>The plugin is given arrays.</summary>
    public bool IsFed { get; }

    public string WriteStatus { get; }

    public string WriteMessage { get; }

    /// <summary>A record whose value means nothing, as when the IOC has lost its detector; null where all do.</summary>
    public string? Invalid { get; }

    /// <summary>Stopped, in order or by an abort.</summary>
    public bool IsResting => !IsAcquiring && (Phase is "Idle" or "Aborted");

    /// <summary>What the plugin says of the last write, for a person.</summary>
    public string WriterSays => $"WriteStatus {WriteStatus}{(WriteMessage.Length > 0 ? $", {WriteMessage}" : "")}";
}
