using System.Reflection;
using Akka.Actor;
using Akka.TestKit;
using Xunit;

namespace Flyscan.Tests.EmbeddedOnly.Engine;

public sealed class ApiParityTests
{
    /// <summary>Types of Akka.NET that the listing names in signatures and bases without listing their members.</summary>
    private static readonly HashSet<string> NamedOnly =
    [
        "Akka.Actor.ICanWatch", "Akka.Actor.IActionScheduler", "Akka.Actor.Nobody", "Akka.Event.IDeadLetterSuppression",
        "Akka.Event.IWrappedMessage", "Akka.Event.LoggingBus", "Akka.Persistence.Journal.IEventSequence", "Akka.TestKit.INoImplicitSender",
    ];

    private static readonly Assembly[] Assemblies = [typeof(ActorSystem).Assembly, typeof(TestKitBase).Assembly];

    [SharedFact]
    public void Whatever_is_declared_under_Akka_is_declared_the_same_there()
    {
        var listing = ApiListing.Read(SharedData.PathOf("reference/akka-api.txt"));
        var differences = new List<string>();
        foreach (var type in Ours())
        {
            var name = ApiListing.FullName(type);
            if (NamedOnly.Contains(name))
                continue;
            if (listing.TryGetValue(name, out var listed))
                differences.AddRange(Differences(type, name, listed));
            else
                differences.Add($"{name} is not in the listing");
        }

        Assert.True(differences.Count == 0, string.Join(Environment.NewLine, differences));
    }

    [SharedFact]
    public void The_listing_is_read()
    {
        var listing = ApiListing.Read(SharedData.PathOf("reference/akka-api.txt"));

        Assert.Contains("public static IActorRef ActorOf<TActor>(IActorRefFactory factory, string name = null)",
            listing["Akka.Actor.ActorRefFactoryExtensions"].Members);
        Assert.Contains("UntypedActor", listing["Akka.Actor.ReceiveActor"].Bases);
        Assert.True(listing.Count > 200);
    }

    private static IEnumerable<Type> Ours() => Assemblies
        .SelectMany(assembly => assembly.GetTypes())
        .Where(type => type.IsVisible && (type.Namespace == "Akka" || type.Namespace!.StartsWith("Akka.", StringComparison.Ordinal)))
        .OrderBy(type => type.FullName, StringComparer.Ordinal);

    private static IEnumerable<string> Differences(Type type, string name, ListedType listed)
    {
        if (ApiListing.Heading(type) != listed.Heading)
            yield return $"{name}: {ApiListing.Heading(type)}, there {listed.Heading}";
        foreach (var missing in ApiListing.Bases(type).Where(b => !listed.Bases.Contains(b)))
            yield return $"{name} : {missing} is not a base there";
        foreach (var member in ApiListing.Members(type).Where(m => !listed.Members.Contains(m)))
            yield return $"{name}: {member}";
    }
}
