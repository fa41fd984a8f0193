using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Flyscan.Scanning.Units;

namespace Flyscan.Host.Control;

/// <summary>What the process of a run can be told.</summary>
internal enum ControlVerb
{
    Status,
    Pause,
    Resume,
    Seek,
    Abort,
}

/// <summary>How the run answered.</summary>
internal enum ControlResult
{
    Accepted,
    Paused,
    Refused,
    Status,
}

/// <summary>One line to the process of a run. Frame: for Seek. Quit: for Pause, the process ends once the scan stands.</summary>
internal sealed record ControlRequest(ControlVerb Verb, string Who)
{
    public int V { get; init; } = ControlJson.Version;

    public long? Frame { get; init; }

    public bool Quit { get; init; }
}

/// <summary>One line back. Frame: where the scan stands, for Paused. Reason: for Refused.</summary>
internal sealed record ControlAnswer(ControlResult Answer)
{
    public int V { get; init; } = ControlJson.Version;

    public long? Frame { get; init; }

    public string? Reason { get; init; }

    public ControlStatus? Status { get; init; }

    public static ControlAnswer Refused(string reason) => new(ControlResult.Refused) { Reason = reason };
}

/// <summary>Where a running scan is.</summary>
/// <remarks>NextFrame: the first frame that nobody has and nobody is getting; null when there is none. Stays: when paused, the process
/// waits to be told. Frames are the scan's; Rates: of detectors that do not take one for each, as <c>3</c> or <c>1/4</c>.</remarks>
internal sealed record ControlStatus(
    string Uid,
    int Pid,
    string DataFolder,
    string Phase,
    long Frames,
    long Committed,
    long Skipped,
    long? NextFrame,
    int Take,
    int Rewinds,
    SortedDictionary<string, string> Holds,
    bool Stays,
    SortedDictionary<string, string>? Rates)
{
    /// <summary>Frames that are good and wait for the scan's end to be committed.</summary>
    public long Kept { get; init; }
}

/// <summary>The control protocol's lines: one JSON object each way, with its version, UTF-8, no longer than
/// <see cref="LongestLine"/>.</summary>
internal static class ControlJson
{
    public const int Version = 1;

    /// <summary>Longest line either way, in bytes.</summary>
    public const int LongestLine = 16 * 1024;

    private const int LongestWho = 200;

    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        MaxDepth = 8,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false) },
    };

    public static byte[] Write(ControlRequest request) => Line(JsonSerializer.SerializeToUtf8Bytes(request, Options));

    public static byte[] Write(ControlAnswer answer) => Line(JsonSerializer.SerializeToUtf8Bytes(answer, Options));

    /// <summary>A request as it came, or why it is none.</summary>
    public static Outcome<ControlRequest> ReadRequest(string line)
    {
        var read = Read<ControlRequest>(line);
        if (read is not Outcome<ControlRequest>.Completed { Value: var request })
            return read;
        if (request.V != Version)
            return Refused<ControlRequest>($"version {request.V} of the control protocol is not spoken here; this is version {Version}");
        if (string.IsNullOrEmpty(request.Who) || request.Who.Length > LongestWho)
            return Refused<ControlRequest>($"`who` must be a text of 1 to {LongestWho} characters");
        return request is { Verb: ControlVerb.Seek, Frame: null }
            ? Refused<ControlRequest>("seek needs a `frame`")
            : read;
    }

    /// <summary>An answer as it came, or why it is none.</summary>
    public static Outcome<ControlAnswer> ReadAnswer(string line) => Read<ControlAnswer>(line) switch
    {
        Outcome<ControlAnswer>.Completed { Value: { V: not Version and var other } } =>
            Refused<ControlAnswer>($"the run's process answers in version {other} of the control protocol, this program speaks {Version}"),
        var read => read,
    };

    private static Outcome<T> Read<T>(string line)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(line, Options) is { } read
                ? new Outcome<T>.Completed(read)
                : Refused<T>("a line of the control protocol must be an object, not null");
        }
        catch (JsonException mistake)
        {
            return Refused<T>($"not a line of the control protocol: {mistake.Message}");
        }
    }

    private static Outcome<T> Refused<T>(string reason) => new Outcome<T>.Refused(reason);

    private static byte[] Line(byte[] json) => [.. json, (byte)'\n'];
}

/// <summary>Lines from a stream, with a limit on their length.</summary>
internal sealed class LineReader(Stream stream)
{
    private readonly byte[] _buffer = new byte[ControlJson.LongestLine];
    private int _filled;

    /// <summary>The next line without its end; null at the end of the stream.</summary>
    /// <remarks><b>Errors</b> <see cref="InvalidDataException"/>: a line that is longer than allowed.</remarks>
    public async Task<string?> NextAsync(CancellationToken cancel)
    {
        var searched = 0;
        while (true)
        {
            var end = Array.IndexOf(_buffer, (byte)'\n', searched, _filled - searched);
            if (end >= 0)
            {
                var line = Encoding.UTF8.GetString(_buffer, 0, end);
                _filled -= end + 1;
                Array.Copy(_buffer, end + 1, _buffer, 0, _filled);
                return line;
            }
            searched = _filled;
            if (_filled == _buffer.Length)
                throw new InvalidDataException($"a line is longer than {_buffer.Length} bytes");
            var read = await stream.ReadAsync(_buffer.AsMemory(_filled), cancel);
            if (read == 0)
                return null;
            _filled += read;
        }
    }
}
