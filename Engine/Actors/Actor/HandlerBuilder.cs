namespace Akka.Actor;

/// <summary>Collects the handlers that an actor declares and makes one behaviour of them.</summary>
internal sealed class HandlerBuilder(string verb)
{
    private List<Receive>? _open = [];
    private bool _any;

    /// <summary>Closes the constructor's list.</summary>
    internal Receive Finish()
    {
        var handlers = _open!.ToArray();
        _open = null;
        return Combine(handlers);
    }

    /// <summary>The behaviour that <paramref name="configure"/> declares.</summary>
    internal Receive Collect(Action configure)
    {
        var (outer, outerAny) = (_open, _any);
        _open = [];
        _any = false;
        try
        {
            configure();
            return Combine([.. _open]);
        }
        finally
        {
            (_open, _any) = (outer, outerAny);
        }
    }

    internal void Add<T>(Action<T> handler, Predicate<T>? shouldHandle)
    {
        ArgumentNullException.ThrowIfNull(handler);
        Append(message =>
        {
            if (message is not T typed || (shouldHandle is not null && !shouldHandle(typed)))
                return false;
            handler(typed);
            return true;
        });
        _any |= typeof(T) == typeof(object) && shouldHandle is null;
    }

    internal void Add<T>(Func<T, bool> handler) => Append(message => message is T typed && handler(typed));

    internal void Add(Type type, Action<object> handler, Predicate<object>? shouldHandle) => Append(message =>
    {
        if (!type.IsInstanceOfType(message) || (shouldHandle is not null && !shouldHandle(message)))
            return false;
        handler(message);
        return true;
    });

    internal void Add(Type type, Func<object, bool> handler) => Append(message => type.IsInstanceOfType(message) && handler(message));

    internal void AddAny(Action<object> handler) => Add(handler, null);

    private void Append(Receive handler)
    {
        if (_open is null)
            throw new InvalidOperationException(
                $"You may only call {verb}-methods when constructing the actor and inside Become().");
        if (_any)
            throw new InvalidOperationException(
                $"A handler that catches all messages has been added. No handler can be added after that: put {verb}Any last.");
        _open.Add(handler);
    }

    private static Receive Combine(Receive[] handlers) => handlers.Length == 1 ? handlers[0] : message =>
    {
        foreach (var handler in handlers)
        {
            if (handler(message))
                return true;
        }

        return false;
    };
}
