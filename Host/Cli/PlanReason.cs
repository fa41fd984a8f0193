using Flyscan.Scanning.Planning;

namespace Flyscan.Host.Cli;

/// <summary>A reason why a scan cannot run, as <c>--json</c> says it; numbers are null where there is none.</summary>
/// <remarks><b>Units</b> Measured, Allowed: Unit; SlowerBy: times as long; ShorterBy: part of the length; MoveBy: axis units.</remarks>
internal sealed record PlanReason(
    string What, string Where, string Value, string Limit, string Action, string? Axis, long? Frame, double? Measured, double? Allowed,
    string? Unit, double? SlowerBy, double? ShorterBy, double? MoveBy)
{
    /// <summary>Null where the planner had no part in it.</summary>
    public static IReadOnlyList<PlanReason>? Of(IReadOnlyList<PlanProblem>? problems) => problems is { Count: > 0 }
        ? [.. problems.Select(p => new PlanReason(
            p.What, p.Where, p.Value, p.Limit, p.Action, p.Axis, p.Frame, p.Measured, p.Allowed, p.Unit, p.Suggestion?.SlowerBy,
            p.Suggestion?.ShorterBy, p.Suggestion?.MoveBy))]
        : null;
}
