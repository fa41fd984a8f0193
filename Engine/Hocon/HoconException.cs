namespace Flyscan.Hocon;

/// <summary>Where a value was written.</summary>
/// <remarks><b>Units</b> Line and Column count from 1; 0 where there is no text, as for a value of the environment.</remarks>
public readonly record struct HoconOrigin(string File, int Line, int Column)
{
    public override string ToString() => Line > 0 ? $"{File}:{Line}" : File;
}

/// <summary>A configuration text cannot be read: the message says where, what was found and what was expected.</summary>
public sealed class HoconException(HoconOrigin origin, string problem)
    : Exception(origin.Line > 0 ? $"{origin.File}:{origin.Line}:{origin.Column}: {problem}" : $"{origin.File}: {problem}")
{
    public HoconOrigin Origin { get; } = origin;

    /// <summary>The message without the place.</summary>
    public string Problem { get; } = problem;
}
