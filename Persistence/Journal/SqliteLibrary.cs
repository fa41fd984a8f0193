using System.Runtime.InteropServices;

namespace Flyscan.Persistence.Journal;

/// <summary>Makes SQLite ready, once a process: the system's library where there is one, else the bundled one.</summary>
public static class SqliteLibrary
{
    private static readonly Lock Gate = new();
    private static bool _ready;

    /// <summary>Redirects and sets the provider; a second call does nothing.</summary>
    public static void Initialise()
    {
        lock (Gate)
        {
            if (_ready)
                return;
            Redirect();
            SQLitePCL.raw.SetProvider(new SQLitePCL.SQLite3Provider_e_sqlite3());
            _ready = true;
        }
    }

    /// <summary>An assembly has one resolver for good; in a process where the engine set the same one first, that one stays.</summary>
    private static void Redirect()
    {
        try
        {
            NativeLibrary.SetDllImportResolver(typeof(SQLitePCL.SQLite3Provider_e_sqlite3).Assembly, (name, _, _) =>
                name == "e_sqlite3" && NativeLibrary.TryLoad("libsqlite3.so.0", out var library) ? library : IntPtr.Zero);
        }
        catch (InvalidOperationException)
        {
            // Set already, to the same library: the provider finds it.
        }
    }
}
