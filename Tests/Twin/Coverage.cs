using System.Globalization;
using System.Text;
using Flyscan.Scanning.Runs;

namespace Flyscan.Twin;

/// <summary>How often each fault met each phase, and how scans ended.</summary>
internal sealed class Coverage
{
    private readonly Dictionary<(string Phase, string Kind), long> _hits = [];
    private readonly SortedDictionary<string, long> _ends = new(StringComparer.Ordinal);

    public void Hit(string phase, string kind) => _hits[(phase, kind)] = _hits.GetValueOrDefault((phase, kind)) + 1;

    public void Scan(ScanStatus? status)
    {
        var name = status?.ToString() ?? "never";
        _ends[name] = _ends.GetValueOrDefault(name) + 1;
    }

    public void Add(Coverage other)
    {
        foreach (var (key, count) in other._hits)
            _hits[key] = _hits.GetValueOrDefault(key) + count;
        foreach (var (key, count) in other._ends)
            _ends[key] = _ends.GetValueOrDefault(key) + count;
    }

    /// <summary>Pairs that never met and could have.</summary>
    public IReadOnlyList<string> Missing(IReadOnlySet<string> kinds) =>
    [
        .. from kind in FaultMaker.KindsAtPhases.Where(kinds.Contains)
           from phase in FaultMaker.Phases
           where !_hits.ContainsKey((phase, kind)) && ImpossiblePairs.Why(phase, kind) is null
           select $"{kind} in {phase}",
    ];

    /// <summary>A table: a row for each fault, a column for each phase.</summary>
    public string Table(IReadOnlySet<string> kinds)
    {
        var text = new StringBuilder();
        text.AppendLine("| fault | " + string.Join(" | ", FaultMaker.Phases) + " |");
        text.AppendLine("| --- |" + string.Concat(FaultMaker.Phases.Select(_ => " ---: |")));
        foreach (var kind in FaultMaker.KindsAtPhases.Where(kinds.Contains))
            text.AppendLine($"| {kind} | " + string.Join(" | ", FaultMaker.Phases.Select(p => Cell(p, kind))) + " |");
        text.AppendLine();
        var whole = FaultMaker.KindsFromStart.Where(kinds.Contains)
            .Select(k => string.Create(CultureInfo.InvariantCulture, $"{_hits.GetValueOrDefault((TwinMoment.Start.Phase, k))} with {k}"));
        text.AppendLine("Whole scans: " + string.Join(", ", whole));
        var ends = _ends.Select(e => string.Create(CultureInfo.InvariantCulture, $"{e.Value} {e.Key}"));
        text.AppendLine("Scans: " + string.Join(", ", ends));
        return text.ToString();
    }

    private string Cell(string phase, string kind) => _hits.TryGetValue((phase, kind), out var hits)
        ? hits.ToString(CultureInfo.InvariantCulture)
        : ImpossiblePairs.Why(phase, kind) is null ? "0" : "–";
}

/// <summary>Pairs of phase and fault that cannot be.</summary>
internal static class ImpossiblePairs
{
    /// <summary>All of them, with the reason.</summary>
    public static string Text { get; } = string.Join('\n',
        from kind in FaultMaker.KindsAtPhases
        from phase in FaultMaker.Phases
        where Why(phase, kind) is not null
        select $"– {kind} in {phase} cannot be: {Why(phase, kind)}");

    /// <summary>Why the fault cannot meet the phase; null where it can.</summary>
    public static string? Why(string phase, string kind) => (phase, kind) switch
    {
        ("Ended", "failed write" or "slow write") => "nothing is written after the end",
        _ => null,
    };
}
