using Flyscan.Scanning.Runs;

namespace Flyscan.Persistence.Journal;

/// <summary>One row of a scan's journal.</summary>
public sealed record JournalEntry(long Sequence, string Manifest, ScanEvent Event);
