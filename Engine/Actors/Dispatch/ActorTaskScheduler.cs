using Akka.Actor;

namespace Akka.Dispatch;

/// <summary>Runs the continuations of an asynchronous receive inside the actor, one at a time, with its Self, Sender and Context.</summary>
internal sealed class ActorTaskScheduler(ActorCell cell) : TaskScheduler
{
    public override int MaximumConcurrencyLevel => 1;

    /// <summary>Runs <paramref name="action"/> and holds the actor's user messages back until its task has ended.</summary>
    internal static void Run(Func<Task> action)
    {
        var cell = ActorCell.Current ?? throw new InvalidOperationException("RunTask must be called from within an actor's context");
        cell.AsyncReceiveStarted();
        var scheduler = cell.TaskScheduler;
        Task.Factory.StartNew(action, CancellationToken.None, TaskCreationOptions.None, scheduler).Unwrap().ContinueWith(
            task => cell.AsyncReceiveEnded(Failure(task)), CancellationToken.None, TaskContinuationOptions.None, scheduler);
    }

    internal void RunQueued(Task task) => Execute(task);

    protected override IEnumerable<Task>? GetScheduledTasks() => null;

    protected override void QueueTask(Task task)
    {
        if (ReferenceEquals(ActorCell.Current, cell) && !Inlining)
            Inline(task);
        else
            cell.Mailbox.PostSystem(new SystemMessage.RunTask(this, task));
    }

    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) =>
        !taskWasPreviouslyQueued && ReferenceEquals(ActorCell.Current, cell) && Execute(task);

    private bool Inlining { get; set; }

    private void Inline(Task task)
    {
        Inlining = true;
        try
        {
            Execute(task);
        }
        finally
        {
            Inlining = false;
        }
    }

    // An await prefers the thread's context to the task's scheduler: under one it would leave the actor.
    private bool Execute(Task task)
    {
        if (SynchronizationContext.Current is not { } context)
            return TryExecuteTask(task);
        SynchronizationContext.SetSynchronizationContext(null);
        try
        {
            return TryExecuteTask(task);
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(context);
        }
    }

    private static Exception? Failure(Task task) => task.Status switch
    {
        TaskStatus.Faulted => task.Exception!.InnerExceptions.Count == 1 ? task.Exception.InnerException : task.Exception,
        TaskStatus.Canceled => new TaskCanceledException(task),
        _ => null,
    };
}
