namespace Flyscan.Persistence.Catalogue;

/// <summary>How a run stands, as its journal says.</summary>
public enum RunStatus
{
    /// <summary>Running, or left behind by a process that ended: the folder's lock tells which.</summary>
    Unfinished,
    Paused,
    Finished,
    Aborted,
    Faulted,

    /// <summary>The journal holds it in a form that cannot be read; <see cref="RunEntry.Problem"/> says why.</summary>
    Unreadable,
}
