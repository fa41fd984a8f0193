using System.Reflection;
using Akka.Actor;
using Akka.TestKit;
using Xunit;

namespace Flyscan.Tests.EmbeddedOnly.Engine;

public sealed class ApiParityTests
{
    /// <summary>Types of Akka.NET that the listing names in signatures and bases without listing their members.</summary>
    internal static readonly HashSet<string> NamedOnly =
    [
        "Akka.Actor.ICanWatch", "Akka.Actor.IActionScheduler", "Akka.Actor.Nobody", "Akka.Event.IDeadLetterSuppression",
        "Akka.Event.IWrappedMessage", "Akka.Event.LoggingBus", "Akka.Persistence.Journal.IEventSequence", "Akka.TestKit.INoImplicitSender",
    ];

    internal static readonly Assembly[] Assemblies = [typeof(ActorSystem).Assembly, typeof(TestKitBase).Assembly];

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

    [SharedFact]
    public void Every_kind_of_difference_is_found()
    {
        var listed = new ListedType(
            "class Planted", new HashSet<string> { "AkkaException", "IDisposable" }, new HashSet<string>
            {
                "public new()", "protected virtual void Hook(int number, string text = null)", "public T Make<T>()",
                "public int Count { get; }", "public void Dispose()",
            });

        Assert.Empty(Differences(typeof(Faithful), "Akka.Planted", listed with { Heading = "class ApiParityTests.Faithful" }));
        Assert.Equal(
            [
                "Akka.Planted: sealed class ApiParityTests.Wrong, there class Planted",
                "Akka.Planted : IComparable is not a base there",
                "Akka.Planted has not the base class AkkaException",
                "Akka.Planted: public int CompareTo(object obj)",
                "Akka.Planted: public int Count { get; set; }",
                "Akka.Planted: public string Extra",
                "Akka.Planted: public void Hook(int number, string text = \"other\")",
                "Akka.Planted: public void Make<T>()",
            ],
            Differences(typeof(Wrong), "Akka.Planted", listed).Order(StringComparer.Ordinal).OrderBy(line => Rank(line)));
    }

    /// <summary>Types that a class elsewhere can see; those of the namespace <c>Akka</c> and below it.</summary>
    internal static IEnumerable<Type> Ours() => Assemblies
        .SelectMany(assembly => assembly.GetTypes())
        .Where(type => ApiListing.Visible(type) && IsAkka(type))
        .OrderBy(type => type.FullName, StringComparer.Ordinal);

    internal static bool IsAkka(Type type) =>
        type.Namespace is { } space && (space == "Akka" || space.StartsWith("Akka.", StringComparison.Ordinal));

    private static int Rank(string line) =>
        line.Contains(", there", StringComparison.Ordinal) ? 0 : line.Contains("base", StringComparison.Ordinal) ? 1 : 2;

    private static IEnumerable<string> Differences(Type type, string name, ListedType listed)
    {
        if (ApiListing.Heading(type) != listed.Heading)
            yield return $"{name}: {ApiListing.Heading(type)}, there {listed.Heading}";
        var bases = ApiListing.Bases(type).ToHashSet();
        foreach (var missing in bases.Where(b => !listed.Bases.Contains(b)))
            yield return $"{name} : {missing} is not a base there";
        if (listed.Bases.FirstOrDefault(IsClass) is { } super && !bases.Contains(super))
            yield return $"{name} has not the base class {super}";
        foreach (var member in ApiListing.Members(type).Where(m => !listed.Members.Contains(m)))
            yield return $"{name}: {member}";
    }

    // The listing tells interfaces from the base class by their names alone.
    private static bool IsClass(string name)
    {
        var simple = name[(name.Split('<')[0].LastIndexOf('.') + 1)..];
        return simple.Length < 2 || simple[0] != 'I' || !char.IsUpper(simple[1]);
    }

    /// <summary>As the planted listing has it.</summary>
    private class Faithful : AkkaException, IDisposable
    {
        public int Count => 0;

        public T? Make<T>() => default;

        public void Dispose() => GC.SuppressFinalize(this);

        protected virtual void Hook(int number, string? text = null)
        {
        }
    }

    /// <summary>Wrong in its kind, base class, interfaces, access, default value, return type and setter, with a member more.</summary>
    private sealed class Wrong : IComparable
    {
        public string Extra = "";

        public int Count { get; set; }

        public void Make<T>()
        {
        }

        public int CompareTo(object? obj) => 0;

        public void Hook(int number, string text = "other")
        {
        }
    }
}
