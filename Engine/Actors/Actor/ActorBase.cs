using Akka.Dispatch;
using Akka.Event;

namespace Akka.Actor;

/// <summary>Handles a message; false where it does not know it.</summary>
public delegate bool Receive(object message);

/// <summary>Handles a message.</summary>
public delegate void UntypedReceive(object message);

/// <summary>Gives access to the context of an actor.</summary>
public interface IInternalActor
{
    IActorContext ActorContext { get; }
}

/// <summary>What every actor is.</summary>
public abstract class ActorBase : IInternalActor
{
    private readonly ActorCell _cell;
    private SupervisorStrategy? _strategy;

    protected ActorBase() => _cell = ActorCell.Current
        ?? throw new ActorInitializationException("Do not create actors using 'new', always create them using an ActorContext/System");

    IActorContext IInternalActor.ActorContext => _cell;

    protected static IActorContext Context => ActorCell.Current
        ?? throw new NotSupportedException(
            "There is no active ActorContext, this is most likely due to use of async operations from within this actor.");

    /// <summary>A behaviour that knows no message.</summary>
    protected static Receive EmptyReceive { get; } = _ => false;

    protected IActorRef Self => _cell.Self;

    protected IActorRef Sender => _cell.Sender;

    internal ActorCell Cell => _cell;

    internal SupervisorStrategy Strategy => _strategy ??= _cell.Props.SupervisorStrategy ?? SupervisorStrategy();

    public virtual void AroundPreStart() => PreStart();

    public virtual void AroundPostStop()
    {
        EndTimers();
        PostStop();
        ReturnStash();
    }

    public virtual void AroundPreRestart(Exception cause, object message)
    {
        EndTimers();
        PreRestart(cause, message);
        ReturnStash();
    }

    public virtual void AroundPostRestart(Exception cause, object message) => PostRestart(cause);

    internal bool InitialReceive(object message) => ReceiveFirst(message);

    /// <summary>The behaviour at the bottom of the stack.</summary>
    internal virtual bool ReceiveFirst(object message) => Receive(message);

    /// <summary>Runs after construction, when stash and timers are in place.</summary>
    internal virtual void Initialise()
    {
    }

    protected internal virtual bool AroundReceive(Receive receive, object message)
    {
        if (message is TimerMessage timer)
        {
            if (timer.Owner.Intercept(timer) is not { } payload || !ReferenceEquals((this as IWithTimers)?.Timers, timer.Owner))
                return true;
            _cell.ReplaceCurrentMessage(payload);
            message = payload;
        }

        if (receive(message))
            return true;
        Unhandled(message);
        return false;
    }

    protected abstract bool Receive(object message);

    protected virtual SupervisorStrategy SupervisorStrategy() => Akka.Actor.SupervisorStrategy.DefaultStrategy;

    protected virtual void PreStart()
    {
    }

    protected virtual void PostStop()
    {
    }

    protected virtual void PreRestart(Exception reason, object message)
    {
        foreach (var child in _cell.GetChildren())
        {
            _cell.Unwatch(child);
            _cell.Stop(child);
        }

        PostStop();
    }

    protected virtual void PostRestart(Exception reason) => PreStart();

    protected virtual void Unhandled(object message)
    {
        if (message is Terminated terminated)
            throw new DeathPactException(terminated.ActorRef);
        _cell.System.EventStream.Publish(new UnhandledMessage(message, Sender, Self));
    }

    protected void Become(Receive receive) => ((IActorContext)_cell).Become(receive);

    protected void BecomeStacked(Receive receive) => ((IActorContext)_cell).BecomeStacked(receive);

    protected void UnbecomeStacked() => ((IActorContext)_cell).UnbecomeStacked();

    protected void SetReceiveTimeout(TimeSpan? timeout) => _cell.SetReceiveTimeout(timeout);

    private void EndTimers() => (this as IWithTimers)?.Timers?.CancelAll();

    private protected virtual void ReturnStash() => (this as IActorStash)?.Stash?.UnstashAll();
}

/// <summary>An actor with one method for all messages.</summary>
public abstract class UntypedActor : ActorBase
{
    protected static new IUntypedActorContext Context => (IUntypedActorContext)ActorBase.Context;

    protected sealed override bool Receive(object message)
    {
        OnReceive(message);
        return true;
    }

    protected abstract void OnReceive(object message);

    protected void Become(UntypedReceive receive) => Context.Become(receive);

    protected void BecomeStacked(UntypedReceive receive) => Context.BecomeStacked(receive);

    protected void RunTask(Action action) => RunTask(() =>
    {
        action();
        return Task.CompletedTask;
    });

    protected void RunTask(Func<Task> action) => ActorTaskScheduler.Run(action);
}
