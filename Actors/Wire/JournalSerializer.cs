using System.Text;
using System.Text.Json;
using Akka.Actor;
using Akka.Serialization;
using Flyscan.Actors.Scans;
using Flyscan.Persistence.Codecs;
using Flyscan.Scanning.Runs;

namespace Flyscan.Actors.Wire;

/// <summary>Gives journal events to the engine: manifests and bytes are those of <see cref="ScanEventCodec"/>, unchanged on both
/// engines.</summary>
public sealed class JournalSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
{
    private const string Granted = "beamline.authority-granted/1";

    public override int Identifier => ScanEventCodec.SerialiserId;

    public override string Manifest(object o) => o switch
    {
        ScanEvent e => ScanEventCodec.ManifestOf(e),
        AuthorityGranted => Granted,
        _ => throw new ArgumentException($"{o.GetType()} is no journal event."),
    };

    public override byte[] ToBinary(object obj) => obj switch
    {
        ScanEvent e => ScanEventCodec.Encode(e),
        AuthorityGranted e => Encoding.UTF8.GetBytes($"{{\"uid\":\"{JsonEncodedText.Encode(e.Uid)}\"}}"),
        _ => throw new ArgumentException($"{obj.GetType()} is no journal event."),
    };

    public override object FromBinary(byte[] bytes, string manifest)
    {
        if (manifest != Granted)
            return ScanEventCodec.Decode(manifest, bytes);
        using var document = JsonDocument.Parse(bytes);
        return new AuthorityGranted(document.RootElement.GetProperty("uid").GetString()!);
    }
}
