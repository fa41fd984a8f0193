namespace Flyscan.Scanning.Specs;

/// <summary>Runs Left, then Right, as one dimension.</summary>
/// <remarks>Gap forces a gap at the join even where the pieces touch.</remarks>
public sealed record Concat(Spec Left, Spec Right, bool Gap = false, bool CheckPathChanges = true) : Spec;
