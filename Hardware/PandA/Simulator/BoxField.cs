namespace Flyscan.Hardware.PandA.Simulator;

/// <summary>What a field is told about itself when it is made.</summary>
internal sealed record FieldOrigin(string Name, FieldDefinition Definition, BoxEngine Engine, BoxBuses Buses, ChangeLog Log);

/// <summary>One field of one block: what the control port can read and write.</summary>
internal abstract class BoxField
{
    private readonly List<ChangeEntry> _changes = [];
    private readonly Dictionary<string, ChangeEntry> _attributeChanges = [];

    protected BoxField(FieldOrigin origin, ChangeGroup? group)
    {
        Origin = origin;
        if (group is { } reported)
            _changes.Add(new ChangeEntry(origin.Log, reported, origin.Name, ValueText));
    }

    /// <summary>Raised after each accepted write of the value.</summary>
    public event Action? Written;

    public virtual IReadOnlyList<string> Attributes => ["INFO"];

    /// <summary>What it can report, the value first, in the order in which it does.</summary>
    public IReadOnlyList<ChangeEntry> Changes => _changes;

    protected FieldOrigin Origin { get; }

    protected BoxEngine Engine => Origin.Engine;

    public virtual string Get() => ServerReply.Error("Field not readable");

    public virtual string Set(string text) => ServerReply.Error("Field not writeable");

    /// <summary>Null: there is no such attribute.</summary>
    public virtual string? GetAttribute(string name) => name == "INFO" ? ServerReply.Value(Origin.Definition.Type) : null;

    public virtual string? SetAttribute(string name, string text) =>
        GetAttribute(name) is null ? null : ServerReply.Error("Attribute not writeable");

    /// <summary>The server has started again and has read this back from its saved state.</summary>
    public virtual void Reload()
    {
    }

    /// <summary>What <c>*ENUMS</c> gives; null: it is no enumeration.</summary>
    public virtual IEnumerable<string>? Enums(string? attribute) => null;

    /// <summary>Names the attributes whose changes are reported.</summary>
    protected void Report(params string[] attributes)
    {
        foreach (var attribute in attributes)
        {
            var entry = new ChangeEntry(
                Origin.Log, ChangeGroup.Attr, $"{Origin.Name}.{attribute}", () => ServerReply.TextOf(GetAttribute(attribute)!));
            _changes.Add(entry);
            _attributeChanges.Add(attribute, entry);
        }
    }

    protected string Accept()
    {
        if (_changes.Count > 0 && _changes[0].Group != ChangeGroup.Attr)
            _changes[0].Mark();
        Written?.Invoke();
        return ServerReply.Ok;
    }

    protected string AcceptAttribute(string name)
    {
        _attributeChanges[name].Mark();
        return ServerReply.Ok;
    }

    private string? ValueText() => ServerReply.TextOf(Get());
}
