using Flyscan.Scanning.Planning;

namespace Flyscan.Hardware.Simulation;

/// <summary>An encoder on an axis: counts of where the axis was a lag ago.</summary>
/// <remarks>counts = round((position − Offset) / Scale); saturates at the ends of 32 bits. <b>Units</b> lagNs: nanoseconds.</remarks>
internal sealed class TrackEncoder : ICountSignal
{
    private readonly CubicTrack _track;
    private readonly double _scale;
    private readonly double _offset;
    private readonly long _lagNs;

    public TrackEncoder(CubicTrack track, EncoderDescription encoder, long lagNs)
    {
        (_track, _scale, _offset, _lagNs) = (track, encoder.Scale, encoder.Offset, lagNs);
        track.Changed += () => CourseChanged?.Invoke();
    }

    public event Action? CourseChanged;

    public int At(long timeNs) => Count(_track.PositionAt(timeNs - _lagNs));

    public double Mean(long fromNs, long toNs)
    {
        if (toNs <= fromNs)
            return At(fromNs);
        var sum = 0.0;
        foreach (var piece in _track.Pieces(fromNs - _lagNs, toNs - _lagNs))
            sum += piece.Integral();
        return (sum / (toNs - fromNs) - _offset) / _scale;
    }

    public (int Least, int Greatest) Range(long fromNs, long toNs)
    {
        var (least, greatest) = (At(fromNs), At(fromNs));
        void Include(int count) => (least, greatest) = (Math.Min(least, count), Math.Max(greatest, count));
        Include(At(toNs));
        foreach (var piece in _track.Pieces(fromNs - _lagNs, toNs - _lagNs))
        {
            Include(Count(piece.To.Position));
            foreach (var turn in piece.TurningTimes())
                Include(Count(piece.PositionAt(turn)));
        }
        return (least, greatest);
    }

    public long? NextReach(int threshold, bool ascending, long fromNs)
    {
        bool Reached(long timeNs) => ascending ? At(timeNs) >= threshold : At(timeNs) <= threshold;
        if (Reached(fromNs))
            return fromNs;
        var endNs = _track.RestsFromNs + _lagNs;
        foreach (var piece in _track.Pieces(fromNs - _lagNs, endNs - _lagNs))
        {
            if (!MayReach(piece, threshold, ascending))
                continue;
            var from = piece.From.TimeNs + _lagNs;
            // A turn lies between two nanoseconds: both are ends of a stretch on which the counts are monotonic.
            foreach (var turn in piece.TurningTimes().SelectMany(t => new[] { t, t + 1 }).Append(piece.To.TimeNs))
            {
                var to = Math.Min(turn, piece.To.TimeNs) + _lagNs;
                if (Reached(to))
                    return Bisect(from, to, Reached);
                from = to;
            }
        }
        return null;
    }

    private static long Bisect(long notYet, long reached, Func<long, bool> isReached)
    {
        while (reached - notYet > 1)
        {
            var middle = notYet + (reached - notYet) / 2;
            (notYet, reached) = isReached(middle) ? (notYet, middle) : (middle, reached);
        }
        return reached;
    }

    private bool MayReach(CubicPiece piece, int threshold, bool ascending)
    {
        var (a, b) = piece.Hull();
        // One count of room for rounding.
        return ascending
            ? Math.Max((a - _offset) / _scale, (b - _offset) / _scale) >= threshold - 1
            : Math.Min((a - _offset) / _scale, (b - _offset) / _scale) <= threshold + 1;
    }

    private int Count(double position) =>
        (int)Math.Clamp(Math.Floor((position - _offset) / _scale + 0.5), int.MinValue, int.MaxValue);
}
