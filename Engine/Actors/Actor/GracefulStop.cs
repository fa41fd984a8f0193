using Akka.Dispatch;
using Flyscan.Engine.Time;

namespace Akka.Actor;

/// <summary>Stops an actor and waits for its end.</summary>
public static class GracefulStopSupport
{
    public static Task<bool> GracefulStop(this IActorRef target, TimeSpan timeout) => target.GracefulStop(timeout, PoisonPill.Instance);

    /// <summary>True once the target has ended; the task is cancelled where that takes longer than <paramref name="timeout"/>.</summary>
    public static Task<bool> GracefulStop(this IActorRef target, TimeSpan timeout, object stopMessage)
    {
        var internalTarget = (IInternalActorRef)target;
        var system = internalTarget.System;
        var watcher = new EndWatcher(system, internalTarget, timeout);
        internalTarget.SendSystemMessage(new SystemMessage.Watch(internalTarget, watcher));
        target.Tell(stopMessage, ActorRefs.NoSender);
        return watcher.Ended;
    }

    private sealed class EndWatcher : ActorRefBase
    {
        private readonly TaskCompletionSource<bool> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly ScheduledItem _timeout;
        private readonly IInternalActorRef _target;

        internal EndWatcher(ActorSystemImpl system, IInternalActorRef target, TimeSpan timeout)
        {
            System = system;
            Path = system.NextTempPath();
            _target = target;
            _timeout = new TimeoutItem(this);
            system.Clockwork.Add(_timeout, timeout);
        }

        public override ActorPath Path { get; }

        public override ActorSystemImpl System { get; }

        internal Task<bool> Ended => _ended.Task;

        public override void Tell(object message, IActorRef? sender)
        {
        }

        public override void SendSystemMessage(SystemMessage message)
        {
            if (message is not SystemMessage.DeathWatchNotification)
                return;
            _timeout.Cancel();
            _ended.TrySetResult(true);
        }

        private sealed class TimeoutItem(EndWatcher watcher) : ScheduledItem
        {
            internal override void Run()
            {
                watcher._target.SendSystemMessage(new SystemMessage.Unwatch(watcher._target, watcher));
                watcher._ended.TrySetCanceled();
            }
        }
    }
}
