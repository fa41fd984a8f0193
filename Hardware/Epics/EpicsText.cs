using System.Text;

namespace Flyscan.Hardware.Epics;

/// <summary>Texts as records hold them: bytes that end at the first zero.</summary>
internal static class EpicsText
{
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    /// <summary>UTF-8, or Latin-1 where the bytes are not that: older databases write µ and ° so.</summary>
    public static string Read(ReadOnlySpan<byte> bytes)
    {
        var end = bytes.IndexOf((byte)0);
        if (end >= 0)
            bytes = bytes[..end];
        if (System.Text.Ascii.IsValid(bytes))
            return Encoding.ASCII.GetString(bytes);
        try
        {
            return Strict.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            return Encoding.Latin1.GetString(bytes);
        }
    }

    public static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    /// <summary>Writes as much as fits with a zero behind it, and fills the rest with zeros.</summary>
    public static void Write(string text, Span<byte> to)
    {
        to.Clear();
        Encoding.UTF8.TryGetBytes(text, to[..^1], out var written);
        if (written == 0 && text.Length > 0)
            Bytes(text).AsSpan()[..Math.Min(to.Length - 1, Encoding.UTF8.GetByteCount(text))].CopyTo(to);
    }
}
