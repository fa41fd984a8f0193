using Flyscan.Hardware.Epics;
using Flyscan.Hardware.Epics.PvAccess;
using Flyscan.Scanning.Units;
using Xunit;

namespace Flyscan.Tests.Hardware.Epics.PvAccess;

/// <summary>Types and values on the wire, in both byte orders.</summary>
public sealed class PvaDataTests
{
    private static readonly PvaType.Structure Point = PvaType.Of(
        "point_t", ("x", new PvaType.Scalar(PvaScalar.Float64)), ("name", new PvaType.Scalar(PvaScalar.Text)));

    private static readonly PvaType.Union Either = new(
        "either_t", [new PvaMember("n", new PvaType.Scalar(PvaScalar.Int16)), new PvaMember("p", Point)]);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Every_kind_of_value_is_read_as_it_was_written(bool isBig)
    {
        var (type, value) = Everything();
        var writer = new PvaWriter(isServer: true) { IsBig = isBig };
        var ids = new PvaTypeIds();
        PvaData.WriteAny(writer, new PvaValue.Any(type, value), ids);
        var first = writer.Count;
        PvaData.WriteAny(writer, new PvaValue.Any(type, value), ids);
        // The second time the type is a number.
        Assert.True(writer.Count - first < first - 200);
        var reader = new PvaReader(writer.Written, isBig);
        var cache = new PvaTypeCache();
        for (var i = 0; i < 2; i++)
        {
            var read = PvaData.ReadAny(ref reader, cache);
            Assert.False(reader.Failed);
            Assert.Equal(type, read.Type);
            Assert.Equal(value, read.Value);
        }
        Assert.Equal(0, reader.Left);
    }

    [Fact]
    public void Every_cut_of_a_value_fails_and_throws_nothing()
    {
        var (type, value) = Everything();
        var writer = new PvaWriter(isServer: true);
        PvaData.WriteAny(writer, new PvaValue.Any(type, value), new PvaTypeIds());
        for (var length = 0; length < writer.Count; length++)
        {
            var reader = new PvaReader(writer.Written[..length], false);
            PvaData.ReadAny(ref reader, new PvaTypeCache());
            Assert.True(reader.Failed, $"{length} of {writer.Count} bytes were taken for all");
        }
    }

    [Fact]
    public void Only_named_fields_are_written_and_the_others_stay()
    {
        var inner = PvaType.Of(("a", new PvaType.Scalar(PvaScalar.Int32)), ("b", new PvaType.Scalar(PvaScalar.Int32)));
        var type = PvaType.Of(
            ("first", new PvaType.Scalar(PvaScalar.Int32)), ("inner", inner), ("last", new PvaType.Scalar(PvaScalar.Text)));
        // 0 all, 1 first, 2 inner, 3 inner.a, 4 inner.b, 5 last.
        Assert.Equal((6, 5), (type.Bits, type.BitOf(2)));
        var before = PvaValue.Default(type);
        var after = before.With("first", new PvaValue.Whole(7)).With("inner", new PvaValue.Structure(
            inner, [new PvaValue.Whole(8), new PvaValue.Whole(9)]));
        Assert.Equal(4, Transfer(PvaBits.Of(4), after, before, out var changed));
        Assert.Equal(new PvaValue.Whole(9), changed["inner.b"]);
        Assert.Equal((PvaValue.Whole.Zero, PvaValue.Whole.Zero), (changed["inner.a"], changed["first"]));
        Assert.Equal(12, Transfer(PvaBits.Of(1, 2), after, before, out changed));
        Assert.Equal(after, changed);
        Assert.Equal(13, Transfer(PvaBits.All, after, before, out changed));
        Assert.Equal(after, changed);
    }

    [Fact]
    public void Bit_sets_have_the_bytes_of_the_wire()
    {
        // Changed fields of a recorded event: value, alarm's three, stamp's three.
        Assert.Equal([0xBA, 0x03], PvaBits.Of(1, 3, 4, 5, 7, 8, 9).Bytes.ToArray());
        Assert.True(PvaBits.OfBytes([0xBA, 0x03])[8]);
        Assert.Equal(PvaBits.Of(1, 40).Or(PvaBits.Of(2)), PvaBits.Of(1, 2, 40));
        Assert.Equal(PvaBits.Of(1, 40).And(PvaBits.Of(1, 2)), PvaBits.Of(1));
        Assert.True(PvaBits.Of(200).AnyOf(3, 201));
        Assert.False(PvaBits.Of(200).AnyOf(3, 200) || default(PvaBits).AnyOf(0, 100));
    }

    [Fact]
    public void A_type_that_multiplies_itself_or_nests_without_end_is_refused()
    {
        var writer = new PvaWriter(isServer: true);
        // Each structure holds the one before ten times, under its number: ten million fields in some hundred bytes.
        writer.Byte(PvaTypeCache.IdWithType);
        writer.UInt16(0);
        writer.Raw([PvaTypeCache.Structure, 0, 1, 1, (byte)'a', 0]);
        for (ushort id = 1; id < 8; id++)
        {
            writer.Byte(PvaTypeCache.IdWithType);
            writer.UInt16(id);
            writer.Raw([PvaTypeCache.Structure, 0, 10]);
            for (var i = 0; i < 10; i++)
            {
                writer.Raw([1, (byte)'a', PvaTypeCache.OnlyId]);
                writer.UInt16((ushort)(id - 1));
            }
        }
        var reader = new PvaReader(writer.Written, false);
        var cache = new PvaTypeCache();
        var types = 0;
        while (cache.Read(ref reader) is not null)
            types++;
        Assert.Equal((true, 4), (reader.Failed, types));
        byte[] nested = [.. Enumerable.Repeat(PvaTypeCache.Any, 100_000)];
        reader = new PvaReader(nested, false);
        PvaData.ReadAny(ref reader, new PvaTypeCache());
        Assert.True(reader.Failed);
    }

    [Fact]
    public void Values_are_written_only_where_they_fit()
    {
        Assert.Null(PvaPut.Convert(new PvValue.Number(1.5), new PvaType.Scalar(PvaScalar.Int32)));
        Assert.Null(PvaPut.Convert(new PvValue.Integer(128), new PvaType.Scalar(PvaScalar.Int8)));
        Assert.Null(PvaPut.Convert(new PvValue.Integer(-1), new PvaType.Scalar(PvaScalar.UInt64)));
        Assert.Null(PvaPut.Convert(new PvValue.Text("many"), new PvaType.Scalar(PvaScalar.Float64)));
        Assert.Null(PvaPut.Convert(new PvValue.Text("1 two"), new PvaType.ScalarArray(PvaScalar.Float64)));
        Assert.Null(PvaPut.Convert(new PvValue.Text("12345"), new PvaType.BoundedText(4)));
        Assert.Null(PvaPut.Convert(new PvValue.Array<double>([1, 2]), new PvaType.ScalarArray(PvaScalar.Float64, PvaBound.Bounded, 1)));
        Assert.Null(PvaPut.Convert(new PvValue.Array<double>([1, 2]), new PvaType.ScalarArray(PvaScalar.Float64, PvaBound.Fixed, 3)));
        Assert.Equal(PvaValue.Flag.Yes, PvaPut.Convert(new PvValue.Text("true"), new PvaType.Scalar(PvaScalar.Boolean)));
        Assert.Equal(
            new PvaValue.Array<short>([1, -2]), PvaPut.Convert(new PvValue.Text("1, -2"), new PvaType.ScalarArray(PvaScalar.Int16)));
        Assert.Equal(
            new PvaValue.Array<sbyte>([(sbyte)'h', (sbyte)'i', 0]),
            PvaPut.Convert(new PvValue.Text("hi"), new PvaType.ScalarArray(PvaScalar.Int8)));
        Assert.Equal(
            new PvaValue.Whole(long.MaxValue), PvaPut.Convert(new PvValue.Integer(long.MaxValue), new PvaType.Scalar(PvaScalar.Int64)));
        Assert.Equal(new PvaValue.Union(0, new PvaValue.Whole(5)), PvaPut.Convert(new PvValue.Integer(5), Either));
    }

    private static int Transfer(PvaBits bits, PvaValue.Structure from, PvaValue.Structure to, out PvaValue.Structure changed)
    {
        var writer = new PvaWriter(isServer: true);
        PvaData.WriteChanged(writer, bits, from, new PvaTypeIds());
        var reader = new PvaReader(writer.Written, false);
        changed = PvaData.ReadChanged(ref reader, bits, to, new PvaTypeCache());
        Assert.True(!reader.Failed && reader.Left == 0);
        return writer.Count;
    }

    /// <summary>A structure with a field of every kind, and a value of each.</summary>
    private static (PvaType.Structure Type, PvaValue.Structure Value) Everything()
    {
        var point = new PvaValue.Structure(Point, [new PvaValue.Number(-0.5), new PvaValue.Text("µm")]);
        (string Name, PvaType Type, PvaValue Value)[] fields =
        [
            ("flag", new PvaType.Scalar(PvaScalar.Boolean), PvaValue.Flag.Yes),
            ("i8", new PvaType.Scalar(PvaScalar.Int8), new PvaValue.Whole(-128)),
            ("u8", new PvaType.Scalar(PvaScalar.UInt8), new PvaValue.Whole(255)),
            ("i16", new PvaType.Scalar(PvaScalar.Int16), new PvaValue.Whole(-32_768)),
            ("u16", new PvaType.Scalar(PvaScalar.UInt16), new PvaValue.Whole(65_535)),
            ("i32", new PvaType.Scalar(PvaScalar.Int32), new PvaValue.Whole(int.MinValue)),
            ("u32", new PvaType.Scalar(PvaScalar.UInt32), new PvaValue.Whole(uint.MaxValue)),
            ("i64", new PvaType.Scalar(PvaScalar.Int64), new PvaValue.Whole(long.MinValue)),
            ("u64", new PvaType.Scalar(PvaScalar.UInt64), new PvaValue.Whole(-1)),
            ("f32", new PvaType.Scalar(PvaScalar.Float32), new PvaValue.Number(1.5)),
            ("f64", new PvaType.Scalar(PvaScalar.Float64), new PvaValue.Number(double.MaxValue)),
            ("short", new PvaType.BoundedText(8), new PvaValue.Text("12345678")),
            ("long", new PvaType.Scalar(PvaScalar.Text), new PvaValue.Text(new string('x', 300))),
            ("flags", new PvaType.ScalarArray(PvaScalar.Boolean), new PvaValue.Array<bool>([true, false])),
            ("i8s", new PvaType.ScalarArray(PvaScalar.Int8), new PvaValue.Array<sbyte>([-1, 1])),
            ("u8s", new PvaType.ScalarArray(PvaScalar.UInt8), new PvaValue.Array<byte>([1, 255])),
            ("i16s", new PvaType.ScalarArray(PvaScalar.Int16), new PvaValue.Array<short>([1, -2])),
            ("u16s", new PvaType.ScalarArray(PvaScalar.UInt16), new PvaValue.Array<ushort>([1, 65_535])),
            ("i32s", new PvaType.ScalarArray(PvaScalar.Int32), new PvaValue.Array<int>([1, -2])),
            ("u32s", new PvaType.ScalarArray(PvaScalar.UInt32), new PvaValue.Array<uint>([1, uint.MaxValue])),
            ("i64s", new PvaType.ScalarArray(PvaScalar.Int64), new PvaValue.Array<long>([1, -2])),
            ("u64s", new PvaType.ScalarArray(PvaScalar.UInt64), new PvaValue.Array<ulong>([1, ulong.MaxValue])),
            ("f32s", new PvaType.ScalarArray(PvaScalar.Float32), new PvaValue.Array<float>([0.5f, -1])),
            ("most", new PvaType.ScalarArray(PvaScalar.Float64, PvaBound.Bounded, 3), new PvaValue.Array<double>([1, 2])),
            ("just", new PvaType.ScalarArray(PvaScalar.Float64, PvaBound.Fixed, 2), new PvaValue.Array<double>([3, 4])),
            ("texts", new PvaType.ScalarArray(PvaScalar.Text), new PvaValue.Array<string>(["", "b"])),
            ("point", Point, point),
            ("points", new PvaType.StructureArray(Point), new PvaValue.StructureArray([point, null])),
            ("either", Either, new PvaValue.Union(1, point)),
            ("none", Either, PvaValue.Union.None),
            ("eithers", new PvaType.UnionArray(Either), new PvaValue.UnionArray([new PvaValue.Union(0, new PvaValue.Whole(3)), null])),
            ("any", PvaType.Any.Instance, PvaValue.Any.Of(point)),
            ("nothing", PvaType.Any.Instance, PvaValue.Any.Nothing),
            ("anys", PvaType.AnyArray.Instance, new PvaValue.AnyArray(
                [new PvaValue.Any(new PvaType.Scalar(PvaScalar.Int32), new PvaValue.Whole(4)), null, PvaValue.Any.Of(point)])),
        ];
        var type = new PvaType.Structure("all_t", fields.Select(f => new PvaMember(f.Name, f.Type)).ToEquatableArray());
        return (type, new PvaValue.Structure(type, [.. fields.Select(f => f.Value)]));
    }
}
