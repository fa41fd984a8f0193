using System.Diagnostics.CodeAnalysis;

namespace Akka.Actor;

/// <summary>The names from an actor system's root to one actor.</summary>
public abstract class ActorPath : IEquatable<ActorPath>, IComparable<ActorPath>
{
    /// <summary>The characters, besides ASCII letters and digits, that an actor's name may have.</summary>
    public const string ValidSymbols = "\"-_.*$+:@&=,!~';()";

    private string? _text;

    private protected ActorPath(Address address, ActorPath? parent, string name, long uid)
    {
        Address = address;
        Parent = parent ?? this;
        Name = name;
        Uid = uid;
        Depth = parent is null ? 0 : parent.Depth + 1;
    }

    public Address Address { get; }

    public ActorPath Parent { get; }

    public string Name { get; }

    public long Uid { get; }

    public int Depth { get; }

    public ActorPath Root => ParentOf(0);

    public IReadOnlyList<string> Elements
    {
        get
        {
            var elements = new string[Depth];
            var path = this;
            for (var i = Depth; i > 0; i--, path = path.Parent)
                elements[i - 1] = path.Name;
            return elements;
        }
    }

    public static ActorPath operator /(ActorPath path, string name) => path.Child(name);

    public static ActorPath operator /(ActorPath path, IEnumerable<string> name) => name.Aggregate(path, (p, n) => p.Child(n));

    public static bool operator ==(ActorPath? left, ActorPath? right) => Equals(left, right);

    public static bool operator !=(ActorPath? left, ActorPath? right) => !Equals(left, right);

    public static bool IsValidPathElement(string s)
    {
        if (string.IsNullOrEmpty(s) || s[0] == '$')
            return false;
        for (var i = 0; i < s.Length; i++)
        {
            if (char.IsAsciiLetterOrDigit(s[i]) || ValidSymbols.Contains(s[i]))
                continue;
            if (s[i] != '%' || i + 2 >= s.Length || !char.IsAsciiHexDigit(s[i + 1]) || !char.IsAsciiHexDigit(s[i + 2]))
                return false;
            i += 2;
        }

        return true;
    }

    /// <summary>Reads <c>akka://system/user/name</c>, with <c>#uid</c> if it has one.</summary>
    public static ActorPath Parse(string path) => TryParse(path, out var result)
        ? result
        : throw new UriFormatException($"Can not parse an ActorPath: {path}");

    public static bool TryParse(string path, [NotNullWhen(true)] out ActorPath? actorPath)
    {
        actorPath = null;
        var start = path.IndexOf("://", StringComparison.Ordinal);
        if (start < 0)
            return false;
        var slash = path.IndexOf('/', start + 3);
        if (!Address.TryParse(slash < 0 ? path : path[..slash], out var address))
            return false;
        actorPath = new RootActorPath(address);
        var rest = slash < 0 ? "" : path[(slash + 1)..];
        var hash = rest.IndexOf('#');
        var uid = 0L;
        if (hash >= 0 && !long.TryParse(rest[(hash + 1)..], out uid))
            return false;
        if (hash >= 0)
            rest = rest[..hash];
        foreach (var element in rest.Split('/', StringSplitOptions.RemoveEmptyEntries))
            actorPath = actorPath.Child(element);
        actorPath = actorPath.WithUid(uid);
        return true;
    }

    public static string FormatPathElements(IEnumerable<string> pathElements) => "/" + string.Join("/", pathElements);

    public ActorPath Child(string childName) => new ChildActorPath(this, childName, 0);

    public ActorPath ParentOf(int depth)
    {
        var path = this;
        while (path.Depth > depth)
            path = path.Parent;
        return path;
    }

    public ActorPath WithUid(long uid) => uid == Uid || Depth == 0 ? this : new ChildActorPath(Parent, Name, uid);

    public string ToStringWithoutAddress() => FormatPathElements(Elements);

    public string ToStringWithAddress() => ToString();

    public string ToStringWithAddress(Address address) =>
        (Address.HasGlobalScope ? Address : address) + ToStringWithoutAddress();

    public string ToStringWithUid() => Uid == 0 ? ToString() : $"{this}#{Uid}";

    public string ToSerializationFormat() => ToStringWithUid();

    public string ToSerializationFormatWithAddress(Address address) =>
        ToStringWithAddress(address) + (Uid == 0 ? "" : $"#{Uid}");

    public int CompareTo(ActorPath? other) => string.CompareOrdinal(ToString(), other?.ToString());

    public bool Equals(ActorPath? other)
    {
        if (other is null || other.Depth != Depth)
            return false;
        ActorPath a = this, b = other;
        while (!ReferenceEquals(a, b))
        {
            if (a.Depth == 0)
                return a.Address.Equals(b.Address);
            if (a.Name != b.Name)
                return false;
            a = a.Parent;
            b = b.Parent;
        }

        return true;
    }

    public override bool Equals(object? obj) => Equals(obj as ActorPath);

    public override int GetHashCode() => HashCode.Combine(Depth, Name);

    public override string ToString() => _text ??= Address + ToStringWithoutAddress();
}

internal sealed class RootActorPath(Address address) : ActorPath(address, null, "", 0);

internal sealed class ChildActorPath(ActorPath parent, string name, long uid) : ActorPath(parent.Address, parent, name, uid);
