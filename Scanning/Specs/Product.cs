namespace Flyscan.Scanning.Specs;

/// <summary>Runs all of Inner at each frame of Outer.</summary>
/// <remarks>
/// One side may be a <see cref="Repeat"/>: outside it repeats the whole, inside it repeats each point. Gap false joins the
/// passes of a repeated snaked inner without a gap; it has no meaning otherwise.
/// </remarks>
public sealed record Product(Spec Outer, Spec Inner, bool Gap = true) : Spec;
