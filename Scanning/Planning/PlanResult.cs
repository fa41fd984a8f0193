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
    public override string ToString() => $"{Where}: {What}: {Value}; allowed: {Limit}. {Action}";
}
