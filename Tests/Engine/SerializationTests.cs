using System.Text;
using Akka.Actor;
using Akka.Configuration;
using Akka.Serialization;
using Xunit;

namespace Flyscan.Tests.Engine;

/// <summary>Which serialiser serves which class, by the configuration.</summary>
public sealed class SerializationTests : PatientTestKit
{
    public SerializationTests()
        : base(ConfigurationFactory.ParseString(
            $$"""
            akka.actor {
              serializers {
                shapes = "{{Name(typeof(ShapeSerializer))}}"
                squares = "{{Name(typeof(SquareSerializer))}}"
              }
              serialization-bindings {
                "{{Name(typeof(IShape))}}" = shapes
                "{{Name(typeof(Square))}}" = squares
              }
              serialization-identifiers { "{{Name(typeof(SquareSerializer))}}" = 9012 }
            }
            """))
    {
    }

    public interface IShape;

    [Fact]
    public void An_interface_s_serialiser_serves_its_classes_unless_one_has_its_own()
    {
        Assert.IsType<ShapeSerializer>(Sys.Serialization.FindSerializerFor(new Circle(1)));
        Assert.IsType<SquareSerializer>(Sys.Serialization.FindSerializerFor(new Square(2)));
    }

    [Fact]
    public void Identifiers_come_from_the_class_or_from_the_configuration()
    {
        Assert.Equal(9011, Sys.Serialization.FindSerializerFor(new Circle(1)).Identifier);
        Assert.Equal(9012, Sys.Serialization.FindSerializerFor(new Square(2)).Identifier);
    }

    [Fact]
    public void What_is_written_is_read_by_identifier_and_manifest()
    {
        var serializer = (SerializerWithStringManifest)Sys.Serialization.FindSerializerFor(new Circle(3));
        var bytes = serializer.ToBinary(new Circle(3));

        Assert.Equal("circle/1", serializer.Manifest(new Circle(3)));
        Assert.Equal(new Circle(3), Sys.Serialization.Deserialize(bytes, 9011, "circle/1"));
    }

    private static string Name(Type type) => $"{type.FullName}, {type.Assembly.GetName().Name}";

    public sealed record Circle(int Radius) : IShape;

    public sealed record Square(int Side) : IShape;

    public sealed class ShapeSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
    {
        public override int Identifier => 9011;

        public override string Manifest(object o) => o is Circle ? "circle/1" : throw new ArgumentException($"{o} is no circle");

        public override byte[] ToBinary(object obj) => Encoding.UTF8.GetBytes($"{((Circle)obj).Radius}");

        public override object FromBinary(byte[] bytes, string manifest) => new Circle(int.Parse(Encoding.UTF8.GetString(bytes)));
    }

    public sealed class SquareSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
    {
        public override string Manifest(object o) => "square/1";

        public override byte[] ToBinary(object obj) => Encoding.UTF8.GetBytes($"{((Square)obj).Side}");

        public override object FromBinary(byte[] bytes, string manifest) => new Square(int.Parse(Encoding.UTF8.GetString(bytes)));
    }
}
