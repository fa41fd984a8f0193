using System.Text;
using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.PandA.Protocol;

namespace Flyscan.Hardware.PandA.Simulator;

/// <summary>One client of the control port. All members run on the world's thread.</summary>
internal sealed class ControlSession(IConnection connection, CommandInterpreter commands)
{
    private readonly PandAControlServerProtocol _protocol = new(TableField.MostWords + 1);
    private readonly StringBuilder _replies = new();
    private TableField? _writing;

    public IConnection Connection => connection;

    /// <summary>Up to where it has been told of changes.</summary>
    public ChangeCursor Changes { get; } = new();

    public void Receive(ReadOnlySpan<byte> bytes)
    {
        _protocol.Receive(bytes);
        while (_protocol.TryTake(out var request))
            _replies.Append(commands.Execute(request, this));
        if (_writing is null && _protocol.OpenHead is { } head && commands.FindTable(head) is { } table)
        {
            _writing = table;
            table.Open(this);
        }
        else if (_protocol.OpenHead is null)
        {
            CloseTable();
        }
        if (_replies.Length > 0)
            connection.Send(Encoding.UTF8.GetBytes(_replies.ToString()));
        _replies.Clear();
        if (_protocol.Faulted)
            connection.Dispose();
    }

    /// <summary>The client has gone, perhaps in the middle of a table.</summary>
    public void CloseTable()
    {
        _writing?.Close(this);
        _writing = null;
    }
}

/// <summary>Up to where one connection has been told of the changes of each group.</summary>
internal sealed class ChangeCursor
{
    private readonly long[] _seen = new long[Enum.GetValues<ChangeGroup>().Length];

    public long this[ChangeGroup group]
    {
        get => _seen[(int)group];
        set => _seen[(int)group] = value;
    }
}
