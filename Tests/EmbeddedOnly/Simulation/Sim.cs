using Akka.Actor;
using Akka.Configuration;
using Flyscan.Engine.Simulation;

namespace Flyscan.Tests.EmbeddedOnly.Simulation;

/// <summary>Short words for the tests of simulated runs.</summary>
internal static class Sim
{
    public const long Ms = 1_000_000;
    public const long Second = 1_000_000_000;

    public static readonly Config Quiet = ConfigurationFactory.ParseString("akka.loglevel = OFF");

    public static SimulationRun Run(ulong seed = 1, params Fault[] faults) =>
        new(new SimulationOptions { Seed = seed, Faults = faults, JitterNs = 0, LatencyNs = Ms, RecordsTrace = true });

    public static SimulatedNode Add(this SimulationRun run, string name, Action<SimulatedNode>? boot = null) =>
        run.AddNode(name, new NodeOptions { Config = Quiet, Boot = boot });

    /// <summary>An actor that does as the function says with each message.</summary>
    public static IActorRef Actor(this SimulatedNode node, string name, Action<IActorContext, object> receive) =>
        node.System.ActorOf(Props.Create(() => new Doing(receive)), name);

    /// <summary>An actor that keeps what it is sent, with the time of its arrival.</summary>
    public static IActorRef Ear(this SimulatedNode node, string name, List<(long AtNs, object Message)> heard) =>
        node.Actor(name, (_, message) => heard.Add((node.Run.NowNs, message)));

    /// <summary>Sends from an actor of the node, so that the message takes the way that its actors' messages take.</summary>
    public static IActorRef Mouth(this SimulatedNode node, string name, IActorRef to) =>
        node.Actor(name, (context, message) => to.Tell(message, context.Self));

    private sealed class Doing(Action<IActorContext, object> receive) : UntypedActor
    {
        protected override void OnReceive(object message) => receive(Context, message);
    }
}
