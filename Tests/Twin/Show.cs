using Flyscan.Scanning.Runs;

namespace Flyscan.Twin;

/// <summary>Facts as one line of a trace.</summary>
internal static class Show
{
    private const int Longest = 200;

    public static string Event(ScanEvent happened)
    {
        var text = happened switch
        {
            ScanEvent.ScanSubmitted e => $"ScanSubmitted {e.Frames} frames",
            ScanEvent.SegmentOpened e => $"SegmentOpened {e.Segment.Path} of {e.Session} from trigger {e.FirstTrigger}",
            ScanEvent.Staged e => $"Staged {string.Join(", ", e.Devices.Select(d => $"{d.Device} {d.Session}"))}",
            ScanEvent.BlockReconciled e => $"BlockReconciled take {e.Take} {e.Block} bad [{string.Join(", ", e.Bad)}] {e.Cause}",
            ScanEvent.FramesCommitted e => $"FramesCommitted {e.Frames} {string.Join(", ", e.Extents)}",
            _ => happened.ToString(),
        };
        return text.Length <= Longest ? text : text[..Longest] + "…";
    }

    /// <summary>A fault as C#, to be put into a test as it is.</summary>
    public static string Code(object fault)
    {
        var type = fault.GetType();
        var values = type.GetConstructors().OrderByDescending(c => c.GetParameters().Length).First().GetParameters()
            .Select(p => type.GetProperty(p.Name!)!.GetValue(fault)!)
            .Select(value => value switch
            {
                TwinMoment moment => $"new(\"{moment.Phase}\", {moment.Nth}, {moment.AfterNs})",
                string text => $"\"{text}\"",
                _ => value.ToString(),
            });
        return $"new {(fault is TwinFault ? nameof(TwinFault) : "Fault")}.{type.Name}({string.Join(", ", values)})";
    }

    public static string Last(IReadOnlyList<ScanEvent> journal) => string.Join(" | ", journal.TakeLast(3).Select(Event));

    public static string Holds(ScanState state) => string.Join("; ", state.Holds.Select(h => $"{h.Key}: {h.Value}"));
}
