using System.Net.Sockets;

namespace Flyscan.Host.Control;

/// <summary>Where the processes of running scans listen: one Unix socket per scan, for its user alone.</summary>
internal static class ControlSocket
{
    private const string Extension = ".sock";
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary><c>$XDG_RUNTIME_DIR/flyscan</c>, else <c>flyscan-USER</c> under the temporary folder.</summary>
    public static string Folder()
    {
        var runtime = Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR");
        return !string.IsNullOrEmpty(runtime) && Directory.Exists(runtime)
            ? Path.Combine(runtime, "flyscan")
            : Path.Combine(Path.GetTempPath(), $"flyscan-{Environment.UserName}");
    }

    public static string PathOf(string uid) => Path.Combine(Folder(), uid + Extension);

    /// <summary>A socket that listens there; one that a dead process left is replaced.</summary>
    /// <remarks><b>Errors</b> <see cref="IOException"/>, <see cref="UnauthorizedAccessException"/>, <see cref="SocketException"/>,
    /// <see cref="ArgumentException"/> (a path too long for a socket).</remarks>
    public static Socket Listen(string path, int backlog)
    {
        if (OperatingSystem.IsWindows())
            throw new UnauthorizedAccessException("this system has no files that are their owner's alone by mode");
        var folder = Directory.CreateDirectory(Path.GetDirectoryName(path)!, OwnerOnly | UnixFileMode.UserExecute);
        if ((folder.UnixFileMode & (UnixFileMode.GroupWrite | UnixFileMode.OtherWrite)) != 0)
            throw new UnauthorizedAccessException($"{folder.FullName} can be written by others; its mode must be 0700");
        // Whoever finds a socket at which nobody listens yet takes its process for dead, and removes it: so it gets its name last.
        var unnamed = Path.ChangeExtension(path, ".new");
        File.Delete(unnamed);
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Bind(new UnixDomainSocketEndPoint(unnamed));
            File.SetUnixFileMode(unnamed, OwnerOnly);
            socket.Listen(backlog);
            File.Move(unnamed, path, overwrite: true);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Uids of scans whose sockets are there; whether anybody still listens is seen by connecting.</summary>
    public static IReadOnlyList<string> Uids() => Directory.Exists(Folder())
        ? [.. Directory.EnumerateFiles(Folder(), "*" + Extension).Select(f => Path.GetFileNameWithoutExtension(f)!)
            .Order(StringComparer.Ordinal)]
        : [];

    /// <summary>A connection to a scan's process; null, and the socket removed, where that is dead.</summary>
    public static async Task<Socket?> ConnectAsync(string uid, CancellationToken cancel)
    {
        var path = PathOf(uid);
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancel);
            return socket;
        }
        catch (SocketException nobody) when (nobody.SocketErrorCode is SocketError.ConnectionRefused or SocketError.AddressNotAvailable)
        {
            socket.Dispose();
            File.Delete(path);
            return null;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
