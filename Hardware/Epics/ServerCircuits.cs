using Flyscan.Hardware.Contracts;

namespace Flyscan.Hardware.Epics;

/// <summary>A server's side of one connection. Without I/O.</summary>
/// <param name="dirty">Called when there is something to send after there was nothing.</param>
internal abstract class ServerCircuit(Action<ServerCircuit> dirty)
{
    private bool _isDirty;

    /// <summary>What is to be sent.</summary>
    public abstract OutgoingBytes Outgoing { get; }

    /// <summary>Why the connection has to be closed; null while it need not.</summary>
    public abstract string? Fault { get; }

    public abstract void Receive(ReadOnlyMemory<byte> bytes);

    /// <summary>The client is gone.</summary>
    public abstract void End();

    /// <summary>What was to be sent has been.</summary>
    public void Sent()
    {
        Outgoing.Clear();
        _isDirty = false;
    }

    /// <summary>There is something to send.</summary>
    protected void Touch()
    {
        if (_isDirty)
            return;
        _isDirty = true;
        dirty(this);
    }
}

/// <summary>The circuits of a server and their connections. Guarded by the server's lock.</summary>
internal sealed class ServerCircuits<TCircuit>
    where TCircuit : ServerCircuit
{
    private readonly Dictionary<ServerCircuit, IConnection> _connections = [];
    private readonly List<ServerCircuit> _dirty = [];

    public int Count => _connections.Count;

    public IEnumerable<TCircuit> All => _connections.Keys.Cast<TCircuit>();

    public void Add(TCircuit circuit, IConnection connection) => _connections[circuit] = connection;

    /// <summary>For circuits: there is something to send.</summary>
    public void Touch(ServerCircuit circuit) => _dirty.Add(circuit);

    public void Receive(TCircuit circuit, ReadOnlyMemory<byte> bytes)
    {
        circuit.Receive(bytes);
        if (circuit.Fault is not null && _connections.TryGetValue(circuit, out var connection))
            connection.Dispose();
    }

    /// <summary>Sends what there is to send.</summary>
    public void Flush()
    {
        foreach (var circuit in _dirty)
        {
            if (_connections.TryGetValue(circuit, out var connection))
                connection.Send(circuit.Outgoing.Written);
            circuit.Sent();
        }
        _dirty.Clear();
    }

    public void End(TCircuit circuit)
    {
        circuit.End();
        _connections.Remove(circuit);
    }

    /// <summary>Ends all circuits; their connections are the caller's to dispose of, without the lock.</summary>
    public IReadOnlyList<IConnection> EndAll()
    {
        IConnection[] open = [.. _connections.Values];
        foreach (var circuit in _connections.Keys)
            circuit.End();
        _connections.Clear();
        return open;
    }
}
