using Akka.Dispatch;

namespace Akka.Actor;

/// <summary>An actor that declares a handler per message type; the first that fits is called.</summary>
public abstract class ReceiveActor : UntypedActor
{
    private readonly HandlerBuilder _handlers = new("Receive");

    protected sealed override void OnReceive(object message)
    {
    }

    internal override void Initialise() => InitialHandlers = _handlers.Finish();

    internal override bool ReceiveFirst(object message) => InitialHandlers!(message);

    private Receive? InitialHandlers { get; set; }

    protected void Become(Action configure) => Become(_handlers.Collect(configure));

    protected void BecomeStacked(Action configure) => BecomeStacked(_handlers.Collect(configure));

    protected void Receive<T>(Action<T> handler, Predicate<T>? shouldHandle = null) => _handlers.Add(handler, shouldHandle);

    protected void Receive<T>(Predicate<T> shouldHandle, Action<T> handler) => _handlers.Add(handler, shouldHandle);

    protected void Receive<T>(Func<T, bool> handler) => _handlers.Add(handler);

    protected void Receive(Type messageType, Action<object> handler, Predicate<object>? shouldHandle = null) =>
        _handlers.Add(messageType, handler, shouldHandle);

    protected void Receive(Type messageType, Predicate<object> shouldHandle, Action<object> handler) =>
        _handlers.Add(messageType, handler, shouldHandle);

    protected void Receive(Type messageType, Func<object, bool> handler) => _handlers.Add(messageType, handler);

    protected void ReceiveAny(Action<object> handler) => _handlers.AddAny(handler);

    protected void ReceiveAsync<T>(Func<T, Task> handler, Predicate<T>? shouldHandle = null) =>
        _handlers.Add(Async(handler), shouldHandle);

    protected void ReceiveAsync<T>(Predicate<T> shouldHandle, Func<T, Task> handler) => _handlers.Add(Async(handler), shouldHandle);

    protected void ReceiveAsync(Type messageType, Func<object, Task> handler, Predicate<object>? shouldHandle = null) =>
        _handlers.Add(messageType, Async(handler), shouldHandle);

    protected void ReceiveAsync(Type messageType, Predicate<object> shouldHandle, Func<object, Task> handler) =>
        _handlers.Add(messageType, Async(handler), shouldHandle);

    protected void ReceiveAnyAsync(Func<object, Task> handler) => _handlers.AddAny(Async(handler));

    private static Action<T> Async<T>(Func<T, Task> handler) => message => ActorTaskScheduler.Run(() => handler(message));
}
