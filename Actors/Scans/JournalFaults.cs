using System.Globalization;
using System.Runtime.InteropServices;

namespace Flyscan.Actors.Scans;

/// <summary>The documented crash points: <c>FLYSCAN_KILL_AT=&lt;event&gt;:before|after[:n]</c> makes the process send
/// itself SIGKILL around the n-th journal write of that event (<c>HandedOver:after:2</c>). Off unless set.</summary>
public sealed partial class JournalFaults
{
    private const int SigKill = 9;

    private readonly string _event;
    private readonly bool _before;
    private readonly int _nth;
    private int _begun;
    private int _written;

    private JournalFaults(string name, bool before, int nth)
    {
        _event = name;
        _before = before;
        _nth = nth;
    }

    public static readonly JournalFaults None = new("", false, 0);

    /// <remarks><b>Errors</b> <see cref="ArgumentException"/> naming the text and its form.</remarks>
    public static JournalFaults Parse(string? text)
    {
        if (string.IsNullOrEmpty(text))
            return None;
        var parts = text.Split(':');
        var nth = 1;
        if (parts.Length is < 2 or > 3
            || parts[1] is not ("before" or "after")
            || (parts.Length == 3 && (!int.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out nth) || nth < 1)))
            throw new ArgumentException(
                $"FLYSCAN_KILL_AT = {text}: must be EVENT:before or EVENT:after, then perhaps :N, as in HandedOver:after:2.");
        return new JournalFaults(parts[0], parts[1] == "before", nth);
    }

    /// <summary>Called before a batch is written.</summary>
    public void Before(IEnumerable<object> batch)
    {
        foreach (var happened in batch)
        {
            if (_before && happened.GetType().Name == _event && ++_begun == _nth)
                Die();
        }
    }

    /// <summary>Called when a batch is known to be written.</summary>
    public void After(object happened)
    {
        if (!_before && happened.GetType().Name == _event && ++_written == _nth)
            Die();
    }

    private static void Die()
    {
        _ = Kill(Environment.ProcessId, SigKill);
        Thread.CurrentThread.Join();
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int process, int signal);
}
