using Akka.Actor;

namespace Akka.Dispatch;

/// <summary>What an actor's cell does besides user messages; processed before them.</summary>
internal abstract class SystemMessage
{
    internal SystemMessage? Next;

    internal sealed class Create : SystemMessage;

    internal sealed class Terminate : SystemMessage;

    internal sealed class Suspend : SystemMessage;

    internal sealed class Resume(Exception? causedByFailure) : SystemMessage
    {
        internal Exception? CausedByFailure { get; } = causedByFailure;
    }

    internal sealed class Recreate(Exception cause) : SystemMessage
    {
        internal Exception Cause { get; } = cause;
    }

    internal sealed class Failed(IInternalActorRef child, Exception cause) : SystemMessage
    {
        internal IInternalActorRef Child { get; } = child;

        internal Exception Cause { get; } = cause;
    }

    internal sealed class Watch(IInternalActorRef watchee, IInternalActorRef watcher) : SystemMessage
    {
        internal IInternalActorRef Watchee { get; } = watchee;

        internal IInternalActorRef Watcher { get; } = watcher;
    }

    internal sealed class Unwatch(IInternalActorRef watchee, IInternalActorRef watcher) : SystemMessage
    {
        internal IInternalActorRef Watchee { get; } = watchee;

        internal IInternalActorRef Watcher { get; } = watcher;
    }

    internal sealed class DeathWatchNotification(IInternalActorRef actor, bool existenceConfirmed) : SystemMessage
    {
        internal IInternalActorRef Actor { get; } = actor;

        internal bool ExistenceConfirmed { get; } = existenceConfirmed;
    }

    /// <summary>A piece of an asynchronous receive that runs in the actor's own context.</summary>
    internal sealed class RunTask(ActorTaskScheduler scheduler, Task task) : SystemMessage
    {
        internal ActorTaskScheduler Scheduler { get; } = scheduler;

        internal Task Task { get; } = task;
    }
}
