namespace Flyscan.Persistence.Codecs;

/// <summary>Bytes that are not what their manifest promises, or a manifest this version does not know.</summary>
public sealed class JournalFormatException : Exception
{
    public JournalFormatException(string message)
        : base(message)
    {
    }

    public JournalFormatException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
