namespace Flyscan.Scanning.Specs;

/// <summary>A serialisable scan definition, JSON compatible with scanspec 1.x; the closed family of types in this folder.</summary>
/// <remarks>
/// Constructors check nothing: <see cref="SpecJson.Parse(ReadOnlySpan{byte}, string)"/> and <c>ScanPath.Of</c> refuse
/// what makes no scan, and name the place.
/// </remarks>
public abstract record Spec
{
    private protected Spec()
    {
    }
}
