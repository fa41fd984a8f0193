using System.Net;
using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Transport;

namespace Flyscan.Hardware.Epics.ChannelAccess.Server;

/// <summary>What served records may ask of their server; all of it under its lock.</summary>
internal interface IServerTime
{
    /// <remarks><b>Units</b> nanoseconds of a clock that only counts.</remarks>
    long NowNs { get; }

    /// <remarks><b>Units</b> nanoseconds since 1970.</remarks>
    long StampNs { get; }

    /// <summary>Runs the action then, under the lock.</summary>
    IDisposable At(long timeNs, Action action);
}

/// <summary>A small Channel Access server: records in memory, behind UDP search and TCP circuits.</summary>
/// <remarks>One lock guards records and circuits; what a record does when it is written runs under it and must not wait.</remarks>
internal sealed class CaServer : IServerTime, IDisposable
{
    private readonly object _gate = new();
    private readonly IClock _clock;
    private readonly TimeProvider _time;
    private readonly Dictionary<string, ServedRecord> _records = new(StringComparer.Ordinal);
    private readonly ServerCircuits<CaServerCircuit> _circuits = new();
    private readonly CaBuffer _answer = new();
    private IDatagramPort? _search;
    private CaBeacons? _beacons;
    private ConnectionListener? _listener;
    private ushort _port;
    private bool _isDisposed;

    public CaServer(IClock clock, TimeProvider time) => (_clock, _time) = (clock, time);

    /// <summary>Raised under the lock after each change, for whoever serves the same records to others.</summary>
    public event Action? Ran;

    public long NowNs => _clock.NowNs;

    public long StampNs => (_time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;

    /// <summary>TCP and UDP port.</summary>
    public int Port => _port;

    /// <summary>Circuits that are open.</summary>
    public int Circuits
    {
        get
        {
            lock (_gate)
                return _circuits.Count;
        }
    }

    /// <summary>What is served now.</summary>
    public IReadOnlyList<ServedRecord> Records
    {
        get
        {
            lock (_gate)
                return [.. _records.Values];
        }
    }

    /// <summary>Serves a record from now on.</summary>
    public void Add(ServedRecord record)
    {
        lock (_gate)
            _records[record.Name] = record;
    }

    /// <summary>Serves it no more: clients are told that its channels are gone.</summary>
    public void Remove(ServedRecord record) => Run(() =>
    {
        _records.Remove(record.Name);
        foreach (var circuit in _circuits.All)
            foreach (var pv in record.Fields.Values)
                circuit.Withdraw(pv);
    });

    /// <summary>Changes a field's rights and tells its clients.</summary>
    public void SetWritable(ServedPv pv, bool isWritable) => Run(() =>
    {
        pv.IsWritable = isWritable;
        foreach (var circuit in _circuits.All)
            circuit.SendRights(pv);
    });

    /// <summary>Listens on an address by TCP and UDP; port 0 takes a free one.</summary>
    /// <remarks><b>Errors</b> <see cref="IOException"/> naming address and port.</remarks>
    public void Listen(IPAddress address, int port, IDatagramPorts datagrams)
    {
        _listener = ConnectionListener.Listen(address.ToString(), port, Accept, ownThreads: true);
        _port = (ushort)_listener.Port;
        ListenForSearches(datagrams.Open(address, _port));
    }

    /// <summary>Answers searches that come to a datagram port, naming this TCP port.</summary>
    public void ListenForSearches(IDatagramPort search, ushort port = 0)
    {
        _port = port == 0 ? _port : port;
        _search = search;
        search.Start(Searched);
    }

    /// <summary>Sends beacons from now on, from where searches come to.</summary>
    public void Announce(IReadOnlyList<IPEndPoint> to) => Run(() => _beacons ??= new CaBeacons(this, _search!, to, _port));

    /// <summary>Serves a connection.</summary>
    public void Accept(IConnection connection)
    {
        lock (_gate)
        {
            if (_isDisposed)
            {
                connection.Dispose();
                return;
            }
            var circuit = new CaServerCircuit(Find, _circuits.Touch, _port, () => StampNs);
            _circuits.Add(circuit, connection);
            connection.Start(bytes => Run(() => _circuits.Receive(circuit, bytes)), _ => Run(() => _circuits.End(circuit)));
        }
    }

    /// <summary>Runs an action under the lock, then sends what it made clients know.</summary>
    public void Run(Action action)
    {
        lock (_gate)
        {
            if (_isDisposed)
                return;
            action();
            _circuits.Flush();
            Ran?.Invoke();
        }
    }

    public IDisposable At(long timeNs, Action action) => _clock.WakeAt(timeNs, () => Run(action));

    public void Dispose()
    {
        IReadOnlyList<IConnection> open;
        lock (_gate)
        {
            _isDisposed = true;
            open = _circuits.EndAll();
            _beacons?.Dispose();
        }
        _listener?.Dispose();
        _search?.Dispose();
        foreach (var connection in open)
            connection.Dispose();
    }

    /// <summary>The field that a name means: <c>record</c>, <c>record.FIELD</c>, and <c>$</c> behind for a text as characters.</summary>
    public ServedPv? Find(string name)
    {
        name = ServedFilter.NameOf(name);
        var asCharacters = name.EndsWith('$');
        var parts = (asCharacters ? name[..^1] : name).Split('.', 2);
        if (!_records.TryGetValue(parts[0], out var record))
            return null;
        var field = parts.Length == 1 || parts[1].Length == 0 ? "VAL" : parts[1];
        if (record.Find(field) is not { } pv)
            return null;
        return asCharacters ? AsCharacters(pv) : pv;
    }

    /// <summary>The text as characters, longer than a string of the protocol may be; it follows the text.</summary>
    private static ServedPv? AsCharacters(ServedPv pv)
    {
        if (pv.Native != Dbr.String || pv.Most != 1)
            return null;
        const int Longest = 256;
        if (pv.Characters is { } known)
            return known;
        var view = new ServedPv(pv.Record, pv.Field, Dbr.Char, Longest, ServedPv.CharactersOf(pv.Value)) { IsWritable = pv.IsWritable };
        view.Written = (value, complete) => pv.Write(new PvValue.Text(value.AsText()), complete);
        return pv.Characters = view;
    }

    private void Searched(ReadOnlyMemory<byte> bytes, IPEndPoint from)
    {
        lock (_gate)
        {
            if (_isDisposed)
                return;
            _answer.Clear();
            while (CaHeader.TryRead(bytes.Span, out var header) is var length and > 0 && header.Size <= bytes.Length - length)
            {
                var message = CaMessage.FromClient(header, bytes.Slice(length, (int)header.Size));
                bytes = bytes[(length + (int)header.Size)..];
                if (message is CaMessage.Version version && _answer.Count == 0)
                    new CaMessage.Version(version.Word, CaMessage.Minor, version.Sequence).WriteTo(_answer);
                else if (message is CaMessage.Search search && Find(search.Name) is not null)
                    new CaMessage.SearchReply(_port, uint.MaxValue, search.Cid, CaMessage.Minor).WriteTo(_answer);
            }
            if (_answer.Count > CaHeader.Length)
                _search!.Send(_answer.Written, from);
        }
    }
}
