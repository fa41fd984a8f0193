namespace Flyscan.Persistence.Journal;

/// <summary>A journal that cannot be read: missing, locked, damaged, of another kind, or with a hole.</summary>
public sealed class JournalException : Exception
{
    public JournalException(string message)
        : base(message)
    {
    }

    public JournalException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
