using Flyscan.Hardware.Contracts;

namespace Flyscan.Hardware.Transport;

/// <summary>A pseudo-terminal: a serial device that a simulator serves.</summary>
/// <remarks>Like a cable it does not tell when the client goes: one <see cref="Connection"/> serves all that come.</remarks>
public sealed class PseudoTerminal
{
    private PseudoTerminal(string path, IConnection connection) => (Path, Connection) = (path, connection);

    /// <summary>The device that a client opens, such as <c>/dev/pts/7</c>.</summary>
    public string Path { get; }

    /// <summary>The simulator's end.</summary>
    public IConnection Connection { get; }

    /// <summary>Makes one.</summary>
    /// <remarks><b>Errors</b> <see cref="IOException"/> naming the cause.</remarks>
    public static PseudoTerminal Open()
    {
        var (master, path) = Termios.OpenPseudoTerminal();
        try
        {
            return new PseudoTerminal(path, new SerialConnection(master, path, Termios.HoldOpen(path)));
        }
        catch
        {
            Termios.CloseDescriptor(master);
            throw;
        }
    }
}
