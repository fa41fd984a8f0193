using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Epics.ChannelAccess.Server;
using Flyscan.Hardware.Epics.PvAccess.Server;
using Flyscan.Hardware.PandA.Protocol;
using Flyscan.Hardware.Transport;

namespace Flyscan.Hardware.PandA.Simulator;

/// <summary>How often a simulated IOC asks its box what has changed, and looks for one that is not there.</summary>
/// <remarks><b>Units</b> nanoseconds. Defaults are those of PandABlocks-ioc, but that it looks for a box at all.</remarks>
internal sealed record PandAIocPace(long PollNs = 100_000_000, long RetryNs = 500_000_000);

/// <summary>What goes wrong in a simulated IOC, for tests.</summary>
/// <remarks><b>Units</b> nanoseconds.</remarks>
internal sealed class PandAIocFaults
{
    /// <summary>What is captured is counted, and goes nowhere.</summary>
    public bool WriterIsDead { get; set; }

    /// <summary>How long a write to CAPTURE waits for its answer.</summary>
    public long CaptureAnswersAfterNs { get; set; }
}

/// <summary>What a simulated IOC stands between: its records' servers, the ports of its box, and the disk.</summary>
/// <remarks>Prefix: of all records, without the colon behind it. Post: runs an action where the servers' clock may be used; by default
/// at once.</remarks>
internal sealed record PandAIocSurroundings(string Prefix, CaServer Server, PvaServer Pva, IFrameStoreFactory Stores)
{
    public IConnector Connector { get; init; } = new TcpConnector();

    public Action<Action> Post { get; init; } = static action => action();

    public string Host { get; init; } = "127.0.0.1";

    public int ControlPort { get; init; } = 8888;

    public int DataPort { get; init; } = 8889;

    public PandAIocPace Pace { get; init; } = new();

    public PandAIocFaults Faults { get; init; } = new();

    /// <summary>Runs an action there, under the servers' lock, and sends what it made clients know.</summary>
    public void Run(Action action) => Post(() => Server.Run(action));
}

/// <summary>A PandA's IOC: a client of the box's two ports, and the records that it serves of it over Channel Access and pvAccess. The box
/// is whatever is at the ports.</summary>
/// <remarks>Its records are there from when it has first reached the box; while the box is gone they keep their values with an alarm, and
/// writes to them go back. Not modelled: tables' MODE, INDEX and scalar records, attributes but those named, and the summaries of all bits
/// and positions. ARM keeps what was written to it; whether the box captures is ACTIVE. <b>Source</b> PandABlocks-ioc 0.11.</remarks>
internal sealed class PandAIocSimulator : IDisposable
{
    private readonly PandAIocSurroundings _around;
    private readonly CancellationTokenSource _disposed = new();
    private PandAIocBoxLine? _line;
    private PandAIocFields? _fields;
    private PandAIocWriter? _writer;

    public PandAIocSimulator(PandAIocSurroundings around)
    {
        _around = around;
        around.Run(Connect);
    }

    /// <summary>It has reached the box, and its records are as that says.</summary>
    public bool IsUp { get; private set; }

    /// <summary>Ends what is captured, and calls when all files are closed.</summary>
    public void CloseFiles(Action closed) => _around.Run(() =>
    {
        if (_writer is null)
            closed();
        else
            _writer.Close(closed);
    });

    public void Dispose()
    {
        _disposed.Cancel();
        _around.Run(() => _line?.Dispose());
    }

    private async void Connect()
    {
        try
        {
            var connection = await _around.Connector.ConnectAsync(_around.Host, _around.ControlPort, _disposed.Token);
            _around.Run(() => Begin(connection));
        }
        catch (IOException)
        {
            _around.Run(Retry);
        }
        catch (OperationCanceledException) when (_disposed.IsCancellationRequested)
        {
            // Disposed of while it looked for the box.
        }
    }

    private void Retry()
    {
        if (!_disposed.IsCancellationRequested)
            _around.Server.At(_around.Server.NowNs + _around.Pace.RetryNs, Connect);
    }

    private void Begin(IConnection connection)
    {
        if (_disposed.IsCancellationRequested)
        {
            connection.Dispose();
            return;
        }
        var line = _line = new PandAIocBoxLine(connection, _around.Server, _around.Run, Down);
        if (_fields is not null)
            AskAll(line, _fields);
        else
            new PandAIocBox(line).Ask(blocks =>
            {
                if (blocks is not null)
                    AskAll(line, blocks);
            });
    }

    private void Down()
    {
        (_line, IsUp) = (null, false);
        _fields?.Lose();
        Retry();
    }

    /// <summary>Everything counts as changed to a connection that asks for the first time.</summary>
    private void AskAll(PandAIocBoxLine line, IReadOnlyList<PandAIocBlock> blocks) => line.Ask([PandACommand.Get("*CHANGES")], replies =>
    {
        if (replies is not [PandAReply.Lines lines])
            return;
        var pvi = new PandAIocPvi(_around.Prefix);
        var records = new ServedSet($"{_around.Prefix}:", _around.Server, _around.Server.Add);
        var fields = _fields = new PandAIocFields(records, _around.Server, (_around.Prefix, pvi), Ask);
        foreach (var block in blocks)
            fields.Add(block);
        _writer = new PandAIocWriter(records, _around, pvi, fields);
        foreach (var served in pvi.Structures().Concat(fields.Tables.Select(t => t.Served)).Append(_writer.Table))
            _around.Pva.Add(served);
        fields.Apply(lines.Items, () => Up(line, fields));
    });

    private void AskAll(PandAIocBoxLine line, PandAIocFields fields) => line.Ask([PandACommand.Get("*CHANGES")], replies =>
    {
        if (replies is not [PandAReply.Lines lines])
            return;
        fields.Apply(lines.Items, () =>
        {
            fields.Find();
            Up(line, fields);
        });
    });

    private void Up(PandAIocBoxLine line, PandAIocFields fields)
    {
        if (line != _line)
            return;
        IsUp = true;
        Poll(line, fields);
    }

    private void Poll(PandAIocBoxLine line, PandAIocFields fields) => _around.Server.At(_around.Server.NowNs + _around.Pace.PollNs, () =>
        line.Ask([PandACommand.Get("*CHANGES")], replies =>
        {
            if (replies is [PandAReply.Lines lines])
                fields.Apply(lines.Items, () => Poll(line, fields));
        }));

    private void Ask(IReadOnlyList<PandACommand> commands, Action<PandAReply[]?> replied)
    {
        if (_line is null)
            replied(null);
        else
            _line.Ask(commands, replied);
    }
}
