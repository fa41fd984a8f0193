using System.Collections.Concurrent;
using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.PandA;
using Flyscan.Hardware.PandA.Driver;
using Flyscan.Hardware.PandA.Simulator;
using Flyscan.Hardware.Simulation;
using Flyscan.Hardware.Transport;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Units;
using Xunit;
using Xunit.Abstractions;

namespace Flyscan.Tests.Hardware.PandA;

/// <summary>Driver and box over real sockets; the world jumps from event to event on a thread of its own.</summary>
public sealed class PandAOverTcpTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Ten_thousand_frames_arrive_over_tcp()
    {
        using var world = new JumpingWorld();
        var box = new PandASimulator(world, new PandASimulatorOptions());
        using var control = ConnectionListener.Listen("127.0.0.1", 0, box.ServeControl);
        using var data = ConnectionListener.Listen("127.0.0.1", 0, box.ServeData);
        var stores = new TestFrameStores();
        var settings = new PandASettings
        {
            Host = "127.0.0.1",
            ControlPort = control.Port,
            DataPort = data.Port,
            LiveInput = "TTLIN1.VAL",
            Encoders = [new("x", "INENC1", 0.001, 0, "mm")],
        };
        var clock = new WallClock();
        await using var driver = new PandADriver(
            "panda", settings, new DeviceEnvironment(clock, new TcpConnector(), stores, 1, EndpointOverrides.None));
        Value(await driver.ConnectAsync(CancellationToken.None));
        var session = Value(await driver.StageAsync(PandABench.Staging(), CancellationToken.None));
        var mark = new TakeMark(99);
        Value(await driver.LoadAsync(mark, PandABench.Burst(10_000, 80_000, 100_000), CancellationToken.None));
        Value(await driver.EnableAsync(mark, CancellationToken.None));
        Assert.Equal(10_000, Value(await driver.WaitDoneAsync(mark, 0, CancellationToken.None)).Triggered);
        Assert.Equal(10_000, Value(await driver.UnstageAsync(session.Restore, CancellationToken.None)));
        Assert.Equal(10_000, stores.Stores[0].Longs("sample_index").Length);

        // A figure for the reader, not a condition: machines differ.
        const int trips = 2000;
        var began = clock.NowNs;
        for (var i = 0; i < trips; i++)
            Value(await driver.ReadEncoderAsync("x", CancellationToken.None));
        output.WriteLine($"{(clock.NowNs - began) / trips / 1000.0} us for a round trip over loopback");
    }

    private static T Value<T>(Outcome<T> outcome) =>
        outcome is Outcome<T>.Completed completed ? completed.Value : throw new Xunit.Sdk.XunitException(outcome.Problem);

    private sealed class WallClock : IClock
    {
        public long NowNs => TimeProvider.System.GetTimestamp() * (1_000_000_000 / TimeProvider.System.TimestampFrequency);

        public IDisposable WakeAt(long timeNs, Action wake) => TimeProvider.System.CreateTimer(
            _ => wake(), null, TimeSpan.FromMicroseconds(Math.Max(0, (timeNs - NowNs) / 1000)), Timeout.InfiniteTimeSpan);
    }

    private sealed class JumpingWorld : ISimulationClock, IDisposable
    {
        private readonly BlockingCollection<Action> _posted = [];
        private readonly PriorityQueue<Event, (long, long)> _timed = new();
        private readonly Thread _thread;
        private long _order;

        public JumpingWorld()
        {
            _thread = new Thread(Run) { IsBackground = true };
            _thread.Start();
        }

        public long NowNs { get; private set; }

        public IDisposable At(long timeNs, Action action)
        {
            var scheduled = new Event(action);
            _timed.Enqueue(scheduled, (Math.Max(NowNs, timeNs), _order++));
            return scheduled;
        }

        public void Post(Action action)
        {
            try
            {
                _posted.Add(action);
            }
            catch (InvalidOperationException)
            {
                // The world has ended; connections that close after it have nobody to tell.
            }
        }

        public void Dispose()
        {
            _posted.CompleteAdding();
            _thread.Join();
        }

        private void Run()
        {
            while (!_posted.IsCompleted)
            {
                if (_posted.TryTake(out var posted, _timed.Count == 0 ? Timeout.Infinite : 0))
                    posted();
                else if (_timed.TryDequeue(out var next, out var at))
                {
                    NowNs = Math.Max(NowNs, at.Item1);
                    next.Action?.Invoke();
                }
            }
        }

        private sealed class Event(Action action) : IDisposable
        {
            public Action? Action { get; private set; } = action;

            public void Dispose() => Action = null;
        }
    }
}
