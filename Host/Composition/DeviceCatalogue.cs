using System.Reflection;
using Flyscan.Hardware.Contracts;

namespace Flyscan.Host.Composition;

/// <summary>The kinds of device there are: what <c>kind = …</c> in a beamline file may say.</summary>
public sealed class DeviceCatalogue
{
    private readonly SortedDictionary<string, IDeviceFactory> _byKind = new(StringComparer.Ordinal);

    /// <summary>A catalogue of these factories.</summary>
    /// <remarks><b>Errors</b> <see cref="InvalidOperationException"/> when two have the same kind.</remarks>
    public DeviceCatalogue(IEnumerable<IDeviceFactory> factories)
    {
        foreach (var factory in factories)
            if (!_byKind.TryAdd(factory.Kind, factory))
                throw new InvalidOperationException($"Device kind {factory.Kind} is claimed by {_byKind[factory.Kind].GetType()} "
                    + $"and by {factory.GetType()}; a kind must be unique.");
    }

    /// <summary>All kinds, sorted.</summary>
    public IReadOnlyList<string> Kinds => [.. _byKind.Keys];

    /// <summary>All factories, sorted by kind.</summary>
    public IReadOnlyList<IDeviceFactory> Factories => [.. _byKind.Values];

    /// <summary>The kinds found in the Hardware assembly.</summary>
    public static DeviceCatalogue OfHardware() => Scan(typeof(IDeviceFactory).Assembly);

    /// <summary>Makes every <see cref="IDeviceFactory"/> of the assemblies.</summary>
    /// <remarks><b>Errors</b> <see cref="MissingMethodException"/> for one without a constructor without parameters.</remarks>
    public static DeviceCatalogue Scan(params IEnumerable<Assembly> assemblies) => OfTypes(assemblies.SelectMany(a => a.GetTypes()));

    internal static DeviceCatalogue OfTypes(IEnumerable<Type> types) => new(
        from type in types
        where typeof(IDeviceFactory).IsAssignableFrom(type) && !type.IsAbstract
        orderby type.FullName
        select (IDeviceFactory)Activator.CreateInstance(type, nonPublic: true)!);

    /// <summary>The factory for the kind that a section names.</summary>
    /// <remarks><b>Errors</b> <see cref="SettingsException"/> naming the known kinds.</remarks>
    public IDeviceFactory Of(ISettings settings)
    {
        var kind = settings.Text("kind");
        if (_byKind.TryGetValue(kind, out var factory))
            return factory;
        var meant = NearestWord.Of(kind, _byKind.Keys) is { } nearest ? $" Did you mean {nearest}?" : "";
        throw settings.Error("kind", $"no such kind of device.{meant} Known kinds: {string.Join(", ", _byKind.Keys)}.");
    }
}
