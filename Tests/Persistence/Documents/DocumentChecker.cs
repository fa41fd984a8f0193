using System.Text.Json;

namespace Flyscan.Tests.Persistence.Documents;

/// <summary>What the schemas cannot say: order, references, ranges.</summary>
internal static class DocumentChecker
{
    public static IReadOnlyList<string> Problems(IReadOnlyList<JsonElement> lines)
    {
        var problems = new List<string>();
        var state = new State(problems);
        foreach (var (i, line) in lines.Index())
            state.Take(line.GetProperty("name").GetString()!, line.GetProperty("doc"), isFirst: i == 0, isLast: i == lines.Count - 1);
        state.Finish();
        return problems;
    }

    private sealed class State(List<string> problems)
    {
        private readonly HashSet<string> _uids = [];
        private readonly Dictionary<string, JsonElement> _descriptors = [];
        private readonly Dictionary<string, string> _resourceKeys = [];
        private readonly Dictionary<string, long> _events = [];
        private readonly Dictionary<string, long> _rows = [];
        private string? _run;

        public void Take(string name, JsonElement doc, bool isFirst, bool isLast)
        {
            Check(_uids.Add(Text(doc, "uid")), $"{name} {Text(doc, "uid")} is there twice");
            Check(isFirst == (name == "start"), $"start is first and only first, here is {name}");
            Check(name != "stop" || isLast, "stop is not last");
            if (name == "start")
                _run = Text(doc, "uid");
            if (doc.TryGetProperty("run_start", out var run))
                Check(run.GetString() == _run, $"{name} belongs to run {run}");
            switch (name)
            {
                case "descriptor":
                    _descriptors.Add(Text(doc, "uid"), doc);
                    break;
                case "event":
                    Event(doc);
                    break;
                case "stream_resource":
                    _resourceKeys.Add(Text(doc, "uid"), Text(doc, "data_key"));
                    break;
                case "stream_datum":
                    Datum(doc);
                    break;
                case "stop":
                    Stop(doc);
                    break;
            }
        }

        public void Finish()
        {
            foreach (var (uid, descriptor) in _descriptors)
            {
                var external = descriptor.GetProperty("data_keys").EnumerateObject().Where(k => k.Value.TryGetProperty("external", out _));
                var rows = external.Select(k => _rows.GetValueOrDefault($"{uid} {k.Name}")).Distinct().ToArray();
                Check(rows.Length <= 1, $"data keys of {Text(descriptor, "name")} have different rows: {string.Join(", ", rows)}");
            }
        }

        private void Event(JsonElement doc)
        {
            if (!Described(doc, out var descriptor))
                return;
            var keys = descriptor.GetProperty("data_keys").EnumerateObject().Select(k => k.Name).Order(StringComparer.Ordinal);
            foreach (var member in (string[])["data", "timestamps"])
                Check(keys.SequenceEqual(Names(doc, member)), $"event {Text(doc, "uid")}: {member} are not the data keys");
            var before = _events.GetValueOrDefault(Text(doc, "descriptor"));
            Check(doc.GetProperty("seq_num").GetInt64() == before + 1, $"event {Text(doc, "uid")} does not follow seq_num {before}");
            _events[Text(doc, "descriptor")] = before + 1;
        }

        private void Datum(JsonElement doc)
        {
            if (!Described(doc, out var descriptor))
                return;
            if (!_resourceKeys.TryGetValue(Text(doc, "stream_resource"), out var key))
            {
                problems.Add($"stream_datum {Text(doc, "uid")} comes before its stream_resource");
                return;
            }
            Check(descriptor.GetProperty("data_keys").TryGetProperty(key, out _), $"{key} is no data key of {Text(descriptor, "name")}");
            var (start, stop) = Range(doc, "indices");
            var row = $"{Text(doc, "descriptor")} {key}";
            var before = _rows.GetValueOrDefault(row);
            Check(start == before && stop > start, $"{key}: [{start}, {stop}) does not follow {before}");
            Check(Range(doc, "seq_nums") == (start + 1, stop + 1), $"{key}: seq_nums are not indices + 1");
            _rows[row] = stop;
        }

        private void Stop(JsonElement doc)
        {
            var stated = doc.GetProperty("num_events").EnumerateObject().ToDictionary(m => m.Name, m => m.Value.GetInt64());
            Check(stated.Count == _descriptors.Count, $"num_events names {stated.Count} of {_descriptors.Count} streams");
            foreach (var (uid, descriptor) in _descriptors)
            {
                var rows = _rows.Where(r => r.Key.StartsWith(uid, StringComparison.Ordinal)).Select(r => r.Value);
                var counted = rows.Append(_events.GetValueOrDefault(uid)).Max();
                var name = Text(descriptor, "name");
                Check(stated.GetValueOrDefault(name, -1) == counted, $"num_events of {name} are not {counted}");
            }
        }

        private bool Described(JsonElement doc, out JsonElement descriptor)
        {
            var known = _descriptors.TryGetValue(Text(doc, "descriptor"), out descriptor);
            Check(known, $"{Text(doc, "uid")} comes before its descriptor");
            return known;
        }

        private void Check(bool holds, string problem)
        {
            if (!holds)
                problems.Add(problem);
        }

        private static IEnumerable<string> Names(JsonElement doc, string member) =>
            doc.GetProperty(member).EnumerateObject().Select(k => k.Name).Order(StringComparer.Ordinal);

        private static string Text(JsonElement doc, string member) => doc.GetProperty(member).GetString()!;

        private static (long Start, long Stop) Range(JsonElement doc, string member) =>
            (doc.GetProperty(member).GetProperty("start").GetInt64(), doc.GetProperty(member).GetProperty("stop").GetInt64());
    }
}
