using System.Buffers.Binary;
using System.Net;
using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Epics.ChannelAccess.Server;
using Flyscan.Hardware.Transport;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Epics.PvAccess.Server;

/// <summary>A small pvAccess server: the records of a Channel Access server, and structures of its own.</summary>
/// <remarks>The records' lock guards everything, here as there.</remarks>
internal sealed class PvaServer : IDisposable
{
    private static readonly PvaTypeIds NoIds = new();

    private readonly CaServer _records;
    private readonly Dictionary<string, PvaServed> _served = new(StringComparer.Ordinal);
    private readonly Dictionary<ServedPv, PvaRecord> _fields = [];
    private readonly ServerCircuits<PvaServerCircuit> _circuits = new();
    private readonly PvaContext _noTypes = new(new PvaTypeCache(), static _ => null);
    private readonly PvaWriter _answer = new(isServer: true);
    private readonly EquatableArray<byte> _guid;
    private IDatagramPort? _search;
    private ConnectionListener? _listener;
    private IPAddress _address = IPAddress.Any;
    private ushort _port;

    public PvaServer(CaServer records)
    {
        _records = records;
        var guid = new byte[12];
        // Another one at each start is all that is asked of it.
        BinaryPrimitives.WriteInt64LittleEndian(guid, records.StampNs);
        BinaryPrimitives.WriteInt32LittleEndian(guid.AsSpan(8), Environment.ProcessId);
        _guid = guid.ToEquatableArray();
        records.Ran += _circuits.Flush;
    }

    /// <summary>TCP port.</summary>
    public int Port => _port;

    /// <summary>UDP port of searches.</summary>
    public int SearchPort => _search?.Port ?? 0;

    /// <summary>Serves a structure from now on.</summary>
    public void Add(PvaServed served) => _records.Run(() => _served[served.Name] = served);

    /// <summary>Changes something that is served.</summary>
    public void Run(Action action) => _records.Run(action);

    /// <summary>Listens on an address; port 0 takes a free one.</summary>
    /// <remarks><b>Errors</b> <see cref="IOException"/> naming address and port.</remarks>
    public void Listen(IPAddress address, int port, int searchPort, IDatagramPorts datagrams)
    {
        _listener = ConnectionListener.Listen(address.ToString(), port, Accept);
        try
        {
            ListenForSearches(datagrams.Open(address, searchPort), (ushort)_listener.Port, address);
        }
        catch (IOException)
        {
            _listener.Dispose();
            throw;
        }
    }

    /// <summary>Answers searches that come to a datagram port, naming the TCP port and the address, unless that is any.</summary>
    public void ListenForSearches(IDatagramPort search, ushort port, IPAddress address)
    {
        (_port, _address, _search) = (port, address, search);
        search.Start(Searched);
    }

    /// <summary>Serves a connection.</summary>
    public void Accept(IConnection connection)
    {
        PvaServerCircuit? circuit = null;
        _records.Run(() =>
        {
            circuit = new PvaServerCircuit(Find, _circuits.Touch, Answer);
            _circuits.Add(circuit, connection);
        });
        if (circuit is null)
            connection.Dispose();
        else
            connection.Start(
                bytes => _records.Run(() => _circuits.Receive(circuit, bytes)), _ => _records.Run(() => _circuits.End(circuit)));
    }

    public void Dispose()
    {
        _listener?.Dispose();
        _search?.Dispose();
        IReadOnlyList<IConnection> open = [];
        _records.Run(() => open = _circuits.EndAll());
        _records.Ran -= _circuits.Flush;
        foreach (var connection in open)
            connection.Dispose();
    }

    private PvaServed? Find(string name)
    {
        if (_served.TryGetValue(name, out var served))
            return served;
        // Texts have no length here, so there is nothing to see as characters.
        if (name.EndsWith('$') || _records.Find(name) is not { } pv)
            return null;
        if (!_fields.TryGetValue(pv, out var field))
            _fields[pv] = field = new PvaRecord(pv);
        return field;
    }

    private PvaMessage.SearchReply? Answer(PvaMessage.Search search)
    {
        var found = search.Names.Where(n => Find(n.Name) is not null).Select(n => n.Cid).ToEquatableArray();
        return found.Count == 0 && (search.Flags & PvaMessage.AnswerFlag) == 0
            ? null
            : new PvaMessage.SearchReply(_guid, search.Sequence, _address, _port, PvaMessage.Tcp, found.Count > 0, found);
    }

    private void Searched(ReadOnlyMemory<byte> bytes, IPEndPoint from) => _records.Run(() =>
    {
        if (!PvaHeader.TryRead(bytes.Span, out var header) || header.IsControl || header.Size > bytes.Length - PvaHeader.Length
            || PvaMessage.FromClient(header, bytes.Slice(PvaHeader.Length, (int)header.Size).Span, _noTypes) is not PvaMessage.Search search
            || Answer(search) is not { } reply)
            return;
        _answer.Clear();
        reply.WriteTo(_answer, NoIds);
        var isSender = search.Address.Equals(IPAddress.Any) || search.Address.Equals(IPAddress.IPv6Any);
        _search!.Send(_answer.Written, new IPEndPoint(isSender ? from.Address : search.Address, search.Port));
    });
}
