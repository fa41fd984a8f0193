using System.Globalization;
using System.Net;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.PandA.Protocol;

/// <summary>Reads the header of a capture, XML or text, line by line.</summary>
/// <remarks><b>Source</b> recorded sessions 20 to 31. The XML is written by one server with one element a line, so it is read as
/// lines.</remarks>
internal sealed class PandAHeaderReader(PandADataLimits limits)
{
    private readonly Dictionary<string, string> _values = [];
    private readonly List<PandADataField> _fields = [];
    private bool _any;
    private bool _xml;
    private bool _ended;
    private bool _inFields;

    public void Reset()
    {
        _values.Clear();
        _fields.Clear();
        (_any, _xml, _ended, _inFields) = (false, false, false, false);
    }

    /// <summary>Takes one line; returns a problem, or null with the header when this line completed it.</summary>
    public string? Add(string line, out PandADataHeader? header)
    {
        header = null;
        if (!_any)
            (_any, _xml) = (true, line == "<header>");
        if (line.Length == 0)
            return _ended || !_xml ? Complete(out header) : "the header stops before </header>";
        if (_fields.Count > limits.MostFields || _values.Count > 32)
            return $"the header has more than {limits.MostFields} fields";
        return _xml ? AddXml(line) : AddText(line);
    }

    private string? AddXml(string line)
    {
        if (line is "<header>" or "<fields>" or "</fields>")
            return null;
        if (line == "</header>")
        {
            _ended = true;
            return null;
        }
        var attributes = Attributes(line);
        if (line.StartsWith("<data ", StringComparison.Ordinal))
        {
            foreach (var (name, value) in attributes)
                _values[name] = value;
            return null;
        }
        if (!line.StartsWith("<field ", StringComparison.Ordinal))
            return $"not a line of a header: {line}";
        return AddField(
            attributes.GetValueOrDefault("name"), attributes.GetValueOrDefault("type"), attributes.GetValueOrDefault("capture"),
            attributes.GetValueOrDefault("scale"), attributes.GetValueOrDefault("offset"), attributes.GetValueOrDefault("units"));
    }

    private static Dictionary<string, string> Attributes(string line)
    {
        var found = new Dictionary<string, string>();
        for (var at = line.IndexOf(' '); at >= 0 && at < line.Length;)
        {
            var equals = line.IndexOf("=\"", at, StringComparison.Ordinal);
            var end = equals < 0 ? -1 : line.IndexOf('"', equals + 2);
            if (end < 0)
                break;
            found[line[at..equals].Trim()] = WebUtility.HtmlDecode(line[(equals + 2)..end]);
            at = end + 1;
        }
        return found;
    }

    private string? AddText(string line)
    {
        if (_inFields)
            return AddTextField(line);
        _inFields = line == "fields:";
        var colon = line.IndexOf(": ", StringComparison.Ordinal);
        if (!_inFields && colon < 0)
            return $"not a line of a header: {line}";
        if (!_inFields)
            _values[line[..colon]] = line[(colon + 2)..];
        return null;
    }

    private string? AddTextField(string line)
    {
        var words = line.Split(' ', 5);
        if (words.Length < 4 || words[0].Length != 0)
            return $"not a field of a header: {line}";
        if (words.Length == 4)
            return AddField(words[1], words[2], words[3], null, null, null);
        var rest = words[4];
        var offset = rest.IndexOf(" offset: ", StringComparison.Ordinal);
        var units = rest.IndexOf(" units: ", StringComparison.Ordinal);
        if (!rest.StartsWith("scale: ", StringComparison.Ordinal) || offset < 0 || units < offset)
            return $"not a field of a header: {line}";
        return AddField(words[1], words[2], words[3], rest[7..offset], rest[(offset + 9)..units], rest[(units + 8)..]);
    }

    private string? AddField(string? name, string? type, string? capture, string? scale, string? offset, string? units)
    {
        PandAFieldType? known = type switch
        {
            "uint32" => PandAFieldType.UInt32,
            "int32" => PandAFieldType.Int32,
            "int64" => PandAFieldType.Int64,
            "double" => PandAFieldType.Double,
            "int96" => PandAFieldType.Int96,
            _ => null,
        };
        if (name is null || capture is null || known is null)
            return $"a field without name, capture or a known type: {name} {type} {capture}";
        if (!TryNumber(scale, 1, out var scaleValue) || !TryNumber(offset, 0, out var offsetValue))
            return $"field {name} {capture} has scale {scale} and offset {offset}";
        // Units never set on the server are printed as a C null pointer.
        var unit = units is null or "(null)" ? "" : units;
        _fields.Add(new PandADataField(name, known.Value, capture, scaleValue, offsetValue, unit, scale is not null));
        return null;
    }

    private static bool TryNumber(string? text, double fallback, out double value)
    {
        value = fallback;
        return text is null || double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value);
    }

    private string? Complete(out PandADataHeader? header)
    {
        header = null;
        PandADataFormat? format = _values.GetValueOrDefault("format") switch
        {
            "Framed" => PandADataFormat.Framed,
            "ASCII" => PandADataFormat.Ascii,
            "Base64" => PandADataFormat.Base64,
            "Unframed" => PandADataFormat.Unframed,
            _ => null,
        };
        var process = _values.GetValueOrDefault("process");
        var sum = _fields.Sum(f => f.Bytes);
        var given = _values.TryGetValue("sample_bytes", out var text);
        var bytes = sum;
        if (format is null || process is not ("Raw" or "Scaled"))
            return $"the header has format {_values.GetValueOrDefault("format")}, process {process}";
        if (given && !int.TryParse(text, out bytes))
            return $"the header has sample_bytes {text}";
        // Servers before 2.1 sent GATE_DURATION without listing it: then the sum is less than sample_bytes.
        if (bytes != sum || bytes <= 0 || bytes > limits.LargestSample)
            return $"samples of {bytes} bytes with fields of {sum} bytes in all (at most {limits.LargestSample})";
        if (!long.TryParse(_values.GetValueOrDefault("missed", "0"), out var missed) || missed < 0)
            return $"the header has missed {_values["missed"]}";
        header = new PandADataHeader(
            _values.GetValueOrDefault("arm_time", ""), _values.GetValueOrDefault("start_time", ""), missed, process == "Raw",
            format.Value, bytes, _fields.ToEquatableArray());
        return null;
    }
}
