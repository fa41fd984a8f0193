using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace Flyscan.Host.Cli;

/// <summary>Options that several verbs share; each verb adds the ones it reads.</summary>
internal sealed class CommonOptions
{
    public Option<string> Beamline { get; } = new("--beamline", "-b")
    {
        Description = "The beamline file (HOCON). Default: the virtual beamline that comes with flyscan.",
        HelpName = "FILE",
        DefaultValueFactory = _ => Path.Combine(AppContext.BaseDirectory, "beamlines", "virtual.hocon"),
    };

    public Option<string> Out { get; } = new("--out", "-o")
    {
        Description = "The data folder: journal, run folders, lock. Default: ./flyscan-data",
        HelpName = "DIR",
        DefaultValueFactory = _ => Path.Combine(Environment.CurrentDirectory, "flyscan-data"),
    };

    public Option<string?> Detectors { get; } = new("--detectors", "-d")
    {
        Description = "Detectors to use, comma separated. Default: the request's, else all that the beamline has.",
        HelpName = "a,b",
    };

    public Option<string?> Axes { get; } = new("--axes", "-a")
    {
        Description = "Maps axes of the spec to axes of the beamline: x=sx,y=sy.",
        HelpName = "x=sx,…",
    };

    public Option<double> TimeScale { get; } = new("--time-scale")
    {
        Description = "Wall seconds per second of a virtual beamline: 1 is real time, 0.1 ten times faster, 0 does not wait at all.",
        HelpName = "F",
        DefaultValueFactory = _ => 1,
        CustomParser = ParseTimeScale,
    };

    public Option<bool> Json { get; } = new("--json")
    {
        Description = "Print one JSON object as the last line of standard output; everything else goes to standard error.",
    };

    private static double ParseTimeScale(ArgumentResult result)
    {
        var text = result.Tokens.Count == 1 ? result.Tokens[0].Value : "";
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var scale) && scale is >= 0 and <= 100)
            return scale;
        result.AddError($"--time-scale {text}: must be a number from 0 (no waiting) to 100; 1 is real time.");
        return 1;
    }
}
