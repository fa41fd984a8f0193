using Flyscan.Hardware.Epics;
using Flyscan.Hardware.Epics.ChannelAccess;
using Flyscan.Hardware.Epics.ChannelAccess.Server;
using Flyscan.Hardware.PandA.Protocol;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.PandA.Simulator;

/// <summary>How a record's value stands in the box's texts.</summary>
/// <remarks>Read: null where the record cannot show what the box says.</remarks>
internal sealed record PandAIocFormat(string Type, ushort Native, PvValue Start, Func<string, PvValue?> Read, Func<PvValue, string> Write)
{
    /// <summary>Bytes of a text in a record, its zero left out.</summary>
    private const int LongestText = 39;

    /// <summary>Bytes of a choice, its zero left out.</summary>
    private const int LongestChoice = 25;

    private const int MostChoices = 16;

    /// <summary>Choices as clients see them.</summary>
    public IReadOnlyList<string> Choices { get; init; } = [];

    public static PandAIocFormat Text(string type) => new(
        type, Dbr.String, new PvValue.Text(""), text => new PvValue.Text(Cut(text, LongestText)), value => value.AsText());

    public static PandAIocFormat Number(string type) => new(
        type, Dbr.Double, new PvValue.Number(0), text => PandAText.TryNumber(text, out var number) ? new PvValue.Number(number) : null,
        value => PandAText.Number(value.AsNumber()));

    public static PandAIocFormat Whole(string type) => new(
        type, Dbr.Long, new PvValue.Integer(0),
        text => PandAText.TryWhole(text, out var number) ? new PvValue.Integer(unchecked((int)number)) : null, value => value.AsText());

    public static PandAIocFormat Bit(string type) => Choice(type, ["0", "1"]);

    /// <summary>One of the box's labels.</summary>
    public static PandAIocFormat Choice(string type, IReadOnlyList<string> labels)
    {
        var known = labels.Take(MostChoices).ToList();
        List<string> shown = [.. known.Select(l => Cut(l, LongestChoice))];
        return new PandAIocFormat(
            type, Dbr.Enum, new PvValue.Choice(0, shown.FirstOrDefault()),
            text => known.IndexOf(text) is var index and >= 0 ? new PvValue.Choice(index, shown[index]) : null,
            value => known[((PvValue.Choice)value).Index])
        {
            Choices = shown,
        };
    }

    /// <summary>What shows a field, and whether it is written; null for what has no record of its own.</summary>
    public static (PandAIocFormat Format, bool IsWritten)? Of(PandAIocField field)
    {
        var isWritten = field.Info.Kind is "param" or "write";
        return field.Info.Kind switch
        {
            "time" => (Number("ao"), true),
            "bit_out" => (Bit("bi"), false),
            "bit_mux" or "pos_mux" => (Text("stringout"), true),
            "pos_out" => (Whole("longin"), false),
            "param" or "read" or "write" => field.Subtype switch
            {
                "bit" or "action" => (Bit(isWritten ? "bo" : "bi"), isWritten),
                "int" => (Whole(isWritten ? "longout" : "longin"), isWritten),
                "enum" => isWritten ? (Choice("mbbo", field.Labels), true) : (Text("stringin"), false),
                "lut" => (Text("stringout"), true),
                _ => (Number(isWritten ? "ao" : "ai"), isWritten),
            },
            _ => null,
        };
    }

    /// <summary>What it shows without alarm beside its value.</summary>
    public PvMetadata Metadata(PandAIocField field) => new(Start, default)
    {
        Choices = Choices.ToEquatableArray(),
        Precision = Native != Dbr.Double ? null : field.Info.Kind == "time" || field.Subtype is "time" or "scalar" ? 5 : 0,
    };

    private static string Cut(string text, int most)
    {
        while (EpicsText.Bytes(text).Length > most)
            text = text[..^1];
        return text;
    }
}

/// <summary>A record that shows something of the box.</summary>
/// <param name="boxName">What the box calls it: <c>SEQ1.BITA.DELAY</c>.</param>
internal sealed class PandAIocRecord(string boxName, ServedPv pv, PandAIocFormat format)
{
    public string BoxName => boxName;

    public ServedPv Pv => pv;

    public PandAIocFormat Format => format;

    /// <summary>What the box was last known to have.</summary>
    public PvValue Held { get; set; } = pv.Value;

    /// <summary>Writes that the box has not answered.</summary>
    public int Writes { get; set; }
}
