using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Contracts;

/// <summary>Reads back what dead writers left.</summary>
public interface ISegmentSalvage
{
    /// <summary>The number of a recorder's next segment file: one once used in a run folder is never used again, whoever used
    /// it.</summary>
    int NextNumber(string runFolder, string recorder);

    /// <summary>Makes the file an ordinary one that others can open, and says which triggers it holds, by its identity dataset.
    /// Nothing in it is deleted. A file that does not exist holds nothing.</summary>
    /// <remarks><b>Errors</b> <see cref="Outcome{T}.Failed"/> naming the file and the cause; <see cref="Outcome{T}.TimedOut"/> when
    /// reading hangs.</remarks>
    Task<Outcome<EquatableArray<SegmentRun>>> SalvageAsync(string runFolder, SegmentState segment, CancellationToken cancel);

    /// <summary>When the exposures in rows [position, position + count) of a dead writer's segment began.</summary>
    /// <remarks><b>Units</b> nanoseconds since 1970 by the recorder's clock. <b>Errors</b> as above, and Failed where the segment has no
    /// time stamps or no clock zero.</remarks>
    Task<Outcome<EquatableArray<long>>> ExposureStartsAsync(
        string runFolder, SegmentState segment, long position, long count, CancellationToken cancel);

    /// <summary>Values of a dead writer's segment in a dataset with this key, rows [position, position + count).</summary>
    /// <remarks><b>Units</b> the dataset's. <b>Errors</b> as above, and Failed where the segment has no such dataset.</remarks>
    Task<Outcome<EquatableArray<double>>> CapturedAsync(
        string runFolder, SegmentState segment, string column, long position, long count, CancellationToken cancel) =>
        Task.FromResult<Outcome<EquatableArray<double>>>(
            new Outcome<EquatableArray<double>>.Failed($"{segment.Segment.Path}: {column} cannot be read back"));
}
