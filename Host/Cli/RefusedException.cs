namespace Flyscan.Host.Cli;

/// <summary>What was asked cannot be done; nothing was moved or written. The text is for the user.</summary>
internal sealed class RefusedException(string message) : Exception(message);
