using Flyscan.Scanning.Planning;
using Flyscan.Scanning.Units;

namespace Flyscan.Host.Cli;

/// <summary>What was asked cannot be done; nothing was moved or written. The text is for the user.</summary>
internal sealed class RefusedException(string message) : Exception(message)
{
    /// <summary>The planner's reasons, where it was the planner.</summary>
    public IReadOnlyList<PlanProblem> Problems { get; init; } = [];

    /// <summary>The value of an outcome that is complete; its reason, after the prefix, as a refusal where it is not.</summary>
    public static T Unless<T>(Outcome<T> outcome, string prefix = "") => outcome switch
    {
        Outcome<T>.Completed { Value: var value } => value,
        Outcome<T>.Refused { Reason: var reason } => throw new RefusedException(prefix + reason),
        _ => throw new RefusedException(prefix + outcome.Problem),
    };
}
