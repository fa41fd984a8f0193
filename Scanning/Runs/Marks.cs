using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Flyscan.Scanning.Runs;

/// <summary>The one place where take marks are made.</summary>
public static class Marks
{
    /// <summary>The number that stands for this take on devices: the same for the same scan and take, never 0, positive.</summary>
    public static TakeMark Of(string uid, int take)
    {
        var digest = SHA256.HashData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{uid}:{take}")));
        return new TakeMark((BinaryPrimitives.ReadInt32LittleEndian(digest) & int.MaxValue) | 1);
    }
}
