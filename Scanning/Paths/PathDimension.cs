namespace Flyscan.Scanning.Paths;

/// <summary>One dimension of a path: axes that advance together.</summary>
/// <remarks>HasBounds: the axes move through each frame (flown). Snaked: every other pass runs in reverse.</remarks>
public sealed record PathDimension(long Length, IReadOnlyList<string> Axes, bool Snaked, bool HasBounds, bool HasDuration);
