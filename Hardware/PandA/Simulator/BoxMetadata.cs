namespace Flyscan.Hardware.PandA.Simulator;

/// <summary>The free texts that a box keeps for its users.</summary>
/// <remarks><b>Source</b> recorded session 08.</remarks>
internal sealed class BoxMetadata
{
    private const string ReadOnlyKey = "APPNAME";
    private static readonly string[] ManyLines = ["LAYOUT", "EXPORTS"];

    private readonly List<string> _keys;
    private readonly Dictionary<string, string> _texts = [];
    private readonly Dictionary<string, IReadOnlyList<string>> _lines = [];
    private readonly Dictionary<string, ChangeEntry> _changes = [];

    public BoxMetadata(BoxDefinition definition, ChangeLog log)
    {
        _keys = definition.MetadataKeys;
        foreach (var key in _keys)
        {
            if (key == ReadOnlyKey)
                _texts.Add(key, BoxDefinition.Application);
            else if (ManyLines.Contains(key))
                AddLines(key, log);
            else
                AddText(key, log);
        }
    }

    /// <summary>What it can report, in the server's order.</summary>
    public IEnumerable<ChangeEntry> Changes => _keys.Where(_changes.ContainsKey).Select(k => _changes[k]);

    /// <summary>A command; <paramref name="tail"/> is what followed <c>*METADATA</c>.</summary>
    public string Execute(string tail, char operation, string rest, IReadOnlyList<string> body)
    {
        if (!tail.StartsWith('.'))
            return ServerReply.Error("Character '.' expected");
        var key = tail[1..];
        if (key == "*" && operation == '?')
            return ServerReply.Lines(_keys);
        if (!_keys.Contains(key))
            return ServerReply.Error($"Metadata key {key} not found");
        if (operation == '?')
            return _lines.TryGetValue(key, out var lines) ? ServerReply.Lines(lines) : ServerReply.Value(_texts[key]);
        if (key == ReadOnlyKey || _lines.ContainsKey(key) != (operation == '<'))
            return ServerReply.Error("Cannot write to this field");
        if (operation == '<')
            _lines[key] = [.. body];
        else
            _texts[key] = rest;
        _changes[key].Mark();
        return ServerReply.Ok;
    }

    private void AddText(string key, ChangeLog log)
    {
        _texts.Add(key, "");
        _changes.Add(key, new ChangeEntry(log, ChangeGroup.Metadata, $"*METADATA.{key}", () => _texts[key]));
    }

    private void AddLines(string key, ChangeLog log)
    {
        _lines.Add(key, []);
        _changes.Add(key, new ChangeEntry(log, ChangeGroup.Metadata, $"*METADATA.{key}", () => null) { IsLines = true });
    }
}
