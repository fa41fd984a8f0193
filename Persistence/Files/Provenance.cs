using System.Runtime.InteropServices;
using Flyscan.Hardware.Hdf5;

namespace Flyscan.Persistence.Files;

/// <summary>Writes which frames stand where, and which were rewound over: tables as one dataset per column.</summary>
internal sealed class Provenance(HdfFile file, MasterFileContent content)
{
    public async Task WriteAsync(CancellationToken cancel)
    {
        const string Segments = "/entry/provenance/segments";
        await file.GroupAsync(Segments, "NXcollection", cancel);
        await file.WriteTextsAsync($"{Segments}/recorder", [.. content.Segments.Select(segment => segment.Recorder)], cancel);
        await WriteAsync($"{Segments}/number", content.Segments.Select(segment => (long)segment.Number), cancel);
        await file.WriteTextsAsync($"{Segments}/path", [.. content.Segments.Select(segment => segment.Path)], cancel);

        const string Extents = "/entry/provenance/extents";
        await file.GroupAsync(Extents, "NXcollection", cancel);
        await file.WriteTextsAsync($"{Extents}/recorder", [.. content.Committed.Select(extent => extent.Recorder)], cancel);
        await WriteAsync($"{Extents}/segment", content.Committed.Select(extent => (long)extent.Segment), cancel);
        await WriteAsync($"{Extents}/frame", content.Committed.Select(extent => extent.Frame), cancel);
        await WriteAsync($"{Extents}/count", content.Committed.Select(extent => extent.Count), cancel);
        await WriteAsync($"{Extents}/position", content.Committed.Select(extent => extent.Position), cancel);

        const string Superseded = "/entry/provenance/superseded";
        await file.GroupAsync(Superseded, "NXcollection", cancel);
        await WriteAsync($"{Superseded}/first", content.Superseded.Select(range => range.Frames.First), cancel);
        await WriteAsync($"{Superseded}/end", content.Superseded.Select(range => range.Frames.End), cancel);
        await file.WriteTextsAsync($"{Superseded}/cause", [.. content.Superseded.Select(range => range.Cause)], cancel);
    }

    private Task WriteAsync(string path, IEnumerable<long> column, CancellationToken cancel)
    {
        var values = column.ToArray();
        return file.WriteAsync(path, "<i8", MemoryMarshal.AsBytes<long>(values).ToArray(), [values.Length], cancel);
    }
}
