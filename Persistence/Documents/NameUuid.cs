using System.Security.Cryptography;
using System.Text;

namespace Flyscan.Persistence.Documents;

/// <summary>Name-based UUIDs, version 5: the same run, kind and number always have the same id, so a projection can be repeated.</summary>
/// <remarks><b>Source</b> RFC 9562, section 5.5.</remarks>
public static class NameUuid
{
    private static readonly Guid Flyscan = new("6f2b9d54-2c0e-5b7a-9c3d-0d6f1f7a4e21");

    /// <summary>The id of something of a run, such as kind <c>descriptor</c>, name <c>primary</c>.</summary>
    public static string Of(string runUid, string kind, string name) => Create(Flyscan, $"{runUid}/{kind}/{name}").ToString("D");

    /// <summary>The version 5 UUID of a name in a namespace.</summary>
    public static Guid Create(Guid space, string name)
    {
        var text = Encoding.UTF8.GetBytes(name);
        var input = new byte[16 + text.Length];
        space.TryWriteBytes(input, bigEndian: true, out _);
        text.CopyTo(input, 16);
        var digest = SHA1.HashData(input).AsSpan(0, 16);
        digest[6] = (byte)((digest[6] & 0x0F) | 0x50);
        digest[8] = (byte)((digest[8] & 0x3F) | 0x80);
        return new Guid(digest, bigEndian: true);
    }
}
