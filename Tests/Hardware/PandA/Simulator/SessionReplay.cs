using System.Globalization;
using System.Text;
using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.PandA.Simulator;
using Flyscan.Hardware.Transport;

namespace Flyscan.Tests.Hardware.PandA.Simulator;

/// <summary>One exchange of a recorded session and what the simulator answered instead.</summary>
internal sealed record ComparedExchange(string Session, string Command, string Recorded, string Simulated)
{
    public bool IsEqual => Recorded == Simulated;
}

/// <summary>Sends the simulator what a recorded session sent the real server, at the same times.</summary>
internal sealed class SessionReplay
{
    private const long Ms = 1_000_000;

    private readonly string _name;
    private readonly MemoryNetwork _network;
    private readonly List<StringBuilder> _dataReceived = [];
    private readonly List<IConnection> _data = [];
    private readonly List<ComparedExchange> _compared = [];
    private readonly StringBuilder _reply = new();
    private IConnection _control;

    public SessionReplay(string name)
    {
        _name = name;
        _network = new MemoryNetwork(World.Post);
        Box = new PandASimulator(World, new PandASimulatorOptions { DataPeriodNs = 100 * Ms, ClientPollNs = 200 * Ms });
        _network.Listen(1, Box.ServeControl);
        _network.Listen(2, Box.ServeData);
        Box.Encoder(1).Wire(X);
        Box.WireTtlIn(1, Live);
        _control = ConnectControl();
    }

    public string Name => _name;

    /// <summary>When the next recorded line comes.</summary>
    public long NextNs { get; private set; }

    /// <summary>Somebody who is in the middle of writing a table.</summary>
    public IConnection? Writer { get; set; }

    public FakeWorld World { get; } = new();

    public PandASimulator Box { get; }

    public LinearCount X { get; } = new();

    public TestBit Live { get; } = new();

    /// <summary>What each data connection received, in the order in which they were opened.</summary>
    public IReadOnlyList<string> DataReceived => [.. _dataReceived.Select(d => d.ToString())];

    /// <summary>Commands of which nobody compares the answers, on a connection of their own; the connection stays open.</summary>
    public IConnection Ask(string commands)
    {
        var connection = World.Run(() => _network.ConnectAsync("box", 1, CancellationToken.None));
        connection.Start(_ => { }, _ => { });
        connection.Send(Encoding.Latin1.GetBytes(commands));
        World.RunUntil(World.NowNs);
        return connection;
    }

    public List<ComparedExchange> Run(Action<SessionReplay, string>? onComment, Action<SessionReplay, ComparedExchange>? onExchange)
    {
        var file = Directory.GetFiles(SharedData.PathOf("data/panda"), $"{_name}*.txt").Single();
        var startNs = World.NowNs;
        var (command, recorded) = (new StringBuilder(), new StringBuilder());
        void Finish()
        {
            if (recorded.Length == 0)
                return;
            _compared.Add(new(_name, command.ToString(), recorded.ToString(), _reply.ToString()));
            command.Clear();
            recorded.Clear();
            _reply.Clear();
            onExchange?.Invoke(this, _compared[^1]);
        }
        var lines = File.ReadAllLines(file, Encoding.Latin1);
        for (var i = 0; i < lines.Length; i++)
        {
            var line = lines[i];
            if (line.StartsWith('#'))
            {
                Finish();
                NextNs = lines.Skip(i).FirstOrDefault(l => !l.StartsWith('#')) is { } next ? startNs + TimeNs(next) : World.NowNs;
                onComment?.Invoke(this, line[2..]);
                continue;
            }
            var words = line.TrimStart().Split(' ', 4);
            if (words is not [var at, "ctl" or "dat", "C>S" or "S>C", var text])
                continue;
            var fromControl = words[1] == "ctl";
            if (!fromControl || words[2] == "C>S")
                Finish();
            var timeNs = startNs + TimeNs(at);
            if (timeNs > World.NowNs)
                World.RunUntil(timeNs);
            if (words[2] == "C>S")
                Send(fromControl, Unescape(text), command);
            else if (fromControl)
                recorded.Append(Unescape(text));
        }
        World.RunUntil(World.NowNs);
        Finish();
        World.RunUntil(World.NowNs + 1000 * Ms);
        return _compared;
    }

    /// <summary>The control connection is closed and another opened.</summary>
    public void Reconnect()
    {
        _control.Dispose();
        World.RunUntil(World.NowNs);
        _control = ConnectControl();
    }

    public void CloseData() => _data[^1].Dispose();

    private static long TimeNs(string line) =>
        (long)(double.Parse(line.TrimStart().Split(' ')[0], CultureInfo.InvariantCulture) * 1e9);

    private void Send(bool toControl, string text, StringBuilder command)
    {
        if (toControl)
        {
            command.Append(text);
            _control.Send(Encoding.Latin1.GetBytes(text));
            World.RunUntil(World.NowNs);
            return;
        }
        // What a data client says later is ignored.
        if (text == "hello\n")
            return;
        // Each part of this session had a client of its own, which left before the next came.
        if (_name == "71" && _data.Count > 0)
            CloseData();
        var received = new StringBuilder();
        var connection = World.Run(() => _network.ConnectAsync("box", 2, CancellationToken.None));
        connection.Start(bytes => received.Append(Encoding.Latin1.GetString(bytes.Span)), _ => { });
        connection.Send(Encoding.Latin1.GetBytes(text));
        _dataReceived.Add(received);
        _data.Add(connection);
        World.RunUntil(World.NowNs);
    }

    private IConnection ConnectControl()
    {
        var connection = World.Run(() => _network.ConnectAsync("box", 1, CancellationToken.None));
        connection.Start(bytes => _reply.Append(Encoding.Latin1.GetString(bytes.Span)), _ => { });
        return connection;
    }

    private static string Unescape(string text)
    {
        var plain = new StringBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '\\')
            {
                plain.Append(text[i]);
                continue;
            }
            i++;
            plain.Append(text[i] switch
            {
                'n' => '\n',
                'r' => '\r',
                'x' => (char)byte.Parse(text.AsSpan(i + 1, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture),
                _ => '\\',
            });
            if (text[i] == 'x')
                i += 2;
        }
        return plain.ToString();
    }
}
