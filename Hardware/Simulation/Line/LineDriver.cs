using Flyscan.Hardware.Contracts;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Simulation.Line;

/// <summary>What drivers of virtual devices share: one connection, who is at its other end, and its loss.</summary>
internal abstract class LineDriver : IDevice
{
    private readonly string _kind;
    private Action<string>? _toldWhenLost;
    private string? _lost;
    private bool _isDisposed;

    protected LineDriver(LineAddress address, string kind, DeviceEnvironment environment)
    {
        (Address, _kind, Clock) = (address, kind, environment.Clock);
        Link = new LineLink(address, environment.Clock, environment.Connector);
        Link.Notified += Notified;
        Link.Lost += reason =>
        {
            Disconnected(reason);
            if (_isDisposed)
                return;
            _lost = reason;
            _toldWhenLost?.Invoke(reason);
        };
    }

    public string Name => Address.Device;

    public event Action<string>? Lost
    {
        add
        {
            _toldWhenLost += value;
            if (_lost is { } reason)
                value?.Invoke(reason);
        }
        remove => _toldWhenLost -= value;
    }

    protected LineAddress Address { get; }

    protected LineLink Link { get; }

    protected IClock Clock { get; }

    /// <summary>Address of a device: the file's, or what replaces it.</summary>
    public static LineAddress AddressOf(string name, string host, int port, DeviceEnvironment environment)
    {
        var (resolvedHost, resolvedPort) = environment.Endpoints.Resolve(name, "port", host, port);
        return new LineAddress(name, resolvedHost, resolvedPort, environment.TimeScale);
    }

    public async Task<Outcome<Nothing>> ConnectAsync(CancellationToken cancel)
    {
        var opened = await Link.OpenAsync(cancel);
        if (opened is not Outcome<Nothing>.Completed)
            return opened;
        var watched = await AskAsync("watch", [], cancel);
        var identity = watched is Outcome<EquatableArray<string>>.Completed ? await AskAsync("identify", [], cancel) : watched;
        if (identity is not Outcome<EquatableArray<string>>.Completed { Value: var words })
            return identity.As<Nothing>();
        if (words.Count != 1 || words[0] != _kind)
            return new Outcome<Nothing>.Failed(
                $"{Name}: {Address.Host}:{Address.Port} says it is a '{string.Join(' ', words)}', not a {_kind}");
        _lost = null;
        Connected();
        return new Outcome<Nothing>.Completed(Nothing.Value);
    }

    public abstract Task<Outcome<Nothing>> MakeSafeAsync(CancellationToken cancel);

    public ValueTask DisposeAsync()
    {
        _isDisposed = true;
        Link.Dispose();
        Disconnected($"{Name}: closed");
        return ValueTask.CompletedTask;
    }

    /// <summary>A request that is answered at once.</summary>
    protected Task<Outcome<EquatableArray<string>>> AskAsync(string verb, IReadOnlyList<string> arguments, CancellationToken cancel) =>
        Link.AskAsync(verb, arguments, LineAddress.MarginNs, cancel);

    /// <summary>Something that the device said unasked.</summary>
    protected virtual void Notified(LineNotification notification)
    {
    }

    /// <summary>The connection stands: what the driver waits for is asked for again.</summary>
    protected virtual void Connected()
    {
    }

    /// <summary>The connection is gone: waits for what the device would say end here.</summary>
    protected virtual void Disconnected(string reason)
    {
    }

    /// <summary>Turns a completed reply into a value; a reply of another shape is a failure that shows it.</summary>
    protected Outcome<T> Read<T>(Outcome<EquatableArray<string>> reply, Func<EquatableArray<string>, T?> read)
        where T : notnull
    {
        if (reply is not Outcome<EquatableArray<string>>.Completed { Value: var words })
            return reply.As<T>();
        return read(words) is { } value
            ? new Outcome<T>.Completed(value)
            : new Outcome<T>.Failed($"{Name}: cannot understand the reply '{string.Join(' ', words)}'");
    }

    /// <summary>As <see cref="Read{T}"/>, for values that are not objects.</summary>
    protected Outcome<T> ReadValue<T>(Outcome<EquatableArray<string>> reply, Func<EquatableArray<string>, T?> read)
        where T : struct
    {
        if (reply is not Outcome<EquatableArray<string>>.Completed { Value: var words })
            return reply.As<T>();
        return read(words) is { } value
            ? new Outcome<T>.Completed(value)
            : new Outcome<T>.Failed($"{Name}: cannot understand the reply '{string.Join(' ', words)}'");
    }

    protected static Outcome<Nothing> WithoutValue<T>(Outcome<T> outcome) =>
        outcome is Outcome<T>.Completed ? new Outcome<Nothing>.Completed(Nothing.Value) : outcome.As<Nothing>();
}
