using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.PandA.Protocol;

namespace Flyscan.Hardware.PandA.Simulator;

/// <summary>What a capture into a file was asked to do. Most: rows after which the file ends; 0: no such limit.</summary>
internal sealed record PandAIocWriterOrder(string Path, long FlushPeriodNs, long Most, bool EndsWithCapture)
{
    public required Func<string, string, string?> NameOf { get; init; }
}

/// <summary>What a capture tells of itself.</summary>
/// <remarks>Ended: no more comes; the owner closes the file by <see cref="PandAIocWriterCapture.WhenClosed"/>.</remarks>
internal interface IPandAIocWriterOwner
{
    void Status(string text, bool isMajor);

    void Received(long rows);

    void Written(long rows);

    void Ended(PandAIocWriterCapture capture);
}

/// <summary>One capture into a file, from its start to the closing of the file: takes the box's data, through one arm or many.</summary>
/// <remarks>Guarded by the server's lock. Rows go into the file, and are counted, once in each flush period and when the box says that
/// the capture has ended; what has come since is lost where the capture is stopped, as a PandA's IOC loses it.</remarks>
internal sealed class PandAIocWriterCapture : IPandADataSink
{
    private readonly PandAIocSurroundings _around;
    private readonly PandAIocWriterOrder _order;
    private readonly IPandAIocWriterOwner _owner;
    private readonly PandADataProtocol _protocol;
    private readonly PandAIocWriterFile _file;
    private IConnection? _connection;
    private IDisposable? _tick;
    private PandADataHeader? _header;
    private long _received;
    private bool _isOver;

    public PandAIocWriterCapture(PandAIocSurroundings around, PandAIocWriterOrder order, IPandAIocWriterOwner owner)
    {
        (_around, _order, _owner) = (around, order, owner);
        _protocol = new PandADataProtocol(new PandADataLimits(), this);
        _file = new PandAIocWriterFile(around.Run, owner.Written, _ => Break());
    }

    public async void Begin()
    {
        Tick();
        IConnection connection;
        try
        {
            connection = await _around.Connector.ConnectStreamAsync(_around.Host, _around.DataPort, CancellationToken.None);
        }
        catch (IOException)
        {
            _around.Run(Break);
            return;
        }
        _around.Run(() => Attach(connection));
    }

    /// <summary>Ends it and closes the file.</summary>
    public void Stop(string status)
    {
        if (!_isOver)
            Finish(status, isMajor: false);
    }

    /// <summary>Closes the file of a capture that has ended, if there is one, and says when that is done.</summary>
    public void WhenClosed(Action closed) => _file.Close(closed);

    void IPandADataSink.Accepted()
    {
    }

    void IPandADataSink.Header(PandADataHeader header)
    {
        if (_isOver)
            return;
        _owner.Status("Starting capture", isMajor: false);
        if (_header is not null)
        {
            if (!_header.Fields.Equals(header.Fields))
                Finish("Mismatched StartData packet for file", isMajor: true);
            return;
        }
        _header = header;
        try
        {
            var columns = PandAIocWriterColumns.Of(header, _order.NameOf);
            _file.Make(
                _around.Stores,
                new SegmentSpec(
                    _order.Path, columns.Datasets, [new("arm_time", header.ArmTime), new("start_time", header.StartTime)]),
                columns);
        }
        catch (IOException)
        {
            Break();
        }
    }

    void IPandADataSink.Samples(ReadOnlySpan<byte> samples, int count)
    {
        if (_isOver)
            return;
        var size = samples.Length / count;
        var taken = _order.Most > 0 ? (int)Math.Min(count, _order.Most - _received) : count;
        _received += taken;
        _file.Add(samples[..(taken * size)], size);
    }

    void IPandADataSink.Ended(long samples, string reason)
    {
        if (_isOver)
            return;
        Flush();
        if (_order.EndsWithCapture && !_isOver)
            Finish("Finished capture", isMajor: false);
        else if (!_isOver)
            _owner.Status("Finished capture, waiting for next ReadyData", isMajor: false);
    }

    void IPandADataSink.Fault(string reason) => Break();

    private void Attach(IConnection connection)
    {
        if (_isOver)
        {
            connection.Dispose();
            return;
        }
        _connection = connection;
        connection.Start(
            bytes =>
            {
                var copy = bytes.ToArray();
                _around.Run(() => _protocol.Receive(copy));
            },
            _ => _around.Run(Break));
        connection.Send(PandADataProtocol.Options(raw: true));
    }

    private void Tick() => _tick = _around.Server.At(_around.Server.NowNs + _order.FlushPeriodNs, () =>
    {
        if (_isOver)
            return;
        Flush();
        if (!_isOver)
            Tick();
    });

    private void Flush()
    {
        if (_header is null)
            return;
        // Before the first rows it shows those of the capture before.
        if (_received > 0)
            _owner.Received(_received);
        if (!_around.Faults.WriterIsDead)
            _file.Flush();
        if (_order.Most > 0 && _received >= _order.Most)
            Finish("Requested number of frames captured", isMajor: false);
    }

    private void Break()
    {
        if (!_isOver)
            Finish("Capture disabled, unexpected exception", isMajor: true);
    }

    private void Finish(string status, bool isMajor)
    {
        _isOver = true;
        _tick?.Dispose();
        _connection?.Dispose();
        _owner.Received(_received);
        _owner.Status(status, isMajor);
        _owner.Ended(this);
    }
}
