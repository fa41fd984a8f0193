using System.Runtime.InteropServices;

namespace Flyscan.Hardware.Transport;

/// <summary>What the C library does for serial lines and pseudo-terminals.</summary>
internal static partial class Termios
{
    /// <summary>Code of 115200 baud.</summary>
    private const uint Speed115200 = 0x1002;

    private const int OpenReadWrite = 2;
    private const int OpenNoTerminal = 0x100;
    private const int OpenNonBlocking = 0x800;
    private const int OpenCloseOnExec = 0x80000;
    private const nuint Exclusive = 0x540C;
    private const nuint NotExclusive = 0x540D;
    private const int ControlFlagsAt = 8;
    private const uint StopBits = 0x40;
    private const uint Receiver = 0x80;
    private const uint Parity = 0x100;
    private const uint Local = 0x800;
    private const uint HardwareFlow = 0x80000000;
    private const int ApplyNow = 0;
    private const int Interrupted = 4;
    private const int TryAgain = 11;
    private const short PollInput = 1;
    private const short PollOutput = 4;

    // glibc's struct termios has 60 bytes; other C libraries' stay below this.
    private const int StructBytes = 256;

    /// <summary>Opens a serial device for this process alone, and makes it a plain byte stream: 115200 baud, 8 bits, no parity, 1 stop bit,
    /// no flow control.</summary>
    /// <remarks><b>Errors</b> <see cref="IOException"/> naming device and cause.</remarks>
    public static int OpenSerial(string path)
    {
        var descriptor = Open(path, OpenReadWrite | OpenNoTerminal | OpenNonBlocking | OpenCloseOnExec);
        if (descriptor < 0)
            throw Failure(path, "opening");
        try
        {
            if (Ioctl(descriptor, Exclusive, 0) != 0)
                throw Failure(path, "taking it for this process alone");
            MakeRaw(descriptor, path);
            return descriptor;
        }
        catch
        {
            _ = Close(descriptor);
            throw;
        }
    }

    /// <summary>A new pseudo-terminal: the descriptor of its master side and the path of the other.</summary>
    public static (int Master, string Path) OpenPseudoTerminal()
    {
        var master = OpenMaster(OpenReadWrite | OpenNoTerminal | OpenNonBlocking | OpenCloseOnExec);
        if (master < 0)
            throw Failure("/dev/ptmx", "opening a pseudo-terminal");
        var name = new byte[256];
        if (Grant(master) != 0 || Unlock(master) != 0 || NameOf(master, name, (nuint)name.Length) != 0)
        {
            var failure = Failure("/dev/ptmx", "unlocking a pseudo-terminal");
            _ = Close(master);
            throw failure;
        }
        return (master, System.Text.Encoding.UTF8.GetString(name, 0, Array.IndexOf(name, (byte)0)));
    }

    /// <summary>Holds the other side open, so that the master lives on between its clients.</summary>
    public static int HoldOpen(string path)
    {
        var descriptor = Open(path, OpenReadWrite | OpenNoTerminal | OpenNonBlocking | OpenCloseOnExec);
        if (descriptor < 0)
            throw Failure(path, "opening");
        MakeRaw(descriptor, path);
        return descriptor;
    }

    /// <summary>Waits for input, or for room to write; whether there is input.</summary>
    public static bool Wait(int descriptor, bool toWrite, int milliseconds)
    {
        var poll = new PollDescriptor { Descriptor = descriptor, Events = (short)(PollInput | (toWrite ? PollOutput : 0)) };
        return Poll(ref poll, 1, milliseconds) > 0 && (poll.Returned & ~PollOutput) != 0;
    }

    /// <summary>Bytes read; 0 at the end of the line, -1 when there is nothing now.</summary>
    public static int Read(int descriptor, byte[] into) => Result(Read(descriptor, into, (nuint)into.Length), "reading");

    /// <summary>Bytes written; -1 when there is no room now.</summary>
    public static int Write(int descriptor, ReadOnlySpan<byte> bytes) => Result(Write(descriptor, bytes, (nuint)bytes.Length), "writing");

    /// <summary>Others may open the device again: the claim would outlive the descriptor where somebody else holds the line.</summary>
    public static void LetGo(int descriptor) => _ = Ioctl(descriptor, NotExclusive, 0);

    public static void CloseDescriptor(int descriptor) => _ = Close(descriptor);

    private static int Result(nint done, string what)
    {
        if (done >= 0)
            return (int)done;
        var error = Marshal.GetLastPInvokeError();
        return error is Interrupted or TryAgain
            ? -1
            : throw new IOException($"{what} failed: {Marshal.GetPInvokeErrorMessage(error)} (errno {error})");
    }

    private static void MakeRaw(int descriptor, string path)
    {
        var settings = new byte[StructBytes];
        if (GetAttributes(descriptor, settings) != 0)
            throw Failure(path, "reading its line settings (is it a serial device?)");
        Raw(settings);
        var flags = BitConverter.ToUInt32(settings, ControlFlagsAt);
        flags = flags & ~(StopBits | Parity | HardwareFlow) | Receiver | Local;
        BitConverter.TryWriteBytes(settings.AsSpan(ControlFlagsAt), flags);
        if (SetSpeed(settings, Speed115200) != 0 || SetAttributes(descriptor, ApplyNow, settings) != 0)
            throw Failure(path, "setting 115200 8N1");
        var held = new byte[StructBytes];
        if (GetAttributes(descriptor, held) != 0 || InputSpeed(held) != Speed115200)
            throw new IOException($"{path}: the line does not take 115200 baud");
    }

    private static IOException Failure(string path, string operation)
    {
        var error = Marshal.GetLastPInvokeError();
        return new IOException($"{path}: {operation} failed: {Marshal.GetPInvokeErrorMessage(error)} (errno {error})");
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "posix_openpt", SetLastError = true)]
    private static partial int OpenMaster(int flags);

    [LibraryImport("libc", EntryPoint = "grantpt", SetLastError = true)]
    private static partial int Grant(int master);

    [LibraryImport("libc", EntryPoint = "unlockpt", SetLastError = true)]
    private static partial int Unlock(int master);

    [LibraryImport("libc", EntryPoint = "ptsname_r", SetLastError = true)]
    private static partial int NameOf(int master, [Out] byte[] name, nuint length);

    [LibraryImport("libc", EntryPoint = "tcgetattr", SetLastError = true)]
    private static partial int GetAttributes(int descriptor, [In, Out] byte[] settings);

    [LibraryImport("libc", EntryPoint = "tcsetattr", SetLastError = true)]
    private static partial int SetAttributes(int descriptor, int when, [In, Out] byte[] settings);

    [LibraryImport("libc", EntryPoint = "cfmakeraw")]
    private static partial void Raw([In, Out] byte[] settings);

    [LibraryImport("libc", EntryPoint = "cfsetspeed", SetLastError = true)]
    private static partial int SetSpeed([In, Out] byte[] settings, uint speed);

    [LibraryImport("libc", EntryPoint = "cfgetispeed")]
    private static partial uint InputSpeed([In, Out] byte[] settings);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int Ioctl(int descriptor, nuint request, nint argument);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static partial int Poll(ref PollDescriptor descriptor, nuint count, int milliseconds);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    private static partial nint Read(int descriptor, [Out] byte[] into, nuint count);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static partial nint Write(int descriptor, ReadOnlySpan<byte> bytes, nuint count);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);

    [StructLayout(LayoutKind.Sequential)]
    private struct PollDescriptor
    {
        public int Descriptor;
        public short Events;
        public short Returned;
    }
}
