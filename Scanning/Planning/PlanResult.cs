using Flyscan.Scanning.Units;

namespace Flyscan.Scanning.Planning;

/// <summary>What came of planning: a plan that is proved, or every reason why there is none.</summary>
public abstract record PlanResult
{
    private PlanResult() { }

    public sealed record Proved(ScanPlan Plan) : PlanResult;

    public sealed record Refused(EquatableArray<PlanProblem> Problems) : PlanResult;
}

/// <summary>One reason why a request cannot run on this beamline.</summary>
/// <param name="What">What is wrong.</param>
/// <param name="Where">The axis, detector, frame or member of the request.</param>
/// <param name="Value">What was asked for, or would happen.</param>
/// <param name="Limit">What is allowed.</param>
/// <param name="Action">What to do about it.</param>
public sealed record PlanProblem(string What, string Where, string Value, string Limit, string Action)
{
    /// <summary>The axis that it is about; null where it is about none.</summary>
    public string? Axis { get; init; }

    /// <summary>The frame that is run, or reached, where it happens.</summary>
    public long? Frame { get; init; }

    /// <summary>What would happen, and what is allowed, as numbers in <see cref="Unit"/>.</summary>
    public double? Measured { get; init; }

    public double? Allowed { get; init; }

    public string? Unit { get; init; }

    /// <summary>How much of what would do; null where no number says it.</summary>
    public PlanSuggestion? Suggestion { get; init; }

    public override string ToString() => $"{Where}: {What}: {Value}; allowed: {Limit}. {Action}";
}

/// <summary>Any one of these would do, but for limits next to the one that was passed.</summary>
/// <param name="SlowerBy">Frames this many times longer in time.</param>
/// <param name="ShorterBy">Frames, or the whole range, shorter in space by this part of their length.</param>
/// <param name="MoveBy">All positions of the axis moved by this much, in axis units.</param>
public sealed record PlanSuggestion(double? SlowerBy = null, double? ShorterBy = null, double? MoveBy = null);
