using Akka.Actor;
using Flyscan.Engine.Simulation;

namespace Flyscan.SimulationProbe;

/// <summary>How many trivial messages a simulated node processes in a second of real time.</summary>
internal static class SpeedMeasure
{
    private const int Rounds = 5;
    private const long Messages = 2_000_000;

    internal static void Run(TextWriter output)
    {
        foreach (var pairs in (int[])[1, 10, 100])
        {
            var best = Enumerable.Range(0, Rounds).Max(_ => PingPong(pairs));
            output.WriteLine($"ping-pong, {pairs,3} pairs       {best / 1e6,8:F2} M deliveries/s");
        }

        var timers = Enumerable.Range(0, Rounds).Max(_ => Timers());
        output.WriteLine($"timers, 100 actors         {timers / 1e6,8:F2} M deliveries/s");
        var seeds = Enumerable.Range(0, 3).Max(round => Seeds(1000UL * (ulong)round));
        output.WriteLine($"ledger scenario            {seeds,8:F0} seeds/s of 20 s with faults");
    }

    private static double PingPong(int pairs)
    {
        var run = new SimulationRun(new SimulationOptions());
        var node = run.AddNode("a", new NodeOptions());
        var start = TimeProvider.System.GetTimestamp();
        for (var i = 0; i < pairs; i++)
        {
            var echo = node.System.ActorOf(Props.Create(() => new Echo()));
            echo.Tell("ball", node.System.ActorOf(Props.Create(() => new Echo())));
        }

        run.RunUntil(() => run.Trace.Deliveries >= Messages, 1);
        return run.Trace.Deliveries / TimeProvider.System.GetElapsedTime(start).TotalSeconds;
    }

    private static double Timers()
    {
        var run = new SimulationRun(new SimulationOptions());
        var node = run.AddNode("a", new NodeOptions());
        for (var i = 0; i < 100; i++)
        {
            var period = TimeSpan.FromMicroseconds(1000 + i);
            node.System.ActorOf(Props.Create(() => new Ticking(period)));
        }

        var start = TimeProvider.System.GetTimestamp();
        run.RunFor(5_000_000_000);
        return run.Trace.Deliveries / TimeProvider.System.GetElapsedTime(start).TotalSeconds;
    }

    private static double Seeds(ulong first)
    {
        const int count = 100;
        var start = TimeProvider.System.GetTimestamp();
        foreach (var _ in LedgerScenario.Hashes(first, count))
        {
        }

        return count / TimeProvider.System.GetElapsedTime(start).TotalSeconds;
    }

    private sealed class Echo : UntypedActor
    {
        protected override void OnReceive(object message) => Sender.Tell(message);
    }

    private sealed class Ticking : ReceiveActor, IWithTimers
    {
        private readonly TimeSpan _period;

        public Ticking(TimeSpan period)
        {
            _period = period;
            ReceiveAny(_ => { });
        }

        public ITimerScheduler Timers { get; set; } = null!;

        protected override void PreStart() => Timers.StartPeriodicTimer("tick", "tick", _period);
    }
}
