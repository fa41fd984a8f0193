using System.Diagnostics.CodeAnalysis;

namespace Akka.Actor;

/// <summary>Where an actor system is: protocol, system name and, when it can be reached from outside, host and port.</summary>
public sealed class Address : IEquatable<Address>, IComparable<Address>, IComparable
{
    public Address(string protocol, string system, string? host = null, int? port = null)
    {
        Protocol = protocol;
        System = system;
        Host = host?.ToLowerInvariant();
        Port = port;
    }

    public string Protocol { get; }

    public string System { get; }

    public string? Host { get; }

    public int? Port { get; }

    public bool HasLocalScope => string.IsNullOrEmpty(Host);

    public bool HasGlobalScope => !HasLocalScope;

    public static bool operator ==(Address? left, Address? right) => Equals(left, right);

    public static bool operator !=(Address? left, Address? right) => !Equals(left, right);

    /// <summary>Reads <c>protocol://system@host:port</c>.</summary>
    public static Address Parse(string address) => TryParse(address, out var result)
        ? result
        : throw new UriFormatException($"[{address}] is not an actor system's address, which looks like akka://system");

    public static bool TryParse(string path, [NotNullWhen(true)] out Address? address)
    {
        address = null;
        if (!Uri.TryCreate(path, UriKind.Absolute, out var uri))
            return false;
        address = string.IsNullOrEmpty(uri.UserInfo)
            ? new Address(uri.Scheme, uri.OriginalString[(uri.Scheme.Length + 3)..].Split('/')[0])
            : new Address(uri.Scheme, uri.UserInfo, uri.Host, uri.Port);
        return true;
    }

    /// <summary>The address without its protocol.</summary>
    public string HostPort() => ToString()[(Protocol.Length + 3)..];

    public int CompareTo(Address? other) => string.CompareOrdinal(ToString(), other?.ToString());

    int IComparable.CompareTo(object? obj) => CompareTo(obj as Address);

    public bool Equals(Address? other) =>
        other is not null && Port == other.Port && Host == other.Host && System == other.System && Protocol == other.Protocol;

    public override bool Equals(object? obj) => Equals(obj as Address);

    public override int GetHashCode() => HashCode.Combine(Protocol, System, Host, Port);

    public override string ToString()
    {
        var host = HasLocalScope ? "" : "@" + Host;
        return $"{Protocol}://{System}{host}{(Port is { } port ? $":{port}" : "")}";
    }
}
