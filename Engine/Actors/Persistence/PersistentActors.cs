using Akka.Actor;

namespace Akka.Persistence;

/// <summary>A persistent actor with one method for commands and one for recovery.</summary>
public abstract class UntypedPersistentActor : Eventsourced
{
    protected static new IUntypedActorContext Context => (IUntypedActorContext)ActorBase.Context;

    protected override bool Receive(object message) => ReceiveCommand(message);

    protected sealed override bool ReceiveCommand(object message)
    {
        OnCommand(message);
        return true;
    }

    protected sealed override bool ReceiveRecover(object message) => Recovered(message);

    /// <summary>Whether the recovery has a handler for this message.</summary>
    internal virtual bool Recovered(object message)
    {
        OnRecover(message);
        return true;
    }

    protected abstract void OnCommand(object message);

    protected abstract void OnRecover(object message);

    protected void Become(UntypedReceive receive) => Context.Become(receive);

    protected void BecomeStacked(UntypedReceive receive) => Context.BecomeStacked(receive);
}

/// <summary>A persistent actor that declares handlers for its commands and for its recovery.</summary>
public abstract class ReceivePersistentActor : UntypedPersistentActor
{
    private readonly HandlerBuilder _commands = new("Command");
    private readonly HandlerBuilder _recovers = new("Recover");
    private Receive? _command;
    private Receive? _recover;

    internal override void Initialise()
    {
        _command = _commands.Finish();
        _recover = _recovers.Finish();
    }

    internal override bool ReceiveFirst(object message) => _command!(message);

    internal override bool Recovered(object message) => _recover!(message);

    protected sealed override void OnCommand(object message)
    {
    }

    protected sealed override void OnRecover(object message)
    {
    }

    protected void Become(Action configure) => Become(_commands.Collect(configure));

    protected void BecomeStacked(Action configure) => BecomeStacked(_commands.Collect(configure));

    protected void Command<T>(Action<T> handler, Predicate<T>? shouldHandle = null) => _commands.Add(handler, shouldHandle);

    protected void Command<T>(Predicate<T> shouldHandle, Action<T> handler) => _commands.Add(handler, shouldHandle);

    protected void Command<T>(Func<T, bool> handler) => _commands.Add(handler);

    protected void Command(Type messageType, Action<object> handler, Predicate<object>? shouldHandle = null) =>
        _commands.Add(messageType, handler, shouldHandle);

    protected void Command(Type messageType, Predicate<object> shouldHandle, Action<object> handler) =>
        _commands.Add(messageType, handler, shouldHandle);

    protected void Command(Type messageType, Func<object, bool> handler) => _commands.Add(messageType, handler);

    protected void Command(Action<object> handler) => _commands.AddAny(handler);

    protected void CommandAny(Action<object> handler) => _commands.AddAny(handler);

    protected void CommandAsync<T>(Func<T, Task> handler, Predicate<T>? shouldHandle = null) =>
        _commands.Add(Async(handler), shouldHandle);

    protected void CommandAsync<T>(Predicate<T> shouldHandle, Func<T, Task> handler) => _commands.Add(Async(handler), shouldHandle);

    protected void CommandAnyAsync(Func<object, Task> handler) => _commands.AddAny(Async(handler));

    protected void Recover<T>(Action<T> handler, Predicate<T>? shouldHandle = null) => _recovers.Add(handler, shouldHandle);

    protected void Recover<T>(Predicate<T> shouldHandle, Action<T> handler) => _recovers.Add(handler, shouldHandle);

    protected void Recover<T>(Func<T, bool> handler) => _recovers.Add(handler);

    protected void Recover(Type messageType, Action<object> handler, Predicate<object>? shouldHandle = null) =>
        _recovers.Add(messageType, handler, shouldHandle);

    protected void Recover(Type messageType, Predicate<object> shouldHandle, Action<object> handler) =>
        _recovers.Add(messageType, handler, shouldHandle);

    protected void Recover(Type messageType, Func<object, bool> handler) => _recovers.Add(messageType, handler);

    protected void RecoverAny(Action<object> handler) => _recovers.AddAny(handler);

    private Action<T> Async<T>(Func<T, Task> handler) => message => RunTask(() => handler(message));
}
