using System.Globalization;
using Flyscan.Scanning.Runs;

namespace Flyscan.Tests.Host.Acceptance;

/// <summary>Where processes are killed: the whole list, and the part of it that fits into every test run.</summary>
internal static class Kills
{
    /// <summary>Set by <c>./flyscan soak</c>: the whole list.</summary>
    public static readonly bool IsSoak = Environment.GetEnvironmentVariable("FLYSCAN_SOAK") == "1";

    /// <summary>Kinds of event that a run without trouble journals.</summary>
    public static readonly string[] Uneventful =
    [
        nameof(ScanEvent.ScanSubmitted), nameof(ScanEvent.SupervisorTookOver), nameof(ScanEvent.SettingsFound),
        nameof(ScanEvent.SegmentOpened), nameof(ScanEvent.Staged), nameof(ScanEvent.OuterPointReached),
        nameof(ScanEvent.ProgrammeDownloaded), nameof(ScanEvent.Armed), nameof(ScanEvent.HandedOver), nameof(ScanEvent.FlightStarted),
        nameof(ScanEvent.TookBack), nameof(ScanEvent.BlockReconciled), nameof(ScanEvent.FramesCommitted), nameof(ScanEvent.Unstaged),
        nameof(ScanEvent.Finished),
    ];

    /// <summary>Kinds that a successor journals when the beamline lost power in flight.</summary>
    public static readonly string[] Recovering =
    [
        nameof(ScanEvent.SupervisorTookOver), nameof(ScanEvent.TookBack), nameof(ScanEvent.BlockReconciled),
        nameof(ScanEvent.FramesRejected), nameof(ScanEvent.SegmentOpened), nameof(ScanEvent.Staged), nameof(ScanEvent.Rewound),
        nameof(ScanEvent.HandedOver), nameof(ScanEvent.FramesCommitted), nameof(ScanEvent.Unstaged),
    ];

    /// <summary>Around the first event of each kind; in the whole list around the second of those that come twice as well.</summary>
    public static IEnumerable<(string At, bool BeamlineSurvives)> AtEvents()
    {
        foreach (var (i, kind) in Uneventful.Index())
        {
            foreach (var survives in new[] { true, false })
            {
                // Every test run has each kind once: before or after it, with the beamline or without, in turn. The soak has them all.
                if (IsSoak || (survives == (i % 2 == 0) && i % 4 < 2))
                    yield return ($"{kind}:after", survives);
                if (IsSoak || (survives == (i % 2 == 0) && i % 4 >= 2))
                    yield return ($"{kind}:before", survives);
                if (!IsSoak || kind is nameof(ScanEvent.ScanSubmitted) or nameof(ScanEvent.SupervisorTookOver)
                    or nameof(ScanEvent.Unstaged) or nameof(ScanEvent.Finished))
                    continue;
                yield return ($"{kind}:before:2", survives);
                yield return ($"{kind}:after:2", survives);
            }
        }
    }

    /// <summary>The successor is killed as well: a few of them in every test run, all in the soak.</summary>
    public static IEnumerable<string> OfSuccessors()
    {
        foreach (var (i, kind) in Recovering.Index())
        {
            if (IsSoak || i % 8 == 0)
                yield return $"{kind}:before";
            if (IsSoak || i % 8 == 3)
                yield return $"{kind}:after";
        }
    }

    /// <summary>Seeds of kills at any moment.</summary>
    public static IEnumerable<(int Seed, bool BeamlineSurvives)> AtAnyMoment() =>
        from seed in Enumerable.Range(1, IsSoak ? 20 : 1)
        from survives in new[] { true, false }
        select (seed, survives);

    /// <summary>When a seed kills, after the beamline has begun to listen; the twenty spread over the whole run.</summary>
    public static TimeSpan DelayOf(int seed) => TimeSpan.FromSeconds((seed * 7 % 20 + new Seeded((ulong)seed).NextDouble()) / 20 * 6);

    public static string Seconds(TimeSpan time) => time.TotalSeconds.ToString("0.000 s", CultureInfo.InvariantCulture);
}
