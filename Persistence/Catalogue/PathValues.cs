namespace Flyscan.Persistence.Catalogue;

/// <summary>What a path template can name; null where the request does not say.</summary>
public sealed record PathValues(string Uid, string? Visit, long? Scan, string? Operator);
