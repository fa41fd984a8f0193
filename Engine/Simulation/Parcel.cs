using System.Globalization;
using Akka.Actor;

namespace Flyscan.Engine.Simulation;

/// <summary>A message or event as it leaves its process: bytes of the engine's serialisation, or one of the few things that every
/// engine can carry.</summary>
internal abstract record Parcel
{
    private Parcel()
    {
    }

    /// <summary>The same for equal content, in every process.</summary>
    internal abstract ulong Hash { get; }

    /// <summary>Packs what is to leave; throws where no serialiser is bound for it.</summary>
    internal static Parcel Pack(Life life, object message)
    {
        switch (message)
        {
            case string or int or long:
                return new Plain(message);
            case PoisonPill or Kill:
                return new Plain(message);
            case IActorRef actor:
                return new Reference(life.Export(actor));
            case Identify identify:
                return new Question(Pack(life, identify.MessageId));
            case ActorIdentity identity:
                return new Identity(Pack(life, identity.MessageId), identity.Subject is null ? null : life.Export(identity.Subject));
            case Status.Success success:
                return new Succeeded(success.Status is null ? null : Pack(life, success.Status));
            case Status.Failure failure:
                return new Failed($"{failure.Cause.GetType().Name}: {failure.Cause.Message}");
            default:
                var serializer = life.System!.Serialization.FindSerializerFor(message);
                var manifest = Akka.Serialization.Serialization.ManifestFor(serializer, message);
                return new Bytes(serializer.Identifier, manifest, [.. serializer.ToBinary(message)]);
        }
    }

    /// <summary>What it is at its receiver.</summary>
    internal abstract object Open(Life life);

    private sealed record Plain(object Value) : Parcel
    {
        internal override ulong Hash => StableHash.Of(Convert.ToString(Value, CultureInfo.InvariantCulture)!);

        internal override object Open(Life life) => Value;
    }

    private sealed record Reference(string Path) : Parcel
    {
        internal override ulong Hash => StableHash.Of(Path);

        internal override object Open(Life life) => life.Import(Path);
    }

    private sealed record Question(Parcel Id) : Parcel
    {
        internal override ulong Hash => Id.Hash + 1;

        internal override object Open(Life life) => new Identify(Id.Open(life));
    }

    private sealed record Identity(Parcel Id, string? Path) : Parcel
    {
        internal override ulong Hash => StableHash.Join(Id.Hash, StableHash.Of(Path ?? ""));

        internal override object Open(Life life) => new ActorIdentity(Id.Open(life), Path is null ? null : life.Import(Path));
    }

    private sealed record Succeeded(Parcel? Value) : Parcel
    {
        internal override ulong Hash => Value?.Hash ?? 2;

        internal override object Open(Life life) => new Status.Success(Value?.Open(life));
    }

    /// <summary>An exception's text crosses, its type does not.</summary>
    private sealed record Failed(string Text) : Parcel
    {
        internal override ulong Hash => StableHash.Of(Text);

        internal override object Open(Life life) => new Status.Failure(new RemoteFailureException(Text));
    }

    private sealed record Bytes(int Serializer, string Manifest, byte[] Content) : Parcel
    {
        internal override ulong Hash => StableHash.Join(StableHash.Of(Manifest), StableHash.Of(Content));

        internal override object Open(Life life) => life.System!.Serialization.Deserialize([.. Content], Serializer, Manifest);

        public override string ToString() => $"serializer {Serializer}, manifest '{Manifest}', {Content.Length} bytes";
    }
}

/// <summary>A failure on another node, known by its text.</summary>
public sealed class RemoteFailureException(string message) : Exception(message);
