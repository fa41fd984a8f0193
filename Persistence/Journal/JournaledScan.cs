namespace Flyscan.Persistence.Journal;

/// <summary>A scan that a journal holds.</summary>
/// <remarks><b>Units</b> LastSequence: number of its last event; Ordering: its place among all scans, by their first event.</remarks>
public sealed record JournaledScan(string Uid, long LastSequence, long Ordering);
