using System.Globalization;
using System.Text;

namespace Flyscan.Hardware.Simulation.Line;

/// <summary>Words of a line: percent-encoded, so that none holds a space or a line end.</summary>
internal static class LineText
{
    /// <summary>First word of the line that a server sends at once.</summary>
    public const string Version = "flyscan-virtual/1";

    public static byte[] Encode(IEnumerable<string> words) =>
        Encoding.ASCII.GetBytes(string.Join(' ', words.Select(Uri.EscapeDataString)) + "\n");

    public static byte[] Encode(LineReply reply) =>
        Encode([Number(reply.Id), reply.Ending.ToString().ToLowerInvariant(), .. reply.Values]);

    /// <summary>The line that a server sends at once.</summary>
    public static byte[] EncodeVersion(string world) => [.. Encoding.ASCII.GetBytes($"{Version} "), .. Encode([world])];

    /// <summary>The star stands bare: percent-encoding would hide it.</summary>
    public static byte[] Encode(LineNotification notification) =>
        [(byte)'*', (byte)' ', .. Encode([notification.Device, notification.Topic, .. notification.Values])];

    public static string[] Words(string line) => [.. line.Split(' ').Select(Uri.UnescapeDataString)];

    public static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    /// <summary>Shortest text that reads back as the same number.</summary>
    public static string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    public static bool TryLong(string word, out long value) =>
        long.TryParse(word, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value);

    public static bool TryDouble(string word, out double value) =>
        double.TryParse(word, NumberStyles.Float, CultureInfo.InvariantCulture, out value);
}
