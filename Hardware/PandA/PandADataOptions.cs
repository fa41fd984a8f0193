namespace Flyscan.Hardware.PandA;

/// <summary>What a data client asked for in its option line.</summary>
/// <remarks><b>Source</b> recorded session 58.</remarks>
internal sealed record PandADataOptions
{
    public PandADataFormat Format { get; private init; } = PandADataFormat.Ascii;

    public bool Raw { get; private init; }

    public bool Xml { get; private init; }

    public bool NoHeader { get; private init; }

    public bool NoStatus { get; private init; }

    public bool OneShot { get; private init; }

    /// <summary>Reads the line; on a problem returns null and the server's own words for it.</summary>
    public static PandADataOptions? Parse(string line, out string problem)
    {
        problem = "";
        if (line.Contains('\r'))
            problem = "Cannot process CR character";
        else if (line.Split(' ').Any(word => word.Length == 0 || !word.All(c => char.IsAsciiLetterOrDigit(c) || c == '_')))
            problem = "No name found";
        if (problem.Length > 0)
            return null;
        var options = new PandADataOptions();
        foreach (var word in line.Split(' '))
        {
            if (options.With(word) is not { } next)
            {
                problem = "Invalid data capture option";
                return null;
            }
            options = next;
        }
        return options;
    }

    private PandADataOptions? With(string word) => word switch
    {
        "ASCII" => this with { Format = PandADataFormat.Ascii },
        "BASE64" => this with { Format = PandADataFormat.Base64 },
        "FRAMED" => this with { Format = PandADataFormat.Framed },
        "UNFRAMED" => this with { Format = PandADataFormat.Unframed },
        "SCALED" => this with { Raw = false },
        "RAW" => this with { Raw = true },
        "XML" => this with { Xml = true },
        "NO_HEADER" => this with { NoHeader = true },
        "NO_STATUS" => this with { NoStatus = true },
        "ONE_SHOT" => this with { OneShot = true },
        "BARE" => new() { Format = PandADataFormat.Unframed, Raw = true, NoHeader = true, NoStatus = true, OneShot = true },
        "DEFAULT" => new(),
        _ => null,
    };
}
