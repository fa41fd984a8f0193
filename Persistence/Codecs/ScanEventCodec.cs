using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Triggering;
using Flyscan.Scanning.Units;

namespace Flyscan.Persistence.Codecs;

/// <summary>The bytes of the journal: one manifest with a version per kind of event, UTF-8 JSON with a fixed order of members.</summary>
/// <remarks>Extend-only. A new version of an event gets a new manifest and keeps the reader of the old one.
/// <b>Source</b> decisions, Messages, events, bytes.</remarks>
public static class ScanEventCodec
{
    /// <summary>The serialiser's number in the journal's <c>identifier</c> column.</summary>
    public const int SerialiserId = 7001;

    private static readonly JsonSerializerOptions Options = new()
    {
        TypeInfoResolver = ScanEventJson.Default.WithAddedModifier(TimeFirst),
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        Converters =
        {
            new FrameRangeConverter(),
            new DetectorRateConverter(),
            new JsonStringEnumConverter<ScanStatus>(JsonNamingPolicy.CamelCase, allowIntegerValues: false),
            new EquatableArrayConverter<string>(),
            new EquatableArrayConverter<FrameRange>(),
            new EquatableArrayConverter<long>(),
            new EquatableArrayConverter<StagedDevice>(),
            new EquatableArrayConverter<SavedSetting>(),
            new EquatableArrayConverter<AxisPosition>(),
            new EquatableArrayConverter<SegmentDataset>(),
            new EquatableArrayConverter<RecorderPosition>(),
            new EquatableArrayConverter<Extent>(),
            new EquatableArrayConverter<SegmentCount>(),
            new EquatableArrayConverter<RatedDetector>(),
        },
    };

    private static readonly (string Manifest, Type Type)[] Kinds =
    [
        // Version 1 had no rates: every detector took one frame for each of the scan.
        ("scan.submitted/1", typeof(ScanEvent.ScanSubmitted)),
        ("scan.submitted/2", typeof(ScanEvent.ScanSubmitted)),
        ("scan.settings-found/1", typeof(ScanEvent.SettingsFound)),
        ("scan.staged/1", typeof(ScanEvent.Staged)),
        // Version 1 had no clockZeroNs.
        ("scan.segment-opened/1", typeof(ScanEvent.SegmentOpened)),
        ("scan.segment-opened/2", typeof(ScanEvent.SegmentOpened)),
        ("scan.outer-point-reached/1", typeof(ScanEvent.OuterPointReached)),
        ("scan.programme-downloaded/1", typeof(ScanEvent.ProgrammeDownloaded)),
        ("scan.armed/1", typeof(ScanEvent.Armed)),
        ("scan.handed-over/1", typeof(ScanEvent.HandedOver)),
        ("scan.flight-started/1", typeof(ScanEvent.FlightStarted)),
        ("scan.took-back/1", typeof(ScanEvent.TookBack)),
        ("scan.block-reconciled/1", typeof(ScanEvent.BlockReconciled)),
        ("scan.frames-recorded/1", typeof(ScanEvent.FramesRecorded)),
        ("scan.frames-committed/1", typeof(ScanEvent.FramesCommitted)),
        ("scan.frames-skipped/1", typeof(ScanEvent.FramesSkipped)),
        ("scan.frames-rejected/1", typeof(ScanEvent.FramesRejected)),
        ("scan.beam-lost/1", typeof(ScanEvent.BeamLost)),
        ("scan.beam-restored/1", typeof(ScanEvent.BeamRestored)),
        ("scan.hold-set/1", typeof(ScanEvent.HoldSet)),
        ("scan.hold-cleared/1", typeof(ScanEvent.HoldCleared)),
        ("scan.rewound/1", typeof(ScanEvent.Rewound)),
        ("scan.device-faulted/1", typeof(ScanEvent.DeviceFaulted)),
        ("scan.device-stalled/1", typeof(ScanEvent.DeviceStalled)),
        ("scan.supervisor-took-over/1", typeof(ScanEvent.SupervisorTookOver)),
        ("scan.abort-requested/1", typeof(ScanEvent.AbortRequested)),
        ("scan.unstaged/1", typeof(ScanEvent.Unstaged)),
        ("scan.finished/1", typeof(ScanEvent.Finished)),
    ];

    private static readonly Dictionary<string, JsonTypeInfo> Readers =
        Kinds.ToDictionary(k => k.Manifest, k => Options.GetTypeInfo(k.Type));

    /// <summary>The last version of each kind is the one that is written.</summary>
    private static readonly Dictionary<Type, (string Manifest, JsonTypeInfo Type)> Writers =
        Kinds.GroupBy(k => k.Type).ToDictionary(k => k.Key, k => (k.Last().Manifest, Readers[k.Last().Manifest]));

    /// <summary>Every manifest that can be read.</summary>
    public static IEnumerable<string> Manifests => Kinds.Select(k => k.Manifest);

    /// <summary>Kind and version of an event as the journal names it, such as <c>scan.handed-over/1</c>.</summary>
    /// <remarks><b>Errors</b> <see cref="ArgumentException"/> for a case without a codec.</remarks>
    public static string ManifestOf(ScanEvent scanEvent) => WriterOf(scanEvent).Manifest;

    /// <summary>The event's bytes, the same for equal events.</summary>
    public static byte[] Encode(ScanEvent scanEvent) => JsonSerializer.SerializeToUtf8Bytes(scanEvent, WriterOf(scanEvent).Type);

    /// <summary>The event that was encoded under this manifest.</summary>
    /// <remarks><b>Errors</b> <see cref="JournalFormatException"/>: unknown kind or version, malformed bytes, wrong members.</remarks>
    public static ScanEvent Decode(string manifest, ReadOnlySpan<byte> bytes)
    {
        if (!Readers.TryGetValue(manifest, out var type))
            throw new JournalFormatException(Unknown(manifest));
        try
        {
            return (ScanEvent?)JsonSerializer.Deserialize(bytes, type)
                ?? throw new JournalFormatException($"An event of {manifest} is the JSON value null; an object is needed.");
        }
        catch (JsonException e)
        {
            throw new JournalFormatException($"An event of {manifest} cannot be read: {e.Message}", e);
        }
    }

    private static (string Manifest, JsonTypeInfo Type) WriterOf(ScanEvent scanEvent) =>
        Writers.TryGetValue(scanEvent.GetType(), out var writer)
            ? writer
            : throw new ArgumentException($"{scanEvent.GetType().Name} has no codec: add its manifest to {nameof(ScanEventCodec)}.");

    private static void TimeFirst(JsonTypeInfo type)
    {
        foreach (var member in type.Properties.Where(m => type.Type.IsSubclassOf(typeof(ScanEvent)) && m.Name == "atNs"))
            member.Order = -1;
    }

    private static string Unknown(string manifest)
    {
        var kind = manifest.Split('/')[0];
        var known = Kinds.Select(k => k.Manifest).Where(m => m.Split('/')[0] == kind).ToArray();
        return known.Length > 0
            ? $"An event of {manifest} was written by another version of flyscan: this one reads {string.Join(", ", known)}. " +
              "Use the version that wrote the journal, or a newer one."
            : $"'{manifest}' is no kind of scan event. This journal was written by something else, or by a newer flyscan.";
    }
}

[JsonSerializable(typeof(ScanEvent.ScanSubmitted))]
[JsonSerializable(typeof(ScanEvent.SettingsFound))]
[JsonSerializable(typeof(ScanEvent.Staged))]
[JsonSerializable(typeof(ScanEvent.SegmentOpened))]
[JsonSerializable(typeof(ScanEvent.OuterPointReached))]
[JsonSerializable(typeof(ScanEvent.ProgrammeDownloaded))]
[JsonSerializable(typeof(ScanEvent.Armed))]
[JsonSerializable(typeof(ScanEvent.HandedOver))]
[JsonSerializable(typeof(ScanEvent.FlightStarted))]
[JsonSerializable(typeof(ScanEvent.TookBack))]
[JsonSerializable(typeof(ScanEvent.BlockReconciled))]
[JsonSerializable(typeof(ScanEvent.FramesRecorded))]
[JsonSerializable(typeof(ScanEvent.FramesCommitted))]
[JsonSerializable(typeof(ScanEvent.FramesSkipped))]
[JsonSerializable(typeof(ScanEvent.FramesRejected))]
[JsonSerializable(typeof(ScanEvent.BeamLost))]
[JsonSerializable(typeof(ScanEvent.BeamRestored))]
[JsonSerializable(typeof(ScanEvent.HoldSet))]
[JsonSerializable(typeof(ScanEvent.HoldCleared))]
[JsonSerializable(typeof(ScanEvent.Rewound))]
[JsonSerializable(typeof(ScanEvent.DeviceFaulted))]
[JsonSerializable(typeof(ScanEvent.DeviceStalled))]
[JsonSerializable(typeof(ScanEvent.SupervisorTookOver))]
[JsonSerializable(typeof(ScanEvent.AbortRequested))]
[JsonSerializable(typeof(ScanEvent.Unstaged))]
[JsonSerializable(typeof(ScanEvent.Finished))]
[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Metadata)]
internal sealed partial class ScanEventJson : JsonSerializerContext;
