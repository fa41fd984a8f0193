using System.Globalization;
using System.Security.Cryptography;
using Flyscan.Hardware.Hdf5;
using Flyscan.Scanning.Specs;

namespace Flyscan.Host.Composition;

/// <summary>Reads the files of points that a spec refers to.</summary>
/// <remarks>Afterwards the spec holds each file's full path and digest, so that a resumed run knows whether it is still the same file.
/// <b>Errors</b> <see cref="SpecException"/> with file and line.</remarks>
internal static class PointFiles
{
    private const long LargestFile = 1L << 30;
    private static readonly TimeSpan HdfLimit = TimeSpan.FromSeconds(60);
    private static readonly string[] HdfNames = [".h5", ".hdf5", ".hdf", ".nxs"];

    /// <summary>The spec with its files read. Relative paths count from the folder.</summary>
    public static Spec Read(Spec spec, string folder) => SpecFiles.Resolve(spec, file => Read(file, folder));

    private static PointFile Read(PointFile file, string folder)
    {
        var path = Path.GetFullPath(file.File, Path.GetFullPath(folder));
        try
        {
            using var stream = Open(path);
            var sha256 = Convert.ToHexStringLower(SHA256.HashData(stream));
            if (file.Sha256 is { } before && !before.Equals(sha256, StringComparison.OrdinalIgnoreCase))
                throw new SpecException($"has SHA-256 {sha256[..12]}…, but the spec was made for {before}: the file has changed",
                    document: path);
            List<string> wanted = [.. file.Columns, .. new[] { file.DurationColumn, file.DelayColumn }.OfType<string>()];
            var rows = Math.Min(SpecLimits.PointRows, SpecLimits.PointValues / wanted.Count);
            var columns = IsHdf(path) ? ReadHdf(path, file.Group, wanted, rows) : ReadCsv(stream, path, file, wanted, rows);
            return file with { File = path, Sha256 = sha256, Table = TableOf(file, path, columns, sha256) };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or TimeoutException)
        {
            throw new SpecException(e.Message.StartsWith(path, StringComparison.Ordinal) ? e.Message : $"{path}: {e.Message}");
        }
    }

    private static bool IsHdf(string path) => HdfNames.Contains(Path.GetExtension(path), StringComparer.OrdinalIgnoreCase);

    private static FileStream Open(string path)
    {
        if (!File.Exists(path))
            throw new SpecException(Directory.Exists(path) ? "is a folder" : "there is no such file", document: path);
        var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        if (stream.Length <= LargestFile)
            return stream;
        var length = stream.Length;
        stream.Dispose();
        throw new SpecException($"has {length} bytes; at most {LargestFile} are read", document: path);
    }

    private static double[][] ReadCsv(FileStream stream, string path, PointFile file, List<string> columns, int rows)
    {
        if (file.Group is not null)
            throw new SpecException($"is a CSV file, but the spec names a group, {file.Group}; only HDF5 files have groups",
                document: path);
        stream.Position = 0;
        using var text = new StreamReader(stream, leaveOpen: true);
        return new PointCsv(text, path).Read(columns, rows);
    }

    // Verbs prepare a run on their own thread, with nothing else to do meanwhile.
    private static double[][] ReadHdf(string path, string? group, List<string> columns, int rows)
    {
        var reader = new ColumnReader(TimeProvider.System, HdfLimit);
        return [.. columns.Select(column =>
        {
            var dataset = $"{group?.TrimEnd('/')}/{column}";
            var values = reader.ReadAsync(path, dataset, rows, CancellationToken.None).GetAwaiter().GetResult();
            var wrong = Array.FindIndex(values, v => !double.IsFinite(v));
            return wrong < 0
                ? values
                : throw new SpecException($"{dataset}[{wrong}] is {Show(values[wrong])}, but must be a finite number", document: path);
        })];
    }

    private static PointTable TableOf(PointFile file, string path, double[][] columns, string sha256)
    {
        var next = file.Axes.Count;
        var durations = file.DurationColumn is null ? null : columns[next++];
        var delays = file.DelayColumn is null ? null : columns[next];
        Check(durations, file.DurationColumn, path, seconds => seconds is > 0 and <= SpecLimits.DurationSeconds, "above 0");
        Check(delays, file.DelayColumn, path, seconds => seconds is >= 0 and <= SpecLimits.DurationSeconds, "at least 0");
        try
        {
            return new PointTable(columns[..file.Axes.Count], durations, delays, sha256);
        }
        catch (SpecException wrong) when (wrong.Document is null)
        {
            throw new SpecException(wrong.What, document: path);
        }
    }

    private static void Check(double[]? values, string? column, string path, Predicate<double> allowed, string least)
    {
        var wrong = values is null ? -1 : Array.FindIndex(values, v => !allowed(v));
        if (wrong >= 0)
            throw new SpecException(
                $"row {wrong + 1} has {Show(values![wrong])} in column {column}, but must have {least} and at most "
                + $"{Show(SpecLimits.DurationSeconds)} seconds", document: path);
    }

    private static string Show(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}
