using System.Text;
using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Simulation;
using Flyscan.Hardware.Simulation.Line;
using Flyscan.Hardware.Transport;

namespace Flyscan.Hardware.Epics.ChannelAccess.Server;

/// <summary>Joins a served motor record to the motor of a virtual beamline elsewhere, whose encoder the trigger box sees.</summary>
/// <remarks>An IOC that begins anew finds its motor where it is, moving or not, as it would at a real controller. While no virtual beamline
/// runs, the record's motor is its own.</remarks>
internal sealed class MotorCable(string axis, MotorRecord motor, CaServer server, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan RetryPeriod = TimeSpan.FromMilliseconds(50);

    private readonly CancellationTokenSource _disposed = new();
    private readonly TcpConnector _connector = new();
    private readonly TaskCompletionSource _tried = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private IConnection? _plugged;
    private bool _hasBeenPlugged;

    /// <summary>Looks for the virtual beamline until disposed of.</summary>
    /// <returns>Completes once the motor is known where it is, or nobody was there.</returns>
    public Task PlugIn(string host, int port)
    {
        motor.Track.Changed += Tell;
        Connect(host, port);
        return _tried.Task;
    }

    public void Dispose()
    {
        _disposed.Cancel();
        Interlocked.Exchange(ref _plugged, null)?.Dispose();
    }

    private async void Connect(string host, int port)
    {
        try
        {
            var connection = await _connector.ConnectAsync(host, port, _disposed.Token);
            var lines = new LineReader(new LineLimits());
            connection.Start(
                bytes =>
                {
                    lines.Feed(bytes.Span);
                    while (lines.TryTakeLine(out var line))
                        server.Run(() => Hear(connection, line));
                },
                _ => Retry(connection, host, port));
            connection.Send(Encoding.ASCII.GetBytes(MotorPort.Hello(axis) + "\n"));
            if (_disposed.IsCancellationRequested)
                connection.Dispose();
        }
        catch (IOException)
        {
            // No virtual beamline runs.
            Retry(null, host, port);
        }
        catch (OperationCanceledException)
        {
            // Disposed of.
        }
    }

    private void Hear(IConnection connection, string line)
    {
        if (!_hasBeenPlugged && MotorCourse.TryRead(line, server.StampNs - server.NowNs, out var course))
            motor.TakeOver(course);
        else if (line != MotorPort.New && !_hasBeenPlugged)
        {
            connection.Dispose();
            return;
        }
        (_plugged, _hasBeenPlugged) = (connection, true);
        Tell();
        _tried.TrySetResult();
    }

    private void Tell() => _plugged?.Send(Encoding.ASCII.GetBytes(
        MotorCourse.Text(motor.Track, server.NowNs, server.StampNs - server.NowNs) + "\n"));

    private void Retry(IConnection? ended, string host, int port)
    {
        ended?.Dispose();
        server.Run(() => _plugged = null);
        _tried.TrySetResult();
        if (_disposed.IsCancellationRequested)
            return;
        ITimer? timer = null;
        timer = time.CreateTimer(
            _ =>
            {
                timer?.Dispose();
                Connect(host, port);
            },
            null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        timer.Change(RetryPeriod, Timeout.InfiniteTimeSpan);
    }
}
