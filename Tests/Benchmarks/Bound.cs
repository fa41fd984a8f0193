using System.Globalization;
using Flyscan.Host.Time;

namespace Flyscan.Benchmarks;

/// <summary>What a folder takes from one thread that writes pieces of a chunk's size and does nothing else.</summary>
internal sealed class Bound(string folder)
{
    private const int PieceBytes = 128 * 1024;
    private readonly SystemClock _clock = new();
    private double _before;

    /// <summary>Before the case.</summary>
    public void Measure(long bytes) => _before = Write(bytes);

    /// <summary>After it, with as many bytes as it left in its file: the file's rate beside both.</summary>
    public string Compare(string file, double seconds)
    {
        var bytes = new FileInfo(file).Length;
        File.Delete(file);
        var after = Write(bytes);
        var rate = seconds > 0 ? bytes / seconds : 0;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"; file of {bytes / 1e6:0} MB{(seconds > 0 ? $" at {rate / 1e6:0} MB/s" : "")}, bare writes before {_before / 1e6:0} MB/s, "
                + $"after {after / 1e6:0} MB/s{(seconds > 0 ? $": {rate / _before:0.00} and {rate / after:0.00} of them" : "")}");
    }

    private double Write(long bytes)
    {
        var path = Path.Combine(folder, $"flyscan-bound-{Environment.ProcessId}");
        var piece = new byte[PieceBytes];
        Array.Fill(piece, (byte)0x5a);
        var began = _clock.NowNs;
        using (var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write))
            for (long at = 0; at < bytes; at += PieceBytes)
                RandomAccess.Write(file, piece, at);
        var took = (_clock.NowNs - began) / 1e9;
        File.Delete(path);
        return bytes / took;
    }
}
