using System.Collections.Immutable;
using System.Diagnostics;
using System.Text.Json;
using Flyscan.Scanning.Planning;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Triggering;
using Flyscan.Scanning.Units;

namespace Flyscan.Persistence.Documents;

/// <summary>The JSON of each type of document.</summary>
/// <remarks><b>Source</b> event-model 1.24 schemas; real streams of bluesky 1.14 for what the schemas leave open.</remarks>
internal sealed class DocumentTexts(RunDescription run)
{
    private string OuterUid => DescriptorUid("outer");

    public Document Start(ScanEvent.ScanSubmitted e) => Document.Write("start", run.Uid, json =>
    {
        json.WriteNumber("time", Seconds(e.AtNs));
        if (run.ScanNumber is { } number)
            json.WriteNumber("scan_id", number);
        json.WriteString("plan_name", run.PlanName);
        json.WriteString("plan_hash", e.PlanHash);
        json.WriteString("beamline", e.BeamlineName);
        Texts(json, "motors", run.Axes.Select(a => a.Name));
        Texts(json, "detectors", run.Detectors);
        json.WriteNumber("num_points", run.Frames);
        Numbers(json, "shape", run.Shape);
        Rates(json, e.Rates);
        Extents(json);
        Hints(json);
        json.WriteStartObject("versions");
        json.WriteString("flyscan", e.SoftwareVersion);
        json.WriteString("event_model", "1.24.0");
        json.WriteEndObject();
        Optional(json, "visit", run.Visit);
        Optional(json, "operator", run.Operator);
        Optional(json, "sample", run.Sample);
        Metadata(json);
    });

    public Document StreamDescriptor(string stream, ImmutableArray<DataKey> keys, DocumentState state, long atNs) =>
        Document.Write("descriptor", DescriptorUid(stream), json =>
        {
            json.WriteString("run_start", run.Uid);
            json.WriteNumber("time", Seconds(atNs));
            json.WriteString("name", stream);
            json.WriteStartObject("data_keys");
            foreach (var key in keys)
                StreamedKey(json, key, state.Beamline);
            json.WriteEndObject();
            var objects = keys.GroupBy(k => k.Object).ToArray();
            Objects(json, "object_keys", objects, (name, own) => Texts(json, name, own.Select(k => k.Name)));
            Objects(json, "hints", objects, (name, own) =>
                Fields(json, name, own.Where(k => k.Dataset.Role != "timestamp").Select(k => k.Name)));
            Objects(json, "configuration", objects, (name, _) => NoConfiguration(json, name));
            Objects(json, "object_classes", [], (_, _) => { });
        });

    public Document OuterDescriptor(DocumentState state, long atNs) => Document.Write("descriptor", OuterUid, json =>
    {
        var axes = run.Axes.Where(a => a.IsOuter).ToArray();
        var objects = axes.Select(a => (a.Name, Keys: new[] { a.Name })).Append(("flyscan", ["outer_index", "primary_seq_num"])).ToArray();
        json.WriteString("run_start", run.Uid);
        json.WriteNumber("time", Seconds(atNs));
        json.WriteString("name", "outer");
        json.WriteStartObject("data_keys");
        foreach (var axis in axes)
            Scalar(json, axis.Name, ("number", "<f8"), $"flyscan://{state.Beamline}/{axis.Name}", (axis.Unit, axis.Name));
        Scalar(json, "outer_index", ("integer", "<i8"), $"flyscan://{state.Beamline}/plan", (null, "flyscan"));
        Scalar(json, "primary_seq_num", ("integer", "<i8"), $"flyscan://{state.Beamline}/plan", (null, "flyscan"));
        json.WriteEndObject();
        json.WriteStartObject("object_keys");
        foreach (var (name, keys) in objects)
            Texts(json, name, keys);
        json.WriteEndObject();
        json.WriteStartObject("hints");
        foreach (var axis in axes)
            Fields(json, axis.Name, [axis.Name]);
        json.WriteEndObject();
        json.WriteStartObject("configuration");
        foreach (var (name, _) in objects)
            NoConfiguration(json, name);
        json.WriteEndObject();
        json.WriteStartObject("object_classes");
        json.WriteEndObject();
    });

    /// <param name="primarySeqNum">The point's first committed frame, so that no reader needs arithmetic to join the streams.</param>
    public Document OuterEvent(ScanEvent.OuterPointReached arrival, long seqNum, long primarySeqNum) =>
        Document.Write("event", NameUuid.Of(run.Uid, "event/outer", $"{seqNum}"), json =>
        {
            var axes = run.Axes.Where(a => a.IsOuter).ToArray();
            json.WriteString("descriptor", OuterUid);
            json.WriteNumber("time", Seconds(arrival.AtNs));
            json.WriteNumber("seq_num", seqNum);
            json.WriteStartObject("data");
            foreach (var axis in axes)
                Position(json, axis.Name, arrival);
            json.WriteNumber("outer_index", arrival.OuterIndex);
            json.WriteNumber("primary_seq_num", primarySeqNum);
            json.WriteEndObject();
            json.WriteStartObject("timestamps");
            foreach (var name in axes.Select(a => a.Name).Append("outer_index").Append("primary_seq_num"))
                json.WriteNumber(name, Seconds(arrival.AtNs));
            json.WriteEndObject();
            json.WriteStartObject("filled");
            json.WriteEndObject();
        });

    public Document StreamResource(DataKey key) => Document.Write("stream_resource", ResourceUid(key), json =>
    {
        json.WriteString("run_start", run.Uid);
        json.WriteString("data_key", key.Name);
        json.WriteString("mimetype", "application/x-hdf5");
        json.WriteString("uri", "file://localhost" + string.Join('/', run.MasterPath.Split('/').Select(Uri.EscapeDataString)));
        json.WriteStartObject("parameters");
        json.WriteString("dataset", PathOf(key));
        Numbers(json, "chunk_shape", key.Dataset.FrameShape.Prepend(key.Dataset.ChunkFrames));
        json.WriteEndObject();
    });

    /// <param name="firstFrame">Events are numbered on from its number plus one.</param>
    public Document StreamDatum(DataKey key, int number, FrameRange indices, long firstFrame) =>
        Document.Write("stream_datum", $"{ResourceUid(key)}/{number}", json =>
        {
            json.WriteString("stream_resource", ResourceUid(key));
            json.WriteString("descriptor", DescriptorUid(key.Stream));
            Range(json, "indices", indices.First, indices.End);
            Range(json, "seq_nums", firstFrame + 1, firstFrame + indices.Count + 1);
        });

    public Document Stop(DocumentState state, ScanEvent.Finished e) => Document.Write("stop", NameUuid.Of(run.Uid, "stop", ""), json =>
    {
        json.WriteString("run_start", run.Uid);
        json.WriteNumber("time", Seconds(e.AtNs));
        json.WriteString("exit_status", e.Status switch
        {
            ScanStatus.Finished => "success",
            ScanStatus.Aborted => "abort",
            ScanStatus.Faulted => "fail",
            _ => throw new UnreachableException(),
        });
        json.WriteString("reason", e.Reason ?? "");
        json.WriteStartObject("num_events");
        foreach (var keys in state.Keys.GroupBy(k => k.Stream))
            json.WriteNumber(keys.Key, keys.First().EventsIn(run.Mode == DocumentMode.Eager ? state.Told.Count : state.Reported));
        if (state.OuterDescribed)
            json.WriteNumber("outer", state.OuterEvents);
        json.WriteEndObject();
    });

    private string PathOf(DataKey key) => run.Mode == DocumentMode.Eager ? key.RecordedPath : key.CommittedPath;

    private string ResourceUid(DataKey key) => NameUuid.Of(run.Uid, "stream_resource", PathOf(key));

    private string DescriptorUid(string stream) => NameUuid.Of(run.Uid, "descriptor", stream);

    private static double Seconds(long ns) => ns / 1e9;

    /// <summary>Of detectors that do not take one frame for each of the scan, as the request has them.</summary>
    private static void Rates(Utf8JsonWriter json, EquatableArray<RatedDetector> rates)
    {
        if (rates.Count == 0)
            return;
        json.WriteStartObject("detector_rates");
        foreach (var (detector, rate) in rates)
            json.WriteString(detector, rate.ToString());
        json.WriteEndObject();
    }

    private void Extents(Utf8JsonWriter json)
    {
        json.WriteStartArray("extents");
        foreach (var axis in run.Axes)
        {
            json.WriteStartArray();
            json.WriteNumberValue(axis.Low);
            json.WriteNumberValue(axis.High);
            json.WriteEndArray();
        }
        json.WriteEndArray();
    }

    /// <summary>Which data key to plot against in which stream, per dimension; time where nothing moves or nothing is read back.</summary>
    private void Hints(Utf8JsonWriter json)
    {
        json.WriteStartObject("hints");
        json.WriteStartArray("dimensions");
        foreach (var dimension in run.Dimensions)
        {
            var fields = dimension.Axes.Where(a => a.IsOuter || a.HasReadback).Select(a => a.Name).ToArray();
            json.WriteStartArray();
            Items(json, fields.Length > 0 ? fields : ["time"]);
            json.WriteStringValue(dimension.Axes.Any(a => a.IsOuter) ? "outer" : "primary");
            json.WriteEndArray();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private void Metadata(Utf8JsonWriter json)
    {
        if (run.MetadataJson is null)
            return;
        using var metadata = JsonDocument.Parse(run.MetadataJson);
        foreach (var member in metadata.RootElement.EnumerateObject())
            member.WriteTo(json);
    }

    private static void StreamedKey(Utf8JsonWriter json, DataKey key, string beamline)
    {
        var dataset = key.Dataset;
        json.WriteStartObject(key.Name);
        json.WriteString("source", $"flyscan://{beamline}/{key.Recorder}{dataset.Path}");
        json.WriteString("dtype", dataset switch
        {
            { FrameShape.Count: > 0 } => "array",
            _ when key.Rate.Multiple > 1 => "array",
            { NumpyType: [_, 'b', ..] } => "boolean",
            { NumpyType: [_, 'S' or 'U', ..] } => "string",
            _ => "number",
        });
        json.WriteString("dtype_numpy", dataset.NumpyType);
        Numbers(json, "shape", dataset.FrameShape.Prepend(key.Rate.Multiple));
        json.WriteString("external", "STREAM:");
        Optional(json, "units", dataset.Unit);
        json.WriteString("object_name", key.Object);
        json.WriteEndObject();
    }

    private static void Scalar(
        Utf8JsonWriter json, string name, (string Json, string Numpy) type, string source, (string? Unit, string Object) of)
    {
        json.WriteStartObject(name);
        json.WriteString("source", source);
        json.WriteString("dtype", type.Json);
        json.WriteString("dtype_numpy", type.Numpy);
        Numbers(json, "shape", []);
        Optional(json, "units", of.Unit);
        json.WriteString("object_name", of.Object);
        json.WriteEndObject();
    }

    private void Position(Utf8JsonWriter json, string axis, ScanEvent.OuterPointReached arrival)
    {
        var reached = arrival.Positions.FirstOrDefault(p => p.Axis == axis)
            ?? throw new DocumentException($"Run {run.Uid}: outer point {arrival.OuterIndex} was reached without a position of {axis}.");
        if (double.IsFinite(reached.Position))
            json.WriteNumber(axis, reached.Position);
        else
            json.WriteNull(axis);
    }

    private static void Objects(
        Utf8JsonWriter json, string member, IEnumerable<IGrouping<string, DataKey>> objects, Action<string, IEnumerable<DataKey>> write)
    {
        json.WriteStartObject(member);
        foreach (var one in objects)
            write(one.Key, one);
        json.WriteEndObject();
    }

    private static void NoConfiguration(Utf8JsonWriter json, string name)
    {
        json.WriteStartObject(name);
        foreach (var member in (ReadOnlySpan<string>)["data", "timestamps", "data_keys"])
        {
            json.WriteStartObject(member);
            json.WriteEndObject();
        }
        json.WriteEndObject();
    }

    private static void Fields(Utf8JsonWriter json, string name, IEnumerable<string> fields)
    {
        json.WriteStartObject(name);
        Texts(json, "fields", fields);
        json.WriteEndObject();
    }

    private static void Range(Utf8JsonWriter json, string member, long start, long stop)
    {
        json.WriteStartObject(member);
        json.WriteNumber("start", start);
        json.WriteNumber("stop", stop);
        json.WriteEndObject();
    }

    private static void Optional(Utf8JsonWriter json, string member, string? text)
    {
        if (text is not null)
            json.WriteString(member, text);
    }

    private static void Texts(Utf8JsonWriter json, string member, IEnumerable<string> items)
    {
        json.WritePropertyName(member);
        Items(json, items);
    }

    private static void Items(Utf8JsonWriter json, IEnumerable<string> items)
    {
        json.WriteStartArray();
        foreach (var item in items)
            json.WriteStringValue(item);
        json.WriteEndArray();
    }

    private static void Numbers(Utf8JsonWriter json, string member, IEnumerable<long> items)
    {
        json.WriteStartArray(member);
        foreach (var item in items)
            json.WriteNumberValue(item);
        json.WriteEndArray();
    }
}
