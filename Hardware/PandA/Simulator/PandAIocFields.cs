using System.Text;
using Flyscan.Hardware.Epics;
using Flyscan.Hardware.Epics.ChannelAccess;
using Flyscan.Hardware.Epics.ChannelAccess.Server;
using Flyscan.Hardware.PandA.Programmes;
using Flyscan.Hardware.PandA.Protocol;

namespace Flyscan.Hardware.PandA.Simulator;

/// <summary>What can be captured of a field: what is, and under which name it goes into the file (empty: its own).</summary>
internal sealed record PandAIocDataset(string Field, ServedPv Capture, ServedPv Name)
{
    /// <summary>Whole words of bits, not numbers.</summary>
    public bool IsBits { get; init; }
}

/// <summary>The records of a box's fields, and its tables.</summary>
/// <remarks>A write shows its value at once and ends when the box has answered; refused, the record goes back to what the box has, and who
/// wrote hears nothing of it. <b>Source</b> PandABlocks-ioc: kinds of records by types of fields.</remarks>
internal sealed class PandAIocFields
{
    private const string NoDataset = "";
    private static readonly string[] TimeUnits = ["min", "s", "ms", "us"];
    private static readonly PvAlarm Unreadable = new(PvAlarm.StatusOf("READ"), PvSeverity.Invalid);
    private static readonly PvAlarm Lost = new(PvAlarm.StatusOf("COMM"), PvSeverity.Invalid);

    private readonly ServedSet _records;
    private readonly CaServer _server;
    private readonly PandAIocPvi _pvi;
    private readonly string _prefix;
    private readonly Action<IReadOnlyList<PandACommand>, Action<PandAReply[]?>> _ask;
    private readonly Dictionary<string, PandAIocRecord> _byName = new(StringComparer.Ordinal);
    private readonly Dictionary<string, PandAIocFieldTable> _tables = new(StringComparer.Ordinal);

    /// <param name="ask">Sends commands to the box, and gets null where it is lost.</param>
    public PandAIocFields(
        ServedSet records, CaServer server, (string Prefix, PandAIocPvi Pvi) names,
        Action<IReadOnlyList<PandACommand>, Action<PandAReply[]?>> ask) =>
        (_records, _server, _prefix, _pvi, _ask) = (records, server, names.Prefix, names.Pvi, ask);

    public List<PandAIocDataset> Datasets { get; } = [];

    public IEnumerable<PandAIocFieldTable> Tables => _tables.Values;

    /// <summary>Raised when a name of a dataset, or what is captured, has changed.</summary>
    public event Action? DatasetsChanged;

    /// <summary>Makes the records of a block and its fields.</summary>
    public void Add(PandAIocBlock kind)
    {
        foreach (var block in kind.Instances)
        {
            foreach (var field in kind.Fields)
                Add($"{block}.{field.Info.Name}", field);
            if (kind.Name == "PCAP")
                AddArm(block);
        }
    }

    /// <summary>What the box reports as changed; tables and times in new units are asked for.</summary>
    public void Apply(IEnumerable<string> lines, Action? done = null)
    {
        List<(PandACommand Command, Action<PandAReply> Take)> asked = [];
        foreach (var change in lines.Select(PandAChange.Parse))
            switch (change)
            {
                case PandAChange.Table when _tables.TryGetValue(change.Name, out var table):
                    asked.Add((PandACommand.Get($"{change.Name}.B"), reply => ShowTable(table, reply)));
                    break;
                case PandAChange.Value value when _byName.TryGetValue(change.Name, out var record):
                    if (record.Writes == 0 && Show(record, value.Text) && Timed(record) is { } timed)
                        asked.Add((PandACommand.Get(timed.BoxName), reply => ShowReply(timed, reply)));
                    break;
                case PandAChange.Unreadable when _byName.TryGetValue(change.Name, out var record):
                    record.Pv.Post(record.Held, _server.StampNs, Unreadable);
                    break;
            }
        _ask([.. asked.Select(a => a.Command)], replies =>
        {
            for (var i = 0; i < replies?.Length; i++)
                asked[i].Take(replies[i]);
            done?.Invoke();
        });
    }

    /// <summary>Nothing that is shown means anything until the box is there again.</summary>
    public void Lose()
    {
        foreach (var record in _byName.Values)
            record.Pv.Post(record.Held, _server.StampNs, Lost);
    }

    /// <summary>It is, and what its report leaves out is as it was.</summary>
    public void Find()
    {
        foreach (var record in _byName.Values.Where(r => r.Pv.Alarm == Lost))
            record.Pv.Post(record.Held, _server.StampNs);
    }

    private static string RecordOf(string boxName) => boxName.Replace('.', ':');

    private void Add(string name, PandAIocField field)
    {
        if (field.Info.Kind == "table")
        {
            var table = new PandAIocFieldTable(
                $"{_prefix}:{RecordOf(name)}", name, field, (command, answered) => _ask([command], replies =>
                    answered(replies?[0] ?? new PandAReply.Refused("the box is gone"))));
            _tables.Add(name, table);
            _pvi.Add(RecordOf(name), "rw");
            return;
        }
        if (PandAIocFormat.Of(field) is { } made)
        {
            var isAction = field.Subtype == "action";
            var record = Make(name, made.Format, made.IsWritten, isAction ? "x" : null);
            record.Pv.Metadata = made.Format.Metadata(field);
            if (isAction)
                record.Pv.Written = (value, complete) => Act(record, value, complete);
        }
        if (field.Info.IsTime)
            Make($"{name}.UNITS", PandAIocFormat.Choice("mbbo", TimeUnits), isWritten: true);
        switch (field.Info.Kind)
        {
            case "bit_mux":
                Make($"{name}.DELAY", PandAIocFormat.Whole("longout"), isWritten: true);
                break;
            case "pos_out":
                AddCapture(name, field);
                Make($"{name}.OFFSET", PandAIocFormat.Number("ao"), isWritten: true);
                Make($"{name}.SCALE", PandAIocFormat.Number("ao"), isWritten: true);
                Make($"{name}.UNITS", PandAIocFormat.Text("stringout"), isWritten: true);
                break;
            case "ext_out":
                AddCapture(name, field);
                break;
        }
    }

    private void AddCapture(string name, PandAIocField field)
    {
        var capture = Make($"{name}.CAPTURE", PandAIocFormat.Choice("mbbo", field.Labels), isWritten: true);
        capture.Pv.Posted += () => DatasetsChanged?.Invoke();
        var record = $"{RecordOf(name)}:DATASET";
        var dataset = _records.Add(record, "stringout", Dbr.String, new PvValue.Text(NoDataset), isWritable: true);
        dataset.Posted += () => DatasetsChanged?.Invoke();
        _pvi.Add(record, "rw");
        Datasets.Add(new PandAIocDataset(name, capture.Pv, dataset) { IsBits = field.Subtype == "bits" });
    }

    private void AddArm(string block)
    {
        var arm = Make($"{block}.ARM", PandAIocFormat.Bit("bo"), isWritten: true);
        arm.Pv.Written = (value, complete) =>
            Write(arm, value, PandACommand.Set(value.AsNumber() != 0 ? "*PCAP.ARM" : "*PCAP.DISARM", ""), complete);
    }

    private PandAIocRecord Make(string boxName, PandAIocFormat format, bool isWritten, string? access = null)
    {
        var name = RecordOf(boxName);
        var pv = _records.Add(name, format.Type, format.Native, format.Start, isWritable: isWritten);
        pv.Metadata = new PvMetadata(format.Start, default) { Choices = [.. format.Choices] };
        var record = new PandAIocRecord(boxName, pv, format);
        if (isWritten)
            pv.Written = (value, complete) => Set(record, value, complete);
        _byName.Add(boxName, record);
        _pvi.Add(name, access ?? (isWritten ? "rw" : "r"));
        return record;
    }

    private uint Set(PandAIocRecord record, PvValue value, Action complete)
    {
        var text = record.Format.Write(value);
        if (text.AsSpan().IndexOfAny('\n', '\r') < 0
            && Encoding.UTF8.GetByteCount($"{record.BoxName}={text}\n") <= PandACommand.LongestLine)
            return Write(record, value, PandACommand.Set(record.BoxName, text), complete);
        // No line that the box takes.
        record.Pv.Post(record.Held, _server.StampNs);
        complete();
        return CaStatus.Normal;
    }

    private uint Write(PandAIocRecord record, PvValue value, PandACommand command, Action complete)
    {
        record.Writes++;
        record.Pv.Post(value, _server.StampNs);
        _ask([command], replies =>
        {
            record.Writes--;
            if (replies?[0] is PandAReply.Ok)
                record.Held = value;
            else if (record.Writes == 0)
                record.Pv.Post(record.Held, _server.StampNs, replies is null ? Lost : default);
            if (replies?[0] is PandAReply.Ok && Timed(record) is { } timed)
                _ask([PandACommand.Get(timed.BoxName)], read => ShowReply(timed, read?[0]));
            complete();
        });
        return CaStatus.Normal;
    }

    private uint Act(PandAIocRecord record, PvValue value, Action complete)
    {
        record.Pv.Post(value, _server.StampNs);
        _ask([PandACommand.Set(record.BoxName, "")], _ => complete());
        return CaStatus.Normal;
    }

    /// <summary>The time whose units a record is; null for any other.</summary>
    private PandAIocRecord? Timed(PandAIocRecord record) =>
        record.Pv.Native == Dbr.Enum && record.BoxName.EndsWith(".UNITS", StringComparison.Ordinal)
            ? _byName.GetValueOrDefault(record.BoxName[..^".UNITS".Length])
            : null;

    /// <summary>True: it is another value than before.</summary>
    private bool Show(PandAIocRecord record, string text)
    {
        if (record.Format.Read(text) is not { } value)
        {
            record.Pv.Post(record.Held, _server.StampNs, Unreadable);
            return false;
        }
        record.Held = value;
        if (record.Pv.Value.Equals(value) && record.Pv.Alarm == default)
            return false;
        record.Pv.Post(value, _server.StampNs);
        return true;
    }

    private void ShowReply(PandAIocRecord record, PandAReply? reply)
    {
        if (record.Writes == 0 && reply is PandAReply.Value value)
            Show(record, value.Text);
    }

    private static void ShowTable(PandAIocFieldTable table, PandAReply reply)
    {
        if (reply is PandAReply.Lines lines && SequencerProgramme.TryFromBase64(string.Concat(lines.Items), out var words))
            table.Show(words);
    }
}
