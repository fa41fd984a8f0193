using Flyscan.Scanning.Runs;

namespace Flyscan.Persistence.Catalogue;

/// <summary>Where a run's time went while nothing flew, by the journal's times.</summary>
/// <remarks>Each step of the scan ends an interval that began with the step before it; time under a hold counts as <c>hold</c> and for
/// nothing else. Records that overlap other steps (reconciled, committed) end no interval, nor does anything before a flight is taken back,
/// so that the next programme's download or a supervisor's recovery beside a flight costs nothing.</remarks>
internal static class DeadTime
{
    public static Dictionary<string, long> Of(IReadOnlyList<ScanEvent> events)
    {
        var byCause = new Dictionary<string, long>();
        var holds = new SortedSet<string>(StringComparer.Ordinal);
        var since = events[0].AtNs;
        long held = 0;
        long heldSince = 0;
        var flying = false;
        foreach (var e in events)
        {
            switch (e)
            {
                case ScanEvent.HoldSet set when holds.Add(set.Hold) && holds.Count == 1:
                    heldSince = e.AtNs;
                    break;
                case ScanEvent.HoldCleared cleared when holds.Remove(cleared.Hold) && holds.Count == 0:
                    held += e.AtNs - Math.Max(heldSince, since);
                    break;
            }
            if (CauseOf(e) is not { } cause || (flying && e is not (ScanEvent.TookBack or ScanEvent.Unstaged or ScanEvent.Finished)))
                continue;
            if (holds.Count > 0)
                held += e.AtNs - Math.Max(heldSince, since);
            if (!flying)
            {
                Add(cause, e.AtNs - since - held);
                Add("hold", held);
            }
            (since, held, flying) = (e.AtNs, 0, e is ScanEvent.FlightStarted);
        }
        return byCause;

        void Add(string cause, long ns)
        {
            if (ns > 0)
                byCause[cause] = byCause.GetValueOrDefault(cause) + ns;
        }
    }

    private static string? CauseOf(ScanEvent e) => e switch
    {
        ScanEvent.Staged or ScanEvent.SegmentOpened => "staging",
        ScanEvent.OuterPointReached => "outer_move",
        ScanEvent.ProgrammeDownloaded => "download",
        ScanEvent.Armed => "arm",
        ScanEvent.HandedOver or ScanEvent.FlightStarted => "handover",
        ScanEvent.TookBack => "take_back",
        ScanEvent.SupervisorTookOver => "recovery",
        ScanEvent.Unstaged or ScanEvent.Finished => "unstaging",
        _ => null,
    };
}
