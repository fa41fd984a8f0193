using Flyscan.Hocon;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Flyscan.Tests.Hocon;

public sealed class HoconPropertyTests
{
    private static readonly HoconOrigin Nowhere = new("generated", 0, 0);

    private static readonly Gen<string> Texts = Gen.OneOf(
        Gen.Elements("a", "b", "x-1", "null", "true", "include", "", " ", "5 ms", "-3.5", "a.b", "${a}", "//", "#", "\"", "\\", "\n", "+="),
        ArbMap.Default.GeneratorFor<string>().Select(s => s ?? ""));

    [Fact]
    public void What_is_rendered_reads_back_the_same() => Prop.ForAll(
        Objects(3).ToArbitrary(),
        value => HoconConfiguration.Parse(HoconRenderer.Render(value), "rendered").Equals(value)
            && HoconConfiguration.Parse(value.ToString(), "inline").Equals(value)).QuickCheckThrowOnFailure();

    [Fact]
    public void A_path_that_is_rendered_reads_back_the_same() => Prop.ForAll(
        Texts.NonEmptyListOf().ToArbitrary(),
        keys => HoconPath.Parse(HoconPath.Render(keys)).SequenceEqual(keys)).QuickCheckThrowOnFailure();

    [Fact]
    public void Any_text_is_read_or_refused_with_its_place() => Prop.ForAll(
        Gen.Elements(Fragments).ListOf().Select(string.Concat).ToArbitrary(),
        ReadsOrRefuses).Check(PropertyCases.Of(3000).WithEndSize(60));

    [Fact]
    public void Any_damage_to_a_real_file_is_read_or_refused_with_its_place()
    {
        var damage =
            from start in Gen.Choose(0, Sample.Length)
            from length in Gen.Choose(0, 30)
            from inserted in Gen.Elements(Fragments).ListOf(2)
            select Sample[..start] + string.Concat(inserted) + Sample[Math.Min(Sample.Length, start + length)..];
        Prop.ForAll(damage.ToArbitrary(), ReadsOrRefuses).Check(PropertyCases.Of(2000));
    }

    private static bool ReadsOrRefuses(string text)
    {
        var options = new HoconOptions { Include = (_, _) => new HoconSource("again", text), MaxSize = 50_000 };
        try
        {
            var value = HoconConfiguration.Parse(text, "t", options);
            return HoconConfiguration.Parse(HoconRenderer.Render(value), "rendered").Equals(value);
        }
        catch (HoconException refused)
        {
            return refused.Origin.Line > 0 && refused.Origin.Column > 0 && refused.Problem.Length > 0;
        }
    }

    private static Gen<HoconObject> Objects(int depth) =>
        from fields in Gen.Zip(Texts, Values(depth)).ListOf()
        select new HoconObject(Nowhere, [.. fields.DistinctBy(f => f.Item1).Select(f => KeyValuePair.Create(f.Item1, f.Item2))]);

    private static Gen<HoconValue> Values(int depth)
    {
        var leaf = Texts.Select(HoconValue (t) => new HoconText(Nowhere, t));
        var none = Gen.Constant<HoconValue>(new HoconNull(Nowhere));
        if (depth == 0)
            return Gen.Frequency((5, leaf), (1, none));
        var items = Values(depth - 1).ListOf().Resize(4).Select(HoconValue (list) => new HoconArray(Nowhere, [.. list]));
        var inner = Objects(depth - 1).Resize(4).Select(HoconValue (o) => o);
        return Gen.Frequency((5, leaf), (1, none), (2, items), (2, inner));
    }

    private static readonly string[] Fragments =
    [
        "a", "b", "a.b", "${a}", "${?b}", "${a.b}", "${", "}", "{", "[", "]", "=", ":", "+=", ",", "\n", " ", "\"", "\"\"\"", "\"x\"",
        "#", "//", "\\", "\\u00", "\\n", "include \"x\"", "include required(\"x\")",
        "null", "1e+5", "5 ms", "$", "?", "\0", "\uD800", "µ", "\r",
    ];

    private const string Sample = """
        # a comment
        base { port = 9700, host = 127.0.0.1 }
        devices {
          cam = ${base} { kind = virtual-camera, width = 64, "quoted.key" = "x\ty" }
          motion { kind = m, axes { x { unit = mm, low = -50, settle = 5 ms } }, port = ${base.port} }
          list = [1, 2, ${devices.cam.width}] [4]
          list += 5
          path = ${?HOME}"/data"
          path = ${devices.path}/more
          text = \"\"\"triple
        quoted\"\"\"
        }
        """;
}
