using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Flyscan.Scanning.Specs;
using Flyscan.Scanning.Units;

namespace Flyscan.Scanning.Planning;

/// <summary>Scan requests as JSON: the envelope <c>"request": 1</c>, a bare spec, or a file with a spec among other things.</summary>
/// <remarks>
/// An object with <c>request</c> is an envelope, and a member that it does not know is an error. Otherwise one with a
/// <c>type</c> is a spec, and one with a <c>spec</c> stands for that spec alone: its other members mean nothing here.
/// </remarks>
public static partial class ScanRequestJson
{
    private const int Version = 1;
    private const decimal NsPerSecond = 1_000_000_000;

    private static readonly string[] Members =
    [
        "request", "spec", "detectors", "exposure", "exposurePlacement", "windowTrigger", "frameTrigger", "velocitySteps", "longTables",
        "rates", "innerDimensions",
        "onBadFrames", "maxExposuresPerFrame", "shutter", "visit",
        "scanNumber", "operator", "sample", "pathTemplate", "commit", "documents", "metadata",
    ];

    private static readonly (string Name, OnBadFrames Value)[] BadFrames =
    [
        ("retake", OnBadFrames.Retake), ("mark", OnBadFrames.Mark), ("ask", OnBadFrames.Ask), ("stop", OnBadFrames.Stop),
    ];

    private static readonly (string Name, ExposurePlacement Value)[] Placements =
    [
        ("centred", ExposurePlacement.Centred), ("leading", ExposurePlacement.Leading),
    ];

    private static readonly (string Name, WindowTrigger Value)[] WindowTriggers =
    [
        ("position", WindowTrigger.Position), ("setPoint", WindowTrigger.SetPoint), ("time", WindowTrigger.Time),
    ];

    private static readonly (string Name, FrameTrigger Value)[] FrameTriggers =
    [
        ("time", FrameTrigger.Time), ("position", FrameTrigger.Position), ("detector", FrameTrigger.Detector),
    ];

    private static readonly (string Name, VelocitySteps Value)[] Steps =
    [
        ("report", VelocitySteps.Report), ("smooth", VelocitySteps.Smooth), ("refuse", VelocitySteps.Refuse),
    ];

    private static readonly (string Name, LongTables Value)[] Tables =
    [
        ("auto", LongTables.Auto), ("paged", LongTables.Paged), ("streamed", LongTables.Streamed),
    ];

    private static readonly (string Name, ShutterMode Value)[] Shutters =
    [
        ("perScan", ShutterMode.PerScan), ("perWindow", ShutterMode.PerWindow), ("perFrame", ShutterMode.PerFrame),
    ];

    private static readonly (string Name, CommitMode Value)[] CommitModes =
    [
        ("asProved", CommitMode.AsProved), ("atEnd", CommitMode.AtEnd),
    ];

    private static readonly (string Name, DocumentMode Value)[] DocumentModes =
    [
        ("committed", DocumentMode.Committed), ("eager", DocumentMode.Eager),
    ];

    /// <summary>Reads a request; source names the file or other origin in errors.</summary>
    /// <remarks><b>Errors</b> <see cref="SpecException"/>, also for what is wrong in the envelope.</remarks>
    public static ScanRequest Parse(ReadOnlySpan<byte> utf8, string source)
    {
        using var json = JsonText.Parse(utf8, source);
        try
        {
            return Read(json.RootElement, source);
        }
        catch (SpecException error) when (error.Document is null)
        {
            throw error.In(source);
        }
    }

    /// <summary>The request as UTF-8 JSON: the same bytes for equal requests, defaults written out, what is null left out.</summary>
    public static byte[] Write(ScanRequest request)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
            Write(json, request);
        return stream.ToArray();
    }

    private static ScanRequest Read(JsonElement root, string source)
    {
        if (root.ValueKind != JsonValueKind.Object)
            throw new SpecException($"is {JsonObject.Show(root)}, but must be a request or a spec: an object", "request");
        if (!root.TryGetProperty("request", out _))
        {
            if (root.TryGetProperty("type", out _))
                return new ScanRequest(SpecJson.Parse(root, source), []);
            if (root.TryGetProperty("spec", out var only))
                return new ScanRequest(SpecJson.Parse(only, source), []);
            throw new SpecException("has no member 'request', 'type' or 'spec', so it is neither a request nor a spec", "request");
        }
        var json = new JsonObject(root, "", "a request");
        CheckVersion(json.Required("request"));
        json.Only("a request", Members);
        return new ScanRequest(SpecJson.Parse(json.Required("spec"), source), ReadDetectors(json))
        {
            ExposureNs = ReadExposure(json),
            ExposurePlacement = ReadChoice(json, "exposurePlacement", Placements) ?? ExposurePlacement.Centred,
            WindowTrigger = ReadChoice(json, "windowTrigger", WindowTriggers) ?? WindowTrigger.Position,
            FrameTrigger = ReadChoice(json, "frameTrigger", FrameTriggers) ?? FrameTrigger.Time,
            VelocitySteps = ReadChoice(json, "velocitySteps", Steps) ?? VelocitySteps.Report,
            LongTables = ReadChoice(json, "longTables", Tables) ?? LongTables.Auto,
            Rates = ReadRates(json),
            InnerDimensions = (int?)ReadWhole(json, "innerDimensions", 0, SpecLimits.Depth),
            OnBadFrames = ReadChoice(json, "onBadFrames", BadFrames) ?? OnBadFrames.Retake,
            MaxExposuresPerFrame = (int?)ReadWhole(json, "maxExposuresPerFrame", 1, 1000) ?? 3,
            Shutter = ReadChoice(json, "shutter", Shutters),
            Visit = ReadText(json, "visit"),
            ScanNumber = ReadWhole(json, "scanNumber", 0, long.MaxValue),
            Operator = ReadText(json, "operator"),
            Sample = ReadText(json, "sample"),
            PathTemplate = ReadTemplate(json),
            Commit = ReadChoice(json, "commit", CommitModes) ?? CommitMode.AsProved,
            Documents = ReadChoice(json, "documents", DocumentModes) ?? DocumentMode.Committed,
            MetadataJson = ReadMetadata(json),
        };
    }

    private static void CheckVersion(JsonElement version)
    {
        if (version.ValueKind != JsonValueKind.Number || !version.TryGetInt32(out var number) || number != Version)
            throw new SpecException($"is {JsonObject.Show(version)}, but only version {Version} of requests is known", "request");
    }

    private static EquatableArray<string> ReadDetectors(JsonObject json)
    {
        if (Present(json, "detectors") is not { } array)
            return [];
        if (array.ValueKind != JsonValueKind.Array)
            throw new SpecException($"is {JsonObject.Show(array)}, but must be an array of names", "detectors");
        var names = new List<string>();
        foreach (var element in array.EnumerateArray())
        {
            var at = $"detectors[{names.Count}]";
            var name = JsonObject.AsText(element, at);
            if (string.IsNullOrWhiteSpace(name))
                throw new SpecException("is empty, but must name a detector", at);
            if (names.Contains(name))
                throw new SpecException($"'{name}' stands twice", at);
            names.Add(name);
        }
        return names.ToEquatableArray();
    }

    private static long? ReadExposure(JsonObject json)
    {
        if (Present(json, "exposure") is not { } element)
            return null;
        var seconds = JsonObject.AsNumber(element, "exposure");
        if (!(seconds >= 1e-9 && seconds <= SpecLimits.DurationSeconds))
        {
            var limit = string.Create(CultureInfo.InvariantCulture, $"between 1e-9 and {SpecLimits.DurationSeconds}");
            throw new SpecException($"is {JsonObject.Show(element)} seconds, but must be {limit}", "exposure");
        }
        return (long)Math.Round(element.GetDecimal() * NsPerSecond);
    }

    private static string? ReadText(JsonObject json, string name)
    {
        if (Present(json, name) is not { } element)
            return null;
        var text = JsonObject.AsText(element, name);
        return text.Length > 0 && !text.Any(char.IsControl)
            ? text
            : throw new SpecException("is empty or holds control characters; leave it out if there is none", name);
    }

    private static string? ReadTemplate(JsonObject json)
    {
        var template = ReadText(json, "pathTemplate");
        if (template is not null && (template.StartsWith('/') || template.Split('/', '\\').Contains("..")))
            throw new SpecException($"is '{template}', but must stay below the data folder: no leading / and no ..", "pathTemplate");
        return template;
    }

    private static long? ReadWhole(JsonObject json, string name, long least, long most)
    {
        if (Present(json, name) is not { } element)
            return null;
        var value = JsonObject.AsWhole(element, name);
        return value >= least && value <= most
            ? value
            : throw new SpecException($"is {value}, but must be between {least} and {most}", name);
    }

    private static T? ReadChoice<T>(JsonObject json, string name, (string Name, T Value)[] choices)
        where T : struct
    {
        if (Present(json, name) is not { } element)
            return null;
        var text = JsonObject.AsText(element, name);
        foreach (var choice in choices)
        {
            if (choice.Name == text)
                return choice.Value;
        }
        var names = choices.Select(c => c.Name).ToArray();
        throw new SpecException($"is '{text}', but must be one of {string.Join(", ", names)}{NameSuggestion.For(text, names)}", name);
    }

    private static string? ReadMetadata(JsonObject json)
    {
        if (Present(json, "metadata") is not { } element)
            return null;
        _ = new JsonObject(element, "metadata", "an object");
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
            WriteChecked(writer, element, "metadata");
        return Encoding.UTF8.GetString(stream.ToArray());
    }

    // Copied value by value, so that text which only looks like text and names that stand twice are found now.
    private static void WriteChecked(Utf8JsonWriter writer, JsonElement element, string at)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteStartObject();
                foreach (var (name, value) in new JsonObject(element, at, "an object").Members)
                {
                    writer.WritePropertyName(name);
                    WriteChecked(writer, value, $"{at}.{name}");
                }
                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                var i = 0;
                foreach (var item in element.EnumerateArray())
                    WriteChecked(writer, item, $"{at}[{i++}]");
                writer.WriteEndArray();
                break;
            case JsonValueKind.String:
                writer.WriteStringValue(JsonObject.AsText(element, at));
                break;
            default:
                element.WriteTo(writer);
                break;
        }
    }

    // A member that is null is one that was left out.
    private static JsonElement? Present(JsonObject json, string name) =>
        json.Optional(name) is { ValueKind: not JsonValueKind.Null } value ? value : null;

    private static void Write(Utf8JsonWriter json, ScanRequest request)
    {
        json.WriteStartObject();
        json.WriteNumber("request", Version);
        json.WritePropertyName("spec");
        SpecJson.Write(json, request.Spec);
        json.WriteStartArray("detectors");
        foreach (var detector in request.Detectors)
            json.WriteStringValue(detector);
        json.WriteEndArray();
        if (request.ExposureNs is { } exposure)
            json.WriteNumber("exposure", exposure / NsPerSecond);
        // Younger than version 1's first bytes, which never change.
        if (request.ExposurePlacement != ExposurePlacement.Centred)
            json.WriteString("exposurePlacement", Name(Placements, request.ExposurePlacement));
        if (request.WindowTrigger != WindowTrigger.Position)
            json.WriteString("windowTrigger", Name(WindowTriggers, request.WindowTrigger));
        if (request.FrameTrigger != FrameTrigger.Time)
            json.WriteString("frameTrigger", Name(FrameTriggers, request.FrameTrigger));
        if (request.VelocitySteps != VelocitySteps.Report)
            json.WriteString("velocitySteps", Name(Steps, request.VelocitySteps));
        if (request.LongTables != LongTables.Auto)
            json.WriteString("longTables", Name(Tables, request.LongTables));
        WriteRates(json, request.Rates);
        WriteNumber(json, "innerDimensions", request.InnerDimensions);
        json.WriteString("onBadFrames", Name(BadFrames, request.OnBadFrames));
        json.WriteNumber("maxExposuresPerFrame", request.MaxExposuresPerFrame);
        if (request.Shutter is { } shutter)
            json.WriteString("shutter", Name(Shutters, shutter));
        WriteText(json, "visit", request.Visit);
        WriteNumber(json, "scanNumber", request.ScanNumber);
        WriteText(json, "operator", request.Operator);
        WriteText(json, "sample", request.Sample);
        WriteText(json, "pathTemplate", request.PathTemplate);
        if (request.Commit != CommitMode.AsProved)
            json.WriteString("commit", Name(CommitModes, request.Commit));
        json.WriteString("documents", Name(DocumentModes, request.Documents));
        if (request.MetadataJson is { } metadata)
        {
            using var document = JsonDocument.Parse(metadata);
            json.WritePropertyName("metadata");
            document.RootElement.WriteTo(json);
        }
        json.WriteEndObject();
    }

    private static void WriteText(Utf8JsonWriter json, string name, string? value)
    {
        if (value is not null)
            json.WriteString(name, value);
    }

    private static void WriteNumber(Utf8JsonWriter json, string name, long? value)
    {
        if (value is { } number)
            json.WriteNumber(name, number);
    }

    private static string Name<T>((string Name, T Value)[] choices, T value)
    {
        foreach (var choice in choices)
        {
            if (EqualityComparer<T>.Default.Equals(choice.Value, value))
                return choice.Name;
        }
        throw new UnreachableException();
    }
}
