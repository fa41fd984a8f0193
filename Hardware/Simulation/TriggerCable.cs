using System.Globalization;
using System.Text;
using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Transport;

namespace Flyscan.Hardware.Simulation;

/// <summary>Carries the pulses of a simulated box to a detector that another process simulates, as lines <c>number time level</c>: the
/// pulse's number since the world began, beam time in nanoseconds, 1 for its beginning and 0 for its end.</summary>
/// <remarks>Pulses while nobody is at the other end are lost, as on a cable that is pulled. Numbers go on.</remarks>
internal sealed class TriggerCable(string detector, string host, int port, ISimulationClock world, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan RetryPeriod = TimeSpan.FromMilliseconds(50);

    private readonly CancellationTokenSource _disposed = new();
    private readonly TcpConnector _connector = new();
    private volatile IConnection? _connection;
    private long _pulses;

    /// <summary>The detector's name.</summary>
    public string Detector => detector;

    /// <summary>Plugs it into an output of the box. On the world's thread.</summary>
    public void TriggerOn(IBitSignal output) => output.Changed += level =>
    {
        if (level)
            _pulses++;
        var line = string.Create(CultureInfo.InvariantCulture, $"{_pulses - 1} {world.NowNs} {(level ? 1 : 0)}\n");
        _connection?.Send(Encoding.ASCII.GetBytes(line));
    };

    /// <summary>Looks for the other end until disposed of.</summary>
    public void Start() => Connect();

    public void Dispose()
    {
        _disposed.Cancel();
        _connection?.Dispose();
    }

    private async void Connect()
    {
        try
        {
            var connection = await _connector.ConnectAsync(host, port, _disposed.Token);
            _connection = connection;
            connection.Start(_ => { }, _ => Retry(connection));
            if (_disposed.IsCancellationRequested)
                connection.Dispose();
        }
        catch (IOException)
        {
            // Nobody is there yet.
            Retry(null);
        }
        catch (OperationCanceledException)
        {
            // Disposed of.
        }
    }

    private void Retry(IConnection? ended)
    {
        ended?.Dispose();
        _connection = null;
        if (_disposed.IsCancellationRequested)
            return;
        ITimer? timer = null;
        timer = time.CreateTimer(
            _ =>
            {
                timer?.Dispose();
                Connect();
            },
            null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        timer.Change(RetryPeriod, Timeout.InfiniteTimeSpan);
    }
}
