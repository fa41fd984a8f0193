using Flyscan.Scanning.Triggering;
using Flyscan.Scanning.Units;

namespace Flyscan.Persistence.Files;

/// <summary>Where each frame of a scan stands in the scan's own shape.</summary>
/// <remarks><b>Shapes</b> Shape and Snaked: slow to fast. A snaked dimension runs backwards on every second run, runs being counted in scan
/// order. <b>Source</b> scanspec, Path: a dimension's run is the frame's index over its inner size and its own length.</remarks>
public sealed record ScanGrid(EquatableArray<long> Shape, EquatableArray<bool> Snaked)
{
    /// <summary>How many frames the scan has.</summary>
    public long Frames => Shape.Aggregate(1L, (frames, n) => checked(frames * n));

    /// <summary>Rows of a detector's dataset at each place: more than one where it is faster than the scan.</summary>
    public long PerPlace { get; init; } = 1;

    /// <summary>The shape of such a dataset, its frames' own shape left out.</summary>
    public EquatableArray<long> RowShape => PerPlace == 1 ? Shape : Shape.Add(PerPlace);

    /// <summary>The places of a detector at a rate of its own.</summary>
    /// <remarks>One that is slower has a place for each group of frames: fast dimensions get shorter as long as they hold whole groups;
    /// where that does not come out even, its places stand one after the other.</remarks>
    public ScanGrid At(DetectorRate rate)
    {
        var shape = Shape.ToArray();
        long left = rate.Divide;
        for (var i = shape.Length - 1; i >= 0 && left > 1; i--)
        {
            var taken = left % shape[i] == 0 ? shape[i] : shape[i] % left == 0 ? left : 0;
            if (taken == 0)
                break;
            (shape[i], left) = (shape[i] / taken, left / taken);
        }
        var own = left > 1 ? new ScanGrid([Frames / rate.Divide], [false]) : this with { Shape = shape.ToEquatableArray() };
        return own with { PerPlace = rate.Multiple };
    }

    /// <exception cref="ArgumentException">The shape is empty, or the flags do not match it.</exception>
    public void Validate()
    {
        if (Shape.Count == 0 || Shape.Any(n => n < 1) || Snaked.Count != Shape.Count)
            throw new ArgumentException($"a scan of shape {Shape} with snake flags {Snaked}: each dimension needs a length ≥ 1 and a flag");
    }

    /// <summary>The frame's place in C order.</summary>
    public long PlaceOf(long frame) => PlaceOf(frame, Shape.Count);

    /// <summary>The place in C order, in the slowest dimensions only, of a run counted in scan order over those.</summary>
    internal long PlaceOf(long run, int dimensions)
    {
        long place = 0, inner = 1;
        for (var i = dimensions - 1; i >= 0; i--)
        {
            var (outer, digit) = Math.DivRem(run, Shape[i]);
            if (Snaked[i] && outer % 2 == 1)
                digit = Shape[i] - 1 - digit;
            place += digit * inner;
            inner *= Shape[i];
            run = outer;
        }

        return place;
    }
}
