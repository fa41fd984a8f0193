using Flyscan.Scanning.Specs;
using Range = Flyscan.Scanning.Specs.Range;

namespace Flyscan.Tests.Scanning.Paths;

/// <summary>Makes a valid spec out of any list of numbers, so that a failing one shrinks to a small spec.</summary>
internal sealed class SpecGenerator
{
    private const string Names = "abcdefghijklmnopqrstuvwxyz";
    private readonly byte[] _tape;
    private int _at;
    private int _axes;

    private SpecGenerator(byte[] tape) => _tape = tape;

    public static Spec From(byte[] tape)
    {
        var generator = new SpecGenerator(tape);
        var spec = generator.Next(0);
        return generator.Take(2) == 0 ? new Fly(spec) : spec;
    }

    private int Take(int below) => _at < _tape.Length ? _tape[_at++] % below : 0;

    private Spec Next(int depth)
    {
        if (depth > 3)
            return Line();
        return Take(11) switch
        {
            1 or 2 => new Product(Next(depth + 1), Next(depth + 1)),
            3 => new Product(new Repeat(1 + Take(3)), Next(depth + 1), Take(2) == 0),
            4 => new Product(Next(depth + 1), new Repeat(1 + Take(3))),
            5 => new Snake(Next(depth + 1)),
            6 => new Squash(Next(depth + 1), CheckPathChanges: false),
            7 => Twice(Line()),
            8 => Zipped(),
            9 => new Delay([Take(3) / 4.0], Next(depth + 1)),
            10 => new Durations([0.5, 0.25 * (1 + Take(3))], new Linspace(Axis(), Take(5), 7, 2)),
            _ => Line(),
        };
    }

    private Spec Line() => Take(4) switch
    {
        1 => new Static(Axis(), Take(5), 1 + Take(3)),
        2 => new Range(Axis(), Take(5), 5 + Take(5), 0.75),
        3 => new Fly(new Linspace(Axis(), Take(5), -Take(5), 1 + Take(4))),
        _ => new Linspace(Axis(), Take(5), 1 + Take(7), 1 + Take(5)),
    };

    private static Concat Twice(Spec spec) =>
        new(new ConstantDuration(0.5, spec), new ConstantDuration(0.25, spec), CheckPathChanges: false);

    private Zip Zipped()
    {
        var length = 1 + Take(4);
        return new Zip(new Linspace(Axis(), 0, 1 + Take(3), length), new Linspace(Axis(), 2, Take(3), length));
    }

    private string Axis() => Names[_axes++ % Names.Length] + (_axes > Names.Length ? "2" : "");
}
