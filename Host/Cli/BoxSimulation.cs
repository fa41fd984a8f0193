using System.CommandLine;
using Flyscan.Hardware.PandA.Simulator;

namespace Flyscan.Host.Cli;

/// <summary>What `simulate` of every kind of box has: an address, encoders that move, faults.</summary>
internal sealed class BoxSimulation<TFault>
{
    private const int MostEncoders = 4;

    private readonly Option<string> _address = new("--address")
    {
        Description = "Address to listen on. Default 127.0.0.1; 0.0.0.0: all",
        HelpName = "IP",
        DefaultValueFactory = _ => "127.0.0.1",
    };

    private readonly Option<string[]> _encoders;
    private readonly Option<string[]> _faults;
    private readonly Func<string, TFault> _parse;

    /// <param name="input">What the box calls its encoder inputs, without their number.</param>
    /// <param name="forms">What faults there are, for the help.</param>
    public BoxSimulation(string input, string forms, Func<string, TFault> parse)
    {
        _parse = parse;
        _encoders = new("--encoder")
        {
            Description = $"How {input}1, then {input}2, … moves; may be given {MostEncoders} times: {EncoderPattern.Forms}.",
            HelpName = "MOVEMENT",
        };
        _faults = new("--fault") { Description = $"What goes wrong; may be given several times:\n{forms}", HelpName = "FAULT" };
    }

    /// <summary>The options, behind those of the box's own.</summary>
    public void AddTo(Command command)
    {
        command.Add(_address);
        command.Add(_encoders);
        command.Add(_faults);
    }

    public string Address(ParseResult parsed) => parsed.GetValue(_address)!;

    public EncoderPattern[] Encoders(ParseResult parsed)
    {
        var texts = parsed.GetValue(_encoders) ?? [];
        return texts.Length <= MostEncoders
            ? [.. texts.Select(t => Read("--encoder", t, EncoderPattern.Parse))]
            : throw new RefusedException($"--encoder is given {texts.Length} times; the box has {MostEncoders} encoder inputs");
    }

    public TFault[] Faults(ParseResult parsed) => [.. (parsed.GetValue(_faults) ?? []).Select(f => Read("--fault", f, _parse))];

    private static T Read<T>(string option, string text, Func<string, T> parse)
    {
        try
        {
            return parse(text);
        }
        catch (FormatException mistake)
        {
            throw new RefusedException($"{option}: {mistake.Message}");
        }
    }
}
