namespace Flyscan.Hardware.PandA.Protocol;

/// <summary>What a data client asked for in its option line.</summary>
/// <remarks><b>Source</b> recorded session 58.</remarks>
internal sealed record PandADataOptions
{
    public PandADataFormat Format { get; init; } = PandADataFormat.Ascii;

    public bool Raw { get; init; }

    public bool Xml { get; init; }

    public bool NoHeader { get; init; }

    public bool NoStatus { get; init; }

    public bool OneShot { get; init; }

    /// <summary>Reads the line; on a problem returns null and the server's own words for it.</summary>
    public static PandADataOptions? Parse(string line, out string problem)
    {
        problem = "";
        // Session 20: an empty line asks for the defaults.
        if (line.Length == 0)
            return new PandADataOptions();
        if (line.Contains('\r'))
            problem = "Cannot process CR character";
        else if (line.Split(' ').Any(word => !IsName(word)))
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

    /// <summary>The line that asks for these options, with its line feed.</summary>
    public string ToLine()
    {
        string[] words =
        [
            Xml ? "XML" : "", Format.ToString().ToUpperInvariant(), Raw ? "RAW" : "SCALED", NoHeader ? "NO_HEADER" : "",
            NoStatus ? "NO_STATUS" : "", OneShot ? "ONE_SHOT" : "",
        ];
        return string.Join(' ', words.Where(w => w.Length > 0)) + "\n";
    }

    private static bool IsName(string word) =>
        word.Length > 0 && char.IsAsciiLetter(word[0]) && word.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');

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
