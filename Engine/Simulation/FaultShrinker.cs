namespace Flyscan.Engine.Simulation;

/// <summary>Finds few faults that still make a run fail.</summary>
/// <remarks><b>Source</b> ddmin: Zeller, Hildebrandt, "Simplifying and isolating failure-inducing input", IEEE TSE 28(2), 2002.</remarks>
public static class FaultShrinker
{
    /// <summary>A part of the faults, in their order, that fails and of which no single one can be left out.</summary>
    /// <param name="faults">A list that fails.</param>
    /// <param name="fails">Whether a run with exactly these faults fails; the same for the same list.</param>
    /// <param name="mostTries">Ends the search early; the result then fails but may not be the least.</param>
    public static IReadOnlyList<T> Minimise<T>(
        IReadOnlyList<T> faults, Func<IReadOnlyList<T>, bool> fails, int mostTries = 2_000)
    {
        var left = faults.ToArray();
        var tries = 0;
        if (left.Length > 0 && Try([]))
            return [];
        for (var parts = 2; left.Length > 1;)
        {
            var smaller = Smaller(left, parts, Try);
            if (smaller is not null)
            {
                parts = smaller.Length > left.Length / parts + 1 ? Math.Max(parts - 1, 2) : 2;
                left = smaller;
            }
            else if (parts >= left.Length || tries >= mostTries)
            {
                break;
            }
            else
            {
                parts = Math.Min(left.Length, parts * 2);
            }
        }

        return left;

        bool Try(IReadOnlyList<T> some) => tries++ < mostTries && fails(some);
    }

    private static T[]? Smaller<T>(T[] faults, int parts, Func<IReadOnlyList<T>, bool> fails)
    {
        for (var i = 0; i < parts && parts > 1; i++)
        {
            var (from, to) = Bounds(faults.Length, parts, i);
            if (to - from < faults.Length && to > from && fails(faults[from..to]))
                return faults[from..to];
        }

        for (var i = 0; i < parts; i++)
        {
            var (from, to) = Bounds(faults.Length, parts, i);
            T[] rest = [.. faults[..from], .. faults[to..]];
            if (rest.Length < faults.Length && rest.Length > 0 && fails(rest))
                return rest;
        }

        return null;
    }

    private static (int From, int To) Bounds(int length, int parts, int part) =>
        ((int)((long)length * part / parts), (int)((long)length * (part + 1) / parts));
}
